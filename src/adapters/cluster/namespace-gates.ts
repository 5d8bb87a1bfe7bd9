/** Fulfils the engine's NamespaceGates: the ConfigMap of one name in each namespace, watched. */
import { load } from 'js-yaml';
import Type from 'typebox';
import { describeError, isOperationError, type OperationError } from '../../core/errors.ts';
import type { NamespaceGates, NamespaceWindows } from '../../engine/ports/namespace-gates.ts';
import type { KubeClient } from '../../kube/client.ts';
import { startInformer } from '../../kube/informer.ts';
import { type KubeObject, keyOf } from '../../kube/objects.ts';
import { configMaps } from '../../kube/resource-types.ts';
import { decodeWindows } from '../../resources/app/decode-gates.ts';
import { WindowSchema } from '../../resources/app/gates.ts';
import { decoderOf } from '../../resources/decode.ts';

export interface NamespaceGatesOptions {
  readonly client: KubeClient;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  /** The gates of a namespace changed. */
  readonly onChange: (namespace: string) => void;
  readonly onError: (error: OperationError) => void;
  readonly signal: AbortSignal;
}

export interface WatchedNamespaceGates extends NamespaceGates {
  /** They are known, or it is known why they are not. */
  readonly ready: Promise<void>;
}

interface GatesObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly read?: NamespaceWindows;
}

const namespaceGatesName = 'headgate-gates';
const windowsKey = 'windows';
const maxLength = 65_536;
const none: NamespaceWindows = { kind: 'Known', windows: [] };

const decodeList = decoderOf(Type.Array(WindowSchema, { maxItems: 32 }));

export function watchNamespaceGates(options: NamespaceGatesOptions): WatchedNamespaceGates {
  const { client, namespaces, onChange, onError, signal } = options;
  const scopes = namespaces.length === 0 ? [undefined] : namespaces;
  let refusal: string | undefined;
  const refused = Promise.withResolvers<void>();
  const synced = new Set<string | undefined>();
  const informers = scopes.map((namespace) =>
    startInformer<GatesObject>({
      client,
      type: configMaps,
      ...(namespace === undefined ? {} : { namespace }),
      fieldSelector: `metadata.name=${namespaceGatesName}`,
      transform: ({ data, ...object }) => ({ ...object, read: read(object.metadata.namespace ?? '', data) }),
      onChange: ({ metadata }) => onChange(metadata.namespace ?? ''),
      onError: (error) => {
        onError(error);
        // A watch that is interrupted is taken up again, and what is known of before holds meanwhile.
        if (!synced.has(namespace)) {
          refusal = error.message;
          refused.resolve();
        }
      },
      signal,
    }),
  );
  const known = informers.map(async (informer, index) => {
    await informer.synced;
    synced.add(scopes[index]);
  });
  const allKnown = Promise.all(known).then(
    () => {
      refusal = undefined;
    },
    () => undefined,
  );
  return {
    windowsOf(namespace) {
      const key = keyOf({ metadata: { namespace, name: namespaceGatesName } });
      const found = informers.map(({ store }) => store.get(key)).find((one) => one !== undefined);
      return found?.read ?? (refusal === undefined ? none : unusable(namespace, refusal));
    },
    ready: Promise.race([allKnown, refused.promise]),
  };
}

function read(namespace: string, data: GatesObject['data'] = {}): NamespaceWindows {
  const text = data[windowsKey];
  if (text === undefined || text.trim() === '') {
    return none;
  }
  try {
    const written = text.length > maxLength ? undefined : load(text);
    return { kind: 'Known', windows: decodeWindows(decodeList(written, `data.${windowsKey}`), `data.${windowsKey}`) };
  } catch (error) {
    if (isOperationError(error, 'INVARIANT')) {
      throw error;
    }
    return unusable(namespace, describeError(error));
  }
}

function unusable(namespace: string, because: string): NamespaceWindows {
  return {
    kind: 'Unusable',
    because: `the windows of the namespace cannot be read (ConfigMap ${namespace}/${namespaceGatesName}): ${because}`,
  };
}
