/** The product's CustomResourceDefinitions put into a cluster: what Helm does once and never again. */
import { setTimeout as pause } from 'node:timers/promises';
import { OperationError } from '../../core/errors.ts';
import { compareSemver, parseSemver } from '../../core/version/semver.ts';
import { createKubeClient, type KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { customResourceDefinitions } from '../../kube/resource-types.ts';
import { crdOf } from '../../resources/crd.ts';
import { crdName, type KindDefinition } from '../../resources/kind.ts';
import { kinds } from '../../resources/kinds.ts';
import { definitionsVersionKey } from '../../resources/metadata.ts';
import { type ConnectionOptions, loadConnection } from '../config.ts';
import { ownVersion } from '../own-version.ts';

export interface PutDefinition {
  readonly name: string;
  /** `Newer`: a later version of Headgate has put it, and it was left as it is. */
  readonly result: 'Applied' | 'Newer';
  /** Version of Headgate whose definition it is now. */
  readonly version: string;
}

interface Definition extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Every definition as it is written into a cluster. */
export function ownDefinitions(): readonly Readonly<Record<string, unknown>>[] {
  return kinds.map(definitionOf);
}

/**
 * Applies every definition, taking over the fields of whoever put it before, and waits until the API server serves it. One that a later
 * version has put stays: it knows every field of this one, and what it knows besides would be lost from the objects.
 *
 * @throws CONFIG_INVALID; API_FORBIDDEN, API_REJECTED and the like; API_UNAVAILABLE when one is not served in time
 */
export async function putDefinitions(
  options: ConnectionOptions & { readonly timeoutMs: number },
  outer: AbortSignal,
): Promise<readonly PutDefinition[]> {
  const client = createKubeClient(await loadConnection(options));
  const signal = AbortSignal.any([outer, AbortSignal.timeout(options.timeoutMs)]);
  try {
    const put: PutDefinition[] = [];
    for (const kind of kinds) {
      put.push(await putDefinition(client, kind, signal));
    }
    for (const kind of kinds) {
      await untilServed(client, kind, options.timeoutMs, signal);
    }
    return put;
  } finally {
    await client.close();
  }
}

function definitionOf(kind: KindDefinition): Readonly<Record<string, unknown>> {
  const definition = crdOf(kind);
  return {
    ...definition,
    metadata: { name: crdName(kind), annotations: { [definitionsVersionKey]: ownVersion } },
  };
}

async function putDefinition(client: KubeClient, kind: KindDefinition, signal: AbortSignal): Promise<PutDefinition> {
  const key = { namespace: '', name: crdName(kind) };
  const found = await client.find<Definition>(customResourceDefinitions, key, { signal });
  const version = found?.metadata.annotations?.[definitionsVersionKey];
  if (version !== undefined && isLater(version)) {
    return { name: key.name, result: 'Newer', version };
  }
  const options = { fieldManager: 'headgate-crds', force: true, signal };
  await client.patch<Definition>(
    customResourceDefinitions,
    key,
    { kind: 'apply', body: { ...definitionOf(kind) } },
    options,
  );
  return { name: key.name, result: 'Applied', version: ownVersion };
}

/** What is no version is nobody's that came after us. */
function isLater(version: string): boolean {
  const [found, own] = [parseSemver(version), parseSemver(ownVersion)];
  return found !== undefined && own !== undefined && compareSemver(found, own) > 0;
}

const lookEveryMs = 200;

async function untilServed(
  client: KubeClient,
  kind: KindDefinition,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const key = { namespace: '', name: crdName(kind) };
  while (!signal.aborted) {
    const { status } = await client.get<Definition>(customResourceDefinitions, key, { signal });
    if (status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True')) {
      return;
    }
    await pause(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
  throw new OperationError(`wait for CustomResourceDefinition ${key.name}: not served within ${timeoutMs / 1_000} s`, {
    code: 'API_UNAVAILABLE',
    retry: 'backoff',
  });
}
