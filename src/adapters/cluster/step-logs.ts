/**
 * What a program said in a step of an Update, whole, where the record of the Update has room for its end only: one ConfigMap for each, which
 * belongs to the Update and goes with it. They are made and never written again, so that no right to change ConfigMaps is needed.
 */
import { isOperationError } from '../../core/errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import { apiVersionOf, type KubeObject } from '../../kube/objects.ts';
import { configMaps } from '../../kube/resource-types.ts';
import { appLabel } from '../../resources/metadata.ts';
import { fieldManager, updates } from './kinds.ts';

export interface StepLog {
  readonly update: {
    readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string };
    readonly spec: { readonly app: string };
  };
  /** For example `apply`, or `test 1`. */
  readonly step: string;
  readonly text: string;
}

interface ConfigMap extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

/** A ConfigMap holds 1 MiB. */
const mostBytes = 512 * 1024;
/** Attempts at one step, each with a log of its own. */
const mostLogs = 10;

/**
 * Keeps a log. More than half a mebibyte is cut at its beginning, and says so.
 *
 * @returns the name of the ConfigMap; undefined when there are ten of this step already
 * @throws errors of the API server
 */
export async function keepStepLog(
  client: KubeClient,
  { update, step, text }: StepLog,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { namespace, name, uid } = update.metadata;
  const owner = { apiVersion: apiVersionOf(updates), kind: updates.kind, name, uid };
  const labels = { [appLabel]: update.spec.app };
  const data = { log: cutBeginning(text) };
  for (let attempt = 1; attempt <= mostLogs; attempt += 1) {
    const own = `${name}.${nameOf(step)}${attempt === 1 ? '' : `-${attempt}`}.log`;
    try {
      const metadata = { namespace, name: own, labels, ownerReferences: [owner] };
      await client.create<ConfigMap>(configMaps, { metadata, data }, { fieldManager, signal });
      return own;
    } catch (error) {
      if (!isOperationError(error, 'API_CONFLICT')) {
        throw error;
      }
    }
  }
  return undefined;
}

/** As a name may have it. */
function nameOf(step: string): string {
  return step.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

function cutBeginning(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= mostBytes) {
    return text;
  }
  // A character that was cut in the middle becomes a replacement character.
  const rest = bytes.subarray(bytes.length - mostBytes).toString('utf8');
  return `[${bytes.length - mostBytes} bytes before this were cut]\n${rest}`;
}
