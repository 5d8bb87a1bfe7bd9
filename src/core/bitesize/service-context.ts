/** What all parts of the conversion share. */
export interface ServiceContext {
  readonly namespace: string;
  readonly project: string;
  /** Empty: Docker Hub. */
  readonly registry: string;
}

/** Where no version is known; nothing can be pulled by it. */
export const unsetTag = 'set-me';

export interface ManifestOut {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}
