/** An App whose new version has tests to pass, on a stage without a node. */
import { expect } from 'vitest';
import { apps, type ProductObject } from '../src/adapters/cluster/kinds.ts';
import { secrets } from '../src/kube/resource-types.ts';
import type { AppSpecWire } from '../src/resources/app/app.ts';
import type { UpdateObjectWire } from '../src/resources/update/decode-update.ts';
import { createDeployment, pushVersions, type RuntimeStage } from './runtime-stage.ts';

export type Tests = NonNullable<AppSpecWire['tests']>;

/** App `web`, for which there is 1.1.0 with these tests to pass. @param host of the registry */
export async function followTested(stage: RuntimeStage, host: string, tests: Tests): Promise<void> {
  const path = `${stage.namespace}/web`;
  await pushVersions(host, path, ['1.0.0', '1.1.0']);
  await createDeployment(stage, 'web', `${host}/${path}:1.0.0`);
  const image = { repository: `${host}/${path}`, insecure: true, policy: { semver: { range: '1.x' } } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name: 'web' },
    spec: {
      interval: '5m',
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
      health: { timeout: '30m', stableFor: '0s' },
      tests,
    },
  });
}

/** The newest Update once `check` holds for it. */
export async function untilUpdate(
  stage: RuntimeStage,
  check: (update: UpdateObjectWire) => void,
): Promise<UpdateObjectWire> {
  let found: UpdateObjectWire | undefined;
  await stage.until(async () => {
    found = (await stage.updatesOf('web')).at(-1);
    expect(found).toBeDefined();
    if (found) {
      check(found);
    }
  });
  return found as UpdateObjectWire;
}

export const untilPhase = async (stage: RuntimeStage, phase: string): Promise<UpdateObjectWire> =>
  await untilUpdate(stage, ({ status }) => expect(status?.phase).toBe(phase));

/** `smoke Pass: answered 200 in 3 ms` */
export const verdictsOf = ({ status }: UpdateObjectWire): readonly string[] =>
  (status?.tests ?? []).map(({ name, verdict, message }) => `${name} ${verdict}: ${message}`);

export async function shareSecret(
  stage: RuntimeStage,
  name: string,
  stringData: Readonly<Record<string, string>>,
): Promise<void> {
  await stage.client.create(secrets, { metadata: { namespace: stage.namespace, name }, stringData } as never);
}
