/** Versions that must not be taken again. */
export interface Rejection {
  readonly name: string;
  readonly namespace: string;
  /** Undefined: holds for every App of the namespace. */
  readonly app: string | undefined;
  readonly digest: string;
  readonly tag: string | undefined;
  readonly reason: string;
  readonly author: string;
  /** Name of the Update by which it came about. */
  readonly update?: string | undefined;
  readonly expiresAt: Date | undefined;
}

/** The Rejection that forbids a digest to an App, if there is one that has not expired. */
export function findRejection(
  rejections: readonly Rejection[],
  app: { readonly namespace: string; readonly name: string },
  digest: string | undefined,
  now: Date,
): Rejection | undefined {
  if (digest === undefined) {
    return undefined;
  }
  return rejections.find(
    (rejection) =>
      rejection.digest === digest &&
      rejection.namespace === app.namespace &&
      (rejection.app === undefined || rejection.app === app.name) &&
      (rejection.expiresAt === undefined || rejection.expiresAt > now),
  );
}
