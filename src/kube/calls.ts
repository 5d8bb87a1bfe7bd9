/** What can be asked of a KubeClient: the options of its methods, and what lists answer. */
import type { Method } from './transport.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface SelectOptions extends CallOptions {
  /** All namespaces when left out. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only metadata is sent (PartialObjectMetadata); apiVersion and kind are those of the type all the same. */
  readonly metadataOnly?: boolean;
}

export interface ListOptions extends SelectOptions {
  /** Objects a page; it shrinks by itself where a page would be larger than the body limit. Default 500. */
  readonly pageSize?: number;
  /** Default 200,000; more is API_INVALID. */
  readonly maxItems?: number;
  /** Leaves metadata.managedFields unread, which is often half of an object. */
  readonly dropManagedFields?: boolean;
  /** As in the API: unset reads the newest state. */
  readonly resourceVersion?: string;
}

export interface WatchOptions extends SelectOptions {
  readonly resourceVersion: string;
  /** The server ends the watch after this. Default 300 to 600 s at random. */
  readonly timeoutSeconds?: number;
  /** Neither event nor bookmark for this long ends the watch with API_UNAVAILABLE. Default 120 s. */
  readonly silenceMs?: number;
}

export interface WriteOptions extends CallOptions {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
}

/** `json`: RFC 6902 operations. `merge`: RFC 7386. `apply`: server-side apply of a whole object with only the owned fields. */
export interface Patch {
  readonly kind: 'json' | 'merge' | 'apply';
  readonly body: unknown;
}

export interface PatchOptions extends WriteOptions {
  readonly subresource?: string;
  /** Server-side apply only: take fields that another manager owns. */
  readonly force?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** Preconditions: 409 when the object is another one by now. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  readonly dryRun?: boolean;
}

export interface RawRequest {
  /** For errors: what is tried, on what. */
  readonly what: string;
  readonly method: Method;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
  readonly maxBodyBytes?: number;
}

export interface StreamRequest {
  /** For errors: what is tried, on what. */
  readonly what: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly signal: AbortSignal;
  /** How long nothing may come. */
  readonly silenceMs?: number;
}

export interface List<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}
