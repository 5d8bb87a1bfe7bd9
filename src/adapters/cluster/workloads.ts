/** Fulfils the engine's Workloads with the Kubernetes API. */
import { isOperationError, OperationError } from '../../core/errors.ts';
import {
  describeWorkload,
  type Pod,
  type Workload,
  type WorkloadKind,
  type WorkloadReference,
} from '../../core/workload/workload.ts';
import type { ImageSetting, SettingOptions, WorkloadMarks, Workloads } from '../../engine/ports/workloads.ts';
import type { KubeClient } from '../../kube/client.ts';
import { pods } from '../../kube/resource-types.ts';
import { decodePod, decodeWorkload } from '../../resources/app/decode-workload.ts';
import { fieldManager, workloadTypes } from './kinds.ts';
import { markPatch } from './mark-patch.ts';
import { PodWatches } from './pod-watches.ts';
import type { Watched } from './watched.ts';

export interface ClusterWorkloadsOptions {
  readonly client: KubeClient;
  readonly watched: Readonly<Record<WorkloadKind, Watched<Workload>>>;
  /** A pod of a watched workload changed. */
  readonly onPodChange: (watcher: string) => void;
  readonly onError: (error: OperationError) => void;
  /** Ends the watches of pods that are still open. */
  readonly signal: AbortSignal;
}

export class ClusterWorkloads implements Workloads {
  readonly #options: ClusterWorkloadsOptions;
  readonly #podWatches: PodWatches;

  constructor(options: ClusterWorkloadsOptions) {
    this.#options = options;
    this.#podWatches = new PodWatches({ ...options, onChange: options.onPodChange });
  }

  list(namespace: string): readonly Workload[] {
    return Object.values(this.#options.watched).flatMap((watched) => watched.list(namespace));
  }

  find(reference: WorkloadReference): Workload | undefined {
    return this.#options.watched[reference.kind].find(reference.namespace, reference.name);
  }

  async read(reference: WorkloadReference, signal: AbortSignal): Promise<Workload | undefined> {
    const object = await this.#options.client.find(workloadTypes[reference.kind], reference, { signal });
    return object && decodeWorkload(reference.kind, object);
  }

  /** JSON patch whose tests make it conditional (RFC 6902 section 4.6): nothing but the images is touched, ADR 0004. */
  async setImages(
    workload: Workload,
    settings: readonly ImageSetting[],
    signal: AbortSignal,
    { dryRun = false, ...marks }: SettingOptions = {},
  ): Promise<Workload> {
    try {
      const body = [
        ...settings.flatMap((setting) => imagePatch(workload, setting)),
        ...(await this.#markPatch(workload, marks, signal)),
      ];
      const patch = { kind: 'json', body } as const;
      const object = await this.#options.client.patch(workloadTypes[workload.kind], workload, patch, {
        fieldManager,
        dryRun,
        signal,
      });
      return decodeWorkload(workload.kind, object);
    } catch (error) {
      throw await this.#explainRefusal(workload, settings, error, signal);
    }
  }

  /** Marks need to know whether there are annotations at all, which watched copies do not keep. */
  async #markPatch(workload: Workload, marks: WorkloadMarks, signal: AbortSignal): Promise<readonly object[]> {
    if (Object.keys(marks).length === 0) {
      return [];
    }
    const object = await this.#options.client.get(workloadTypes[workload.kind], workload, { signal });
    return markPatch(workload.kind, object, marks);
  }

  /** The uid in a merge patch is a precondition: the next workload of that name is another one. */
  async setReplicas(workload: Workload, replicas: number, signal: AbortSignal): Promise<void> {
    const body = { metadata: { uid: workload.uid }, spec: { replicas } };
    try {
      const patch = { kind: 'merge', body } as const;
      await this.#options.client.patch(workloadTypes[workload.kind], workload, patch, { fieldManager, signal });
    } catch (error) {
      if (!isOperationError(error, 'API_CONFLICT') && !isOperationError(error, 'API_NOT_FOUND')) {
        throw error;
      }
      throw new OperationError(`scale ${describeWorkload(workload)}: it was made anew meanwhile`, {
        code: 'UPDATE_CONFLICT',
        retry: 'backoff',
        cause: error,
      });
    }
  }

  async readPods(workload: Workload, signal: AbortSignal): Promise<readonly Pod[]> {
    const { namespace, podSelector } = workload;
    if (podSelector === undefined) {
      return [];
    }
    const { items } = await this.#options.client.list(pods, { namespace, labelSelector: podSelector, signal });
    return items.map(decodePod);
  }

  async watchPods(
    watcher: string,
    { namespace, uid, podSelector }: Workload,
    signal: AbortSignal,
  ): Promise<readonly Pod[]> {
    return podSelector === undefined
      ? []
      : await this.#podWatches.watch(watcher, { namespace, uid, selector: podSelector }, signal);
  }

  unwatchPods(watcher: string): void {
    this.#podWatches.unwatch(watcher);
  }

  /** By uid, because the next pod of a StatefulSet has the same name. */
  async deletePod({ namespace }: Workload, { name, uid }: Pod, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.client.delete(pods, { namespace, name }, { uid, signal });
    } catch (error) {
      if (!isOperationError(error, 'API_NOT_FOUND') && !isOperationError(error, 'API_CONFLICT')) {
        throw error;
      }
    }
  }

  /** A refused patch is a conflict when the containers moved on, and the API server's own refusal when they did not. */
  async #explainRefusal(
    workload: Workload,
    settings: readonly ImageSetting[],
    error: unknown,
    signal: AbortSignal,
  ): Promise<unknown> {
    if (!isOperationError(error) || !['API_INVALID', 'API_NOT_FOUND', 'API_CONFLICT'].includes(error.code)) {
      return error;
    }
    const now = await this.read(workload, signal);
    if (now && settings.every((setting) => isPatchable(now, workload, setting))) {
      return error;
    }
    return new OperationError(`set images of ${describeWorkload(workload)}: somebody else changed them meanwhile`, {
      code: 'UPDATE_CONFLICT',
      retry: 'backoff',
      cause: error,
    });
  }
}

/** Whether all that the patch tests still holds: the image, and the place of the container in its list. */
function isPatchable(now: Workload, before: Workload, setting: ImageSetting): boolean {
  const { index, image } = placeOf(now, setting);
  return image === setting.expected && index === placeOf(before, setting).index;
}

function placeOf(workload: Workload, setting: ImageSetting): { readonly index: number; readonly image?: string } {
  const list = workload.containers.filter((one) => one.init === setting.init);
  const index = list.findIndex((one) => one.name === setting.container);
  const found = list[index];
  return found ? { index, image: found.image } : { index };
}

function imagePatch(workload: Workload, setting: ImageSetting): object[] {
  const { index } = placeOf(workload, setting);
  const template = workload.kind === 'CronJob' ? '/spec/jobTemplate/spec/template/spec' : '/spec/template/spec';
  const path = `${template}/${setting.init ? 'initContainers' : 'containers'}/${index}`;
  return [
    { op: 'test', path: `${path}/name`, value: setting.container },
    { op: 'test', path: `${path}/image`, value: setting.expected },
    { op: 'replace', path: `${path}/image`, value: setting.image },
  ];
}
