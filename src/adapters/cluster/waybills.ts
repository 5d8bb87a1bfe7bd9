/** Fulfils the engine's Waybills: a watch, and a client for each delegate. */
import { OperationError } from '../../core/errors.ts';
import type { Waybill, WaybillRun } from '../../core/kube-applier/waybill.ts';
import type { ClusterObjects } from '../../engine/ports/cluster-objects.ts';
import type { Waybills } from '../../engine/ports/waybills.ts';
import { createKubeClient, type KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import type { KubeConfig } from '../../kube/config.ts';
import { fixedCredentials } from '../../kube/credentials.ts';
import type { Discovery } from '../../kube/discovery.ts';
import type { KubeObject, ResourceType } from '../../kube/objects.ts';
import { secrets } from '../../kube/resource-types.ts';
import { encodeWaybillRun } from '../../resources/waybill.ts';
import { fieldManager } from './kinds.ts';
import { createObjectAccess } from './objects.ts';
import type { Watched } from './watched.ts';

/** As utilitywarehouse/kube-applier installs it. */
export const waybills: ResourceType = {
  ...{ group: 'kube-applier.io', version: 'v1alpha1', plural: 'waybills', kind: 'Waybill' },
  namespaced: true,
};

const tokenType = 'kubernetes.io/service-account-token';

interface SecretObject extends KubeObject {
  readonly type?: string;
  /** Values in base64. */
  readonly data?: Readonly<Record<string, string>>;
}

export interface WaybillsOptions {
  readonly client: KubeClient;
  /** Of the same API server; a delegate's token takes the place of its credentials. */
  readonly config: KubeConfig;
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly watched: Watched<Waybill>;
}

export function createWaybills({ client, config, discovery, clock, watched }: WaybillsOptions): Waybills {
  return {
    list: () => watched.listAll(),
    async writeRun({ namespace, name }: Waybill, run: WaybillRun, signal) {
      const body = { status: { lastRun: encodeWaybillRun(run) } };
      const options = { fieldManager, subresource: 'status', signal };
      await client.patch(waybills, { namespace, name }, { kind: 'merge', body }, options);
    },
    async asDelegate<T>(waybill: Waybill, use: (cluster: ClusterObjects) => Promise<T>, signal: AbortSignal) {
      const token = await readToken(client, waybill, signal);
      const credentials = fixedCredentials({ authorization: `Bearer ${token}` });
      const delegate = createKubeClient({ ...config, credentials });
      try {
        return await use(createObjectAccess({ client: delegate, discovery, clock }).actingAs(undefined));
      } finally {
        await delegate.close();
      }
    },
  };
}

async function readToken(
  client: KubeClient,
  { namespace, delegateSecret: name }: Waybill,
  signal: AbortSignal,
): Promise<string> {
  const secret = await client.find<SecretObject>(secrets, { namespace, name }, { signal });
  const what = `read the delegate's Secret ${namespace}/${name}`;
  const context = { secret: `${namespace}/${name}` };
  if (secret === undefined) {
    const remedy = 'make it, or name another in spec.delegateServiceAccountSecretRef';
    throw new OperationError(`${what}: it is not there; ${remedy}`, {
      code: 'SECRET_NOT_FOUND',
      retry: 'backoff',
      context,
    });
  }
  const token = Buffer.from(secret.data?.['token'] ?? '', 'base64').toString('utf8');
  if (secret.type !== tokenType || token === '') {
    throw new OperationError(`${what}: it is not of type ${tokenType} with a token`, {
      code: 'SECRET_INVALID',
      retry: 'backoff',
      context,
    });
  }
  return token;
}
