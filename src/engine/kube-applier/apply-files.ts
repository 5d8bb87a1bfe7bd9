/**
 * One run of `headgate apply`: the objects of many files, all in one order, and what came of each file. A file that is broken fails
 * alone; the others are applied.
 */
import { describeError, isOperationError } from '../../core/errors.ts';
import type { FileAttempt } from '../../core/kube-applier/applier-run.ts';
import { definedScopes, makeDesiredSet, type ReadObject, type Scope } from '../../core/manifest/desired-set.ts';
import { describeObject, identityKey, type ManifestObject } from '../../core/manifest/manifest-object.ts';
import { applyObjects } from '../deploy/manifests/apply-objects.ts';
import type { ObjectResult } from '../deploy/manifests/object-result.ts';
import type { ClusterObjects } from '../ports/cluster-objects.ts';
import type { ManifestRepository } from '../ports/manifest-repository.ts';

export interface ApplyFilesContext {
  readonly repository: Pick<ManifestRepository, 'readObjects'>;
  readonly cluster: ClusterObjects;
  /** For namespaced objects that name none. */
  readonly defaultNamespace: string;
}

/**
 * Applies files as `kubectl apply -f` of each would: every object is sent, and fields that others own are taken.
 *
 * @throws only what is not about one file: an API server that cannot be asked which kinds it has, the signal's reason
 */
export async function applyFiles(
  context: ApplyFilesContext,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<readonly FileAttempt[]> {
  const files = await readFiles(context, paths, signal);
  const read = files.flatMap((file) => file.objects);
  const known = await context.cluster.scopesOf(read, signal);
  const defined = definedScopes(read);
  const scopeOf = (apiVersion: string, kind: string) => defined.get(`${apiVersion} ${kind}`) ?? known(apiVersion, kind);
  const claimed = claimObjects(files, { scopeOf, defaultNamespace: context.defaultNamespace });
  const objects = claimed.flatMap((file) => (file.problems.length === 0 ? file.desired : []));
  const request = { objects, inventory: new Map(), conflicts: 'Force' as const, goOn: true };
  const results = await applyObjects(context.cluster, request, signal);
  const byObject = new Map(results.map((result) => [identityKey(result.object), result]));
  return claimed.map((file) => attemptOf(file, byObject));
}

interface ReadFile {
  readonly path: string;
  readonly objects: readonly ReadObject[];
  readonly problems: readonly string[];
}

interface ClaimedFile extends ReadFile {
  readonly desired: readonly ManifestObject[];
}

/** One after the other: a repository may have more files than a process may open. */
async function readFiles(
  { repository }: ApplyFilesContext,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<readonly ReadFile[]> {
  const files: ReadFile[] = [];
  for (const path of paths) {
    try {
      files.push({ path, objects: await repository.readObjects(path, signal), problems: [] });
    } catch (error) {
      if (!isOperationError(error) || error.code === 'INVARIANT') {
        throw error;
      }
      files.push({ path, objects: [], problems: [describeError(error)] });
    }
  }
  return files;
}

interface Naming {
  readonly scopeOf: (apiVersion: string, kind: string) => Scope;
  readonly defaultNamespace: string;
}

/** An object that stands in two files belongs to the first; applied from both it would change with every run. */
function claimObjects(files: readonly ReadFile[], naming: Naming): readonly ClaimedFile[] {
  const owners = new Map<string, string>();
  return files.map((file) => {
    const set = makeDesiredSet({ read: file.objects, ...naming });
    const twice = set.objects.flatMap((object) => {
      const owner = owners.get(identityKey(object));
      return owner === undefined
        ? []
        : [`${describeObject(object)} stands in ${owner} already; remove it from one of the two`];
    });
    const problems = [...file.problems, ...set.problems, ...twice];
    if (problems.length === 0) {
      for (const object of set.objects) {
        owners.set(identityKey(object), file.path);
      }
    }
    return { ...file, problems, desired: set.objects };
  });
}

function attemptOf(file: ClaimedFile, results: ReadonlyMap<string, ObjectResult>): FileAttempt {
  const { path, problems, desired } = file;
  if (problems.length > 0) {
    return { path, success: false, output: problems };
  }
  const own = desired.flatMap((object) => results.get(identityKey(object)) ?? []);
  return { path, success: own.every((result) => result.kind !== 'Failed'), output: own.map(sayResult) };
}

/** As `kubectl apply` prints it: `Deployment demo/web configured`. */
export function sayResult(result: ObjectResult): string {
  const what = describeObject(result.object);
  switch (result.kind) {
    case 'Created':
    case 'Configured':
    case 'Unchanged':
    case 'Ignored':
      return `${what} ${result.kind.toLowerCase()}`;
    case 'Failed':
      return describeError(result.error);
    case 'NotTried':
      return `${what} not tried`;
  }
}
