/** How Keel names what is to be approved, and what people vote on it. Pure. */

export interface KeelTarget {
  readonly provider: 'kubernetes' | 'helm';
  /** Without the version: `deployment/demo/web`, for a Helm release `demo/web`. */
  readonly resource: string;
}

/** @param objects `Kind/name` of what an App looks after */
export function keelTargetsOf(
  namespace: string,
  { objects, release }: { readonly objects: readonly string[]; readonly release: string | undefined },
): readonly KeelTarget[] {
  if (release !== undefined) {
    return [{ provider: 'helm', resource: `${namespace}/${release}` }];
  }
  return objects.flatMap((object) => {
    const [kind = '', name = ''] = object.split('/');
    return name === ''
      ? []
      : [{ provider: 'kubernetes' as const, resource: `${kind.toLowerCase()}/${namespace}/${name}` }];
  });
}

/** Keel's identifier of an approval: the resource and the new tag. */
export function keelIdentifier({ resource }: KeelTarget, version: string): string {
  return `${resource}:${version}`;
}

export const keelActions = ['approve', 'reject', 'delete', 'archive'] as const;

export type KeelAction = (typeof keelActions)[number];

/** As an approval names a person that Headgate knows from Keel's API only; no name of Kubernetes begins so. */
export function keelPerson(name: string): string {
  return `keel:${name}`;
}
