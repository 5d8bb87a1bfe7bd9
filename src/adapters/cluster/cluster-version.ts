/** Which version of Kubernetes the API server has. */
import Type from 'typebox';
import { Value } from 'typebox/value';
import { OperationError } from '../../core/errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';

const Answer = Type.Object({ gitVersion: Type.String({ maxLength: 128 }) });

/** A cluster is not upgraded often; a chart that became fit an hour later is early enough. */
const maxAgeMs = 3_600_000;

/** Asks when a chart first needs to know, and again when the answer is an hour old. */
export function createClusterVersion(client: KubeClient, clock: Clock): (signal: AbortSignal) => Promise<string> {
  let known: { readonly version: string; readonly atMs: number } | undefined;
  return async (signal) => {
    const nowMs = clock.now().getTime();
    if (known === undefined || nowMs - known.atMs > maxAgeMs) {
      known = { version: await ask(client, signal), atMs: nowMs };
    }
    return known.version;
  };
}

async function ask(client: KubeClient, signal: AbortSignal): Promise<string> {
  const what = 'read version of the API server';
  const answer = await client.request({ what, method: 'GET', path: '/version', signal });
  if (!Value.Check(Answer, answer)) {
    throw new OperationError(`${what}: the answer has no gitVersion`, { code: 'API_UNAVAILABLE', retry: 'backoff' });
  }
  return answer.gitVersion;
}
