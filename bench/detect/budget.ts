/**
 * (d): a registry that counts manifests as Docker Hub does, and 500 images. The clock is moved by hand, the requests are real: through a front
 * that counts and refuses, to the real registry.
 */
import { Agent, request as forward } from 'node:http';
import { createRegistryClient } from '../../src/adapters/registry/client.ts';
import { shareRegistry } from '../../src/adapters/registry/shared-registry.ts';
import { isOperationError } from '../../src/core/errors.ts';
import { parseImagePolicy } from '../../src/core/policy/written-policy.ts';
import { CheckMemory } from '../../src/engine/check/check-memory.ts';
import { detectImage, type ImageContext } from '../../src/engine/detect/detect-image.ts';
import type { Finding } from '../../src/engine/detect/finding.ts';
import type { Clock } from '../../src/engine/ports/clock.ts';
import { imageSource } from '../../test/fixtures.ts';
import { type Handler, startHttpServer } from '../../test/servers/http-server.ts';
import { type Figure, say } from '../figures.ts';
import type { FilledRegistry } from './filled-registry.ts';

const hour = 3_600_000;
const plan = { images: 500, limit: 100, periodMs: 6 * hour, intervalMs: 2 * hour, hours: 14, changes: 150 };

interface Front {
  readonly handler: Handler;
  readonly refused: () => number;
  readonly pulls: () => number;
}

export async function measureBudget(registry: FilledRegistry): Promise<Figure[]> {
  await registry.fill('budget', plan.images, ['1.0.0']);
  const startMs = Date.parse('2026-01-01T00:00:00Z');
  let nowMs = startMs;
  let arePushed = false;
  const clock = { now: () => new Date(nowMs) };
  const front = countPulls(registry.host, () => nowMs);
  const server = await startHttpServer(front.handler);
  const limits = { [server.host]: { pulls: { limit: plan.limit, periodMs: plan.periodMs } } };
  const client = createRegistryClient({ clock, limits });
  const shared = shareRegistry(client, { clock });
  const memory = new CheckMemory({ clock, random: Math.random });
  const found = new Set<string>();
  const endMs = startMs + plan.hours * hour;
  const due = new Map(Array.from({ length: plan.images }, (_, at) => [`budget-${at}`, nowMs]));
  for (let next = earliest(due); next.atMs < endMs; next = earliest(due)) {
    nowMs = Math.max(nowMs, next.atMs);
    if (!arePushed && nowMs >= startMs + plan.intervalMs) {
      await pushChanges(registry);
      arePushed = true;
    }
    const within = shared.within(memory.maxAgeMs(next.path, plan.intervalMs));
    const finding = await look({ registry: within, clock }, server.host, next.path);
    memory.remember(next.path, '', { findings: [finding], intervalMs: plan.intervalMs, asOf: within.asOf });
    if (finding.kind === 'Newer') {
      found.add(next.path);
    }
    due.set(next.path, (memory.dueAt(next.path)?.getTime() ?? endMs) + 1);
  }
  await Promise.all([client.close(), server.stop()]);
  say(
    `  ${server.requests.length} requests in ${plan.hours} h, of them ${front.pulls()} manifests; ${found.size} changes found`,
  );
  const name = `(d) ${plan.limit} manifests in 6 h, ${plan.images} images`;
  return [
    { name: `${name}: answers 429`, value: front.refused(), unit: 'answers', goal: 0, better: 'lower' },
    {
      name: `${name}: of ${plan.changes} changes found`,
      value: found.size,
      unit: 'changes',
      goal: plan.changes,
      better: 'higher',
    },
  ];
}

const notAsked = () => Promise.reject(new Error('neither age nor signature is asked for'));

/** The policy of the bench names its platform. */
const withoutCluster: Omit<ImageContext, 'registry'> = {
  artifactRegistry: { findArtifact: notAsked, fetchBlob: notAsked },
  accesses: { accessFor: async () => ({ insecure: true }), forget: () => undefined },
  nodes: { list: async () => [] },
  signatures: { verify: notAsked, forget: () => undefined },
  trusts: { trustFor: notAsked, keysOf: notAsked, forget: () => undefined, forgetKeys: () => undefined },
};

/** Hands everything on, but no more manifests than the registry of the plan gives in its window. */
function countPulls(host: string, nowMs: () => number): Front {
  const [hostname = '', port = ''] = host.split(':');
  const agent = new Agent({ keepAlive: true });
  const pulls: number[] = [];
  let refused = 0;
  const handler: Handler = (request, response, url) => {
    if (request.method === 'GET' && url.pathname.includes('/manifests/')) {
      const used = pulls.filter((time) => time > nowMs() - plan.periodMs).length;
      if (used >= plan.limit) {
        refused += 1;
        response.writeHead(429).end();
        return;
      }
      pulls.push(nowMs());
    }
    const options = { hostname, port, path: request.url, method: request.method, headers: request.headers, agent };
    const far = forward(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    far.on('error', () => response.destroy());
    request.pipe(far);
  };
  return { handler, refused: () => refused, pulls: () => pulls.length };
}

function earliest(due: ReadonlyMap<string, number>): { readonly path: string; readonly atMs: number } {
  let first = { path: '', atMs: Number.POSITIVE_INFINITY };
  for (const [path, atMs] of due) {
    if (atMs < first.atMs) {
      first = { path, atMs };
    }
  }
  return first;
}

async function pushChanges(registry: FilledRegistry): Promise<void> {
  for (let at = 0; at < plan.changes; at += 1) {
    await registry.addTag(`budget-${at}`, '1.1.0');
  }
}

/** One check of one image as an App would make it. That it has to run on a platform is what costs a manifest. */
async function look(
  context: Pick<ImageContext, 'registry'> & { readonly clock: Clock },
  host: string,
  path: string,
): Promise<Finding> {
  const architecture = process.arch === 'x64' ? 'amd64' : 'arm64';
  const source = imageSource({
    repositoryText: `${host}/${path}`,
    repository: { registry: host, path },
    policy: parseImagePolicy({ semver: { range: '1.x' }, platforms: [`linux/${architecture}`] }, 'policy'),
  });
  const detector = detectImage(
    { ...withoutCluster, ...context },
    {
      app: { namespace: 'bench', name: path },
      source,
      running: [{ tag: '1.0.0', digest: undefined }],
      pullers: [],
      firstSeen: [],
      rejections: [],
      now: () => context.clock.now(),
    },
  );
  try {
    return { source, current: detector.current, ...(await detector.ask(new AbortController().signal)) };
  } catch (error) {
    if (isOperationError(error)) {
      return { source, current: detector.current, kind: 'Unavailable', error };
    }
    throw error;
  }
}
