/** From the versions of an App's sources to the whole set of objects that they mean. */
import type { AppSpec } from '../../../core/app/app.ts';
import type { ManifestsDeploy } from '../../../core/app/manifests-deploy.ts';
import { OperationError } from '../../../core/errors.ts';
import type { SourceVersion } from '../../../core/manifest/app-record.ts';
import { inApplySet } from '../../../core/manifest/apply-set.ts';
import { makeDesiredSet, type ReadObject } from '../../../core/manifest/desired-set.ts';
import { withoutIgnored } from '../../../core/manifest/ignore-rules.ts';
import { describeObject, describePlace, type ManifestObject } from '../../../core/manifest/manifest-object.ts';
import { type ImageVersion, setPodImages } from '../../../core/manifest/pod-images.ts';
import { joinSome } from '../../../core/text.ts';
import type { AppName } from '../../ports/app-objects.ts';
import { clusterFor, type RevisionContext } from './manifests-context.ts';

export interface RevisionRequest {
  readonly app: AppName;
  readonly spec: AppSpec;
  readonly deploy: ManifestsDeploy;
  /** Of all sources. */
  readonly versions: readonly SourceVersion[];
}

/**
 * Reads, builds and checks everything before anything is applied.
 *
 * @throws MANIFEST_INVALID with every problem of the set; errors of source, kustomize and sops
 */
export async function makeRevision(
  context: RevisionContext,
  { app, spec, deploy, versions }: RevisionRequest,
  signal: AbortSignal,
): Promise<readonly ManifestObject[]> {
  const source = spec.sources.find(({ name }) => name === deploy.source);
  const version = versions.find((one) => one.source === deploy.source);
  if (source === undefined || version === undefined) {
    throw invalid(app, [`there is no version of source "${deploy.source}" yet`]);
  }
  const { namespace } = app;
  const { path } = deploy;
  const tree = await context.trees.readTree(
    { source, version: { tag: version.tag, digest: version.digest }, namespace, path },
    signal,
  );
  const rendered = await context.renderer.render(
    { tree, path, ...(await ageKeys(context, app, deploy, signal)) },
    signal,
  );
  const images = imagesOf(spec, versions);
  const read = images.length === 0 ? rendered : rendered.map((one) => withImages(one, images));
  const scopeOf = await clusterFor(context, app, undefined).scopesOf(read, signal);
  const { objects, problems } = makeDesiredSet({ read, scopeOf, defaultNamespace: deploy.namespace ?? namespace });
  const all = [...problems, ...trespasses(app, deploy, objects)];
  if (all.length > 0) {
    throw invalid(app, all);
  }
  const id = context.applySetOf(app);
  return withoutIgnored(objects, deploy.ignore).map((one) => inApplySet(one, id));
}

/** The versions after an update: what was, and over it what moves. */
export function versionsAfter(
  before: readonly SourceVersion[],
  changes: readonly {
    readonly source: string;
    readonly to: { readonly tag: string | undefined; readonly digest: string | undefined };
  }[],
  sources: AppSpec['sources'],
): readonly SourceVersion[] {
  return sources.flatMap(({ name }) => {
    const to = changes.find(({ source }) => source === name)?.to;
    if (to === undefined) {
      return before.filter(({ source }) => source === name);
    }
    const { tag, digest } = to;
    return [{ source: name, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) }];
  });
}

function imagesOf({ sources }: AppSpec, versions: readonly SourceVersion[]): readonly ImageVersion[] {
  return sources.flatMap((source) => {
    const version = versions.find((one) => one.source === source.name);
    return source.kind === 'Image' && version !== undefined
      ? [{ repository: source.repository, tag: version.tag, digest: version.digest }]
      : [];
  });
}

function withImages(one: ReadObject, images: readonly ImageVersion[]): ReadObject {
  const object = setPodImages(one.object, images);
  return object === one.object ? one : { ...one, object };
}

/** Without a ServiceAccount everything is done with Headgate's own rights, which are wide: so it stays at home. */
function trespasses(app: AppName, deploy: ManifestsDeploy, objects: readonly ManifestObject[]): readonly string[] {
  if (deploy.serviceAccount !== undefined) {
    return [];
  }
  return objects
    .filter(({ namespace }) => namespace !== app.namespace)
    .map((one) => {
      const where = describePlace(one.place);
      return `${describeObject(one)}${where && ` (${where})`} is outside of namespace ${app.namespace}; name a ServiceAccount that may do this in deploy.manifests.serviceAccountName`;
    });
}

async function ageKeys(
  context: RevisionContext,
  app: AppName,
  { decryptionSecret }: ManifestsDeploy,
  signal: AbortSignal,
): Promise<{ readonly ageKeys?: string }> {
  return decryptionSecret === undefined
    ? {}
    : { ageKeys: await context.objects.readAgeKeys(app, decryptionSecret, signal) };
}

function invalid({ namespace, name }: AppName, problems: readonly string[]): OperationError {
  return new OperationError(`read the manifests of App ${namespace}/${name}: ${joinSome(problems, '; ')}`, {
    code: 'MANIFEST_INVALID',
    retry: 'never',
    context: { app: `${namespace}/${name}` },
  });
}
