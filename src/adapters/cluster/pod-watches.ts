/**
 * Pods of the workloads whose rollouts are watched.
 *
 * A few workloads of a namespace have a watch each, which brings their own pods and no others. Where there are more, one watch of the
 * namespace serves all: hundreds of connections would cost both ends more than the pods do.
 */
import type { OperationError } from '../../core/errors.ts';
import { compilePodSelector, type PodSelector, termsOfLabels } from '../../core/workload/pod-selector.ts';
import type { Pod } from '../../core/workload/workload.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type Informer, startInformer } from '../../kube/informer.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { pods } from '../../kube/resource-types.ts';
import { decodePod } from '../../resources/app/decode-workload.ts';
import { untilAborted } from './until-aborted.ts';

export interface PodWatchesOptions {
  readonly client: KubeClient;
  /** A pod that the watcher looks at changed. */
  readonly onChange: (watcher: string) => void;
  readonly onError: (error: OperationError) => void;
  /** Ends all. */
  readonly signal: AbortSignal;
}

export interface WatchedPods {
  readonly namespace: string;
  /** Of the workload. */
  readonly uid: string;
  readonly selector: string;
}

interface HeldPod extends KubeObject {
  readonly pod: Pod;
}

interface PodWatch {
  readonly abort: AbortController;
  readonly informer: Informer<HeldPod>;
}

interface Wanted {
  readonly watcher: string;
  readonly uid: string;
  readonly selector: PodSelector;
}

/** What is watched in one namespace. */
interface Scope {
  /** By uid of the workload. */
  readonly single: Map<string, PodWatch>;
  whole: PodWatch | undefined;
  /** By the term that they are looked up by, '' for none. */
  readonly wanted: Map<string, Wanted[]>;
}

/** Of one namespace. */
const mostSingle = 4;

export class PodWatches {
  readonly #options: PodWatchesOptions;
  readonly #scopes = new Map<string, Scope>();
  readonly #watchers = new Set<string>();

  constructor(options: PodWatchesOptions) {
    this.#options = options;
  }

  /** Keeps watching until the watcher lets go. */
  async watch(
    watcher: string,
    { namespace, uid, selector }: WatchedPods,
    signal: AbortSignal,
  ): Promise<readonly Pod[]> {
    const scope = this.#scopes.get(namespace) ?? { single: new Map(), whole: undefined, wanted: new Map() };
    this.#scopes.set(namespace, scope);
    this.#watchers.add(watcher);
    const wanted = want(scope, { watcher, uid, selector: compilePodSelector(selector) });
    const watch = this.#watchFor(scope, { namespace, uid, selector });
    await untilAborted(watch.informer.synced, signal);
    if (watch === scope.whole) {
      endSingle(scope);
    }
    const { term, matches } = wanted.selector;
    const { store } = watch.informer;
    const found = term === undefined ? store.list() : store.byIndex('label', term);
    return found.filter(({ metadata }) => matches(metadata.labels ?? {})).map(({ pod }) => pod);
  }

  unwatch(watcher: string): void {
    if (!this.#watchers.delete(watcher)) {
      return;
    }
    for (const [namespace, scope] of this.#scopes) {
      for (const [term, all] of scope.wanted) {
        const others = all.filter((one) => one.watcher !== watcher);
        if (others.length === 0) {
          scope.wanted.delete(term);
        } else if (others.length < all.length) {
          scope.wanted.set(term, others);
        }
      }
      this.#endUnwanted(namespace, scope);
    }
  }

  #endUnwanted(namespace: string, scope: Scope): void {
    const needed = new Set([...scope.wanted.values()].flatMap((all) => all.map(({ uid }) => uid)));
    for (const [uid, watch] of scope.single) {
      if (!needed.has(uid)) {
        watch.abort.abort();
        scope.single.delete(uid);
      }
    }
    if (needed.size === 0) {
      scope.whole?.abort.abort();
      this.#scopes.delete(namespace);
    }
  }

  #watchFor(scope: Scope, { namespace, uid, selector }: WatchedPods): PodWatch {
    const known = scope.single.get(uid) ?? scope.whole;
    if (known) {
      return known;
    }
    const isOneMore = scope.single.size >= mostSingle;
    const watch = this.#start(scope, namespace, isOneMore ? '' : selector);
    if (isOneMore) {
      scope.whole = watch;
    } else {
      scope.single.set(uid, watch);
    }
    return watch;
  }

  #start(scope: Scope, namespace: string, labelSelector: string): PodWatch {
    const { client, onError, signal } = this.#options;
    const abort = new AbortController();
    const informer = startInformer<HeldPod>({
      client,
      type: pods,
      namespace,
      ...(labelSelector === '' ? {} : { labelSelector }),
      transform: hold,
      indexers: { label: ({ metadata }) => termsOfLabels(metadata.labels ?? {}) },
      onChange: ({ metadata }) => this.#tell(scope, metadata.labels ?? {}),
      onError,
      signal: AbortSignal.any([abort.signal, signal]),
    });
    return { abort, informer };
  }

  #tell({ wanted }: Scope, labels: Readonly<Record<string, string>>): void {
    const concerned = ['', ...termsOfLabels(labels)].flatMap((term) => wanted.get(term) ?? []);
    const matching = concerned.filter(({ selector }) => selector.matches(labels));
    for (const watcher of new Set(matching.map((one) => one.watcher))) {
      this.#options.onChange(watcher);
    }
  }
}

function want({ wanted }: Scope, one: Wanted): Wanted {
  const term = one.selector.term ?? '';
  const all = wanted.get(term) ?? [];
  const known = all.find(({ watcher, uid }) => watcher === one.watcher && uid === one.uid);
  if (known === undefined) {
    wanted.set(term, [...all, one]);
  }
  return known ?? one;
}

function endSingle({ single }: Scope): void {
  for (const { abort } of single.values()) {
    abort.abort();
  }
  single.clear();
}

/** A namespace can have thousands of pods, and a pod much that nobody asks for. */
function hold(object: HeldPod): HeldPod {
  const { name, namespace, uid, resourceVersion, labels } = object.metadata;
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(labels === undefined ? {} : { labels }),
  };
  return { apiVersion: object.apiVersion, kind: object.kind, metadata, pod: decodePod(object) };
}
