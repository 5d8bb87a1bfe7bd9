/** Fulfils the engine's ValueDocuments: one watch for each ConfigMap and Secret that an App's values name. */
import type { OperationError } from '../../core/errors.ts';
import type { Value } from '../../core/helm/values.ts';
import type { ParsedValues, ValueDocument, ValueDocuments } from '../../engine/ports/helm.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type Informer, startInformer } from '../../kube/informer.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps, secrets } from '../../kube/resource-types.ts';
import { parseYamlValue } from '../../kube/yaml-value.ts';
import { untilAborted } from './until-aborted.ts';

export interface ClusterValueDocumentsOptions {
  readonly client: KubeClient;
  /** A document of this watcher changed. */
  readonly onChange: (watcher: string) => void;
  readonly onError: (error: OperationError) => void;
  readonly signal: AbortSignal;
}

interface DataObject extends KubeObject {
  /** Of a Secret in base64. */
  readonly data?: Readonly<Record<string, string>>;
}

interface DocumentWatch {
  readonly watchers: Set<string>;
  readonly stop: AbortController;
  readonly informer: Informer<DataObject>;
}

export class ClusterValueDocuments implements ValueDocuments {
  readonly #options: ClusterValueDocumentsOptions;
  readonly #watches = new Map<string, DocumentWatch>();

  constructor(options: ClusterValueDocumentsOptions) {
    this.#options = options;
  }

  async find(
    watcher: string,
    namespace: string,
    document: ValueDocument,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string> | undefined> {
    const key = JSON.stringify([document.kind, namespace, document.name]);
    const watch = this.#watches.get(key) ?? this.#start(key, namespace, document);
    watch.watchers.add(watcher);
    await untilAborted(watch.informer.synced, signal);
    const [object] = watch.informer.store.list();
    if (!object) {
      return undefined;
    }
    const encoding = document.kind === 'Secret' ? 'base64' : 'utf8';
    return new Map(
      Object.entries(object.data ?? {}).map(([name, text]) => [name, Buffer.from(text, encoding).toString('utf8')]),
    );
  }

  parse(text: string): ParsedValues {
    const parsed = parseYamlValue(text);
    return parsed.kind === 'Value' ? { kind: 'Value', value: parsed.value as Value } : parsed;
  }

  unwatch(watcher: string): void {
    for (const [key, { watchers, stop }] of this.#watches) {
      watchers.delete(watcher);
      if (watchers.size === 0) {
        stop.abort();
        this.#watches.delete(key);
      }
    }
  }

  #start(key: string, namespace: string, { kind, name }: ValueDocument): DocumentWatch {
    const { client, onChange, onError, signal } = this.#options;
    const stop = new AbortController();
    const watchers = new Set<string>();
    const informer = startInformer<DataObject>({
      client,
      type: kind === 'Secret' ? secrets : configMaps,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      onChange: () => {
        for (const watcher of watchers) {
          onChange(watcher);
        }
      },
      onError,
      signal: AbortSignal.any([stop.signal, signal]),
    });
    const watch = { watchers, stop, informer };
    this.#watches.set(key, watch);
    return watch;
  }
}
