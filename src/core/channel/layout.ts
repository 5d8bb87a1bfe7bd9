/**
 * Where things are in a channel, which is a repository of TUF (specification 1.0.34) with consistent snapshots.
 *
 * Each App has a delegated role, and the Releases have one. A role stays small, because reading one costs more than its share the longer
 * it is, and a change of one App leaves the files of the others as they are.
 */
import { OperationError } from '../errors.ts';

/** Role that signs the index, the Releases and their evidence. */
export const releasesRole = 'releases';

export const indexPath = `${releasesRole}/index.json`;

/** Files in one role. */
const maxTargetsOfRole = 300;

/** Folder of the files that are no metadata. */
export const targetsFolder = 'targets';

export function releasePath(release: string): string {
  return `${releasesRole}/${release}.json`;
}

export function evidencePath(release: string): string {
  return `${releasesRole}/${release}.evidence.json`;
}

function roleOfApp(app: string): string {
  return `app-${app}`;
}

/** Where the files of an App are, in the pattern of TUF: a star is not more than one part of a path. */
export function pathsOfRole(role: string): readonly string[] {
  return role === releasesRole ? [`${releasesRole}/*`] : [`apps/${role.replace(/^app-/, '')}/*`];
}

/** Which role signs a file. */
export function roleOfTarget(path: string): string {
  const [first, app] = path.split('/');
  return first === 'apps' && app !== undefined ? roleOfApp(app) : releasesRole;
}

/** With consistent snapshots the name of a file begins with its hash (section 6.2). */
export function storedTarget(path: string, sha256: string): string {
  const at = path.lastIndexOf('/') + 1;
  return `${targetsFolder}/${path.slice(0, at)}${sha256}.${path.slice(at)}`;
}

export function storedMetadata(role: string, version: number): string {
  return role === 'timestamp' ? 'timestamp.json' : `${version}.${role}.json`;
}

/** @throws CHANNEL_FULL saying which role has too many */
export function checkSizes(targets: ReadonlyMap<string, readonly string[]>): void {
  for (const [role, paths] of targets) {
    if (paths.length > maxTargetsOfRole) {
      throw new OperationError(
        `publish role ${role} of the channel: it would have ${paths.length} files, and clusters read ${maxTargetsOfRole} at most; keep fewer Releases (spec.retention)`,
        { code: 'CHANNEL_FULL', retry: 'never', context: { role } },
      );
    }
  }
}
