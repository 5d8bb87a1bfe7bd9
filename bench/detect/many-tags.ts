/** (c): 20,000 tags in one repository. */
import { createRegistryClient } from '../../src/adapters/registry/client.ts';
import { rankTags } from '../../src/core/policy/rank-tags.ts';
import { parseImagePolicy } from '../../src/core/policy/written-policy.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { type Figure, round, say } from '../figures.ts';
import type { FilledRegistry } from './filled-registry.ts';

const count = 20_000;
const rounds = 5;

export async function measureManyTags(registry: FilledRegistry): Promise<Figure> {
  const tags = Array.from({ length: count }, (_, at) => `1.${at % 131}.${at}`);
  await registry.fill('large', 1, tags);
  const client = createRegistryClient({ clock: systemClock });
  const repository = { registry: registry.host, path: 'large-0' };
  const startedAt = performance.now();
  const listed = await client.listTags(repository, { insecure: true }, new AbortController().signal);
  say(`  ${listed.length} tags are listed in ${round(performance.now() - startedAt)} ms`);
  const policy = parseImagePolicy({ semver: { range: '1.x' } }, 'policy');
  const times = Array.from({ length: rounds }, () => {
    const from = performance.now();
    rankTags(policy, { tags: listed, current: '1.0.0' });
    return performance.now() - from;
  });
  await client.close();
  const value = round(Math.min(...times));
  return { name: `(c) ${count} tags in one repository: choice`, value, unit: 'ms', goal: 50, better: 'lower' };
}
