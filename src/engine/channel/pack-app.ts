/** Puts the charts and manifests of an App into its channel, so that a source that vanishes does no harm. */
import type { AppSpec, Source } from '../../core/app/app.ts';
import type { ReleasedVersion, ReleaseTarget } from '../../core/channel/release.ts';
import { OperationError } from '../../core/errors.ts';
import type { Version } from '../../core/update/version-change.ts';
import type { TreeReader } from '../deploy/manifests/read-tree.ts';
import type { ChannelPublisher } from '../ports/channel-publisher.ts';
import type { SourceTree } from '../ports/source-tree.ts';

export interface PackContext {
  readonly fetchChart: (
    namespace: string,
    source: Source,
    version: Version,
    signal: AbortSignal,
  ) => Promise<Uint8Array>;
  readonly trees: TreeReader;
  /** The same tree gives the same bytes. */
  readonly packTree: (tree: SourceTree) => Uint8Array;
  readonly publisher: Pick<ChannelPublisher, 'addFile'>;
}

export interface PackRequest {
  readonly app: { readonly namespace: string; readonly name: string };
  readonly spec: Pick<AppSpec, 'sources'>;
  /** What of each source is released. */
  readonly versions: readonly ReleasedVersion[];
}

export interface PackedApp {
  /** With the file of each that has one. */
  readonly versions: readonly ReleasedVersion[];
  readonly targets: readonly ReleaseTarget[];
}

/**
 * Images stay in their registries. Harmless to repeat.
 *
 * @throws errors of where the sources are; CHANNEL_STORE_UNUSABLE; CHANNEL_INVALID for files that cannot be carried
 */
export async function packApp(context: PackContext, request: PackRequest, signal: AbortSignal): Promise<PackedApp> {
  const targets: ReleaseTarget[] = [];
  const versions: ReleasedVersion[] = [];
  for (const version of request.versions) {
    const source = request.spec.sources.find(({ name }) => name === version.source);
    const target = source && (await packSource(context, { ...request, source, version }, signal));
    targets.push(...(target ? [target] : []));
    versions.push(target ? { ...version, target: target.path } : version);
  }
  return { versions, targets };
}

interface SourceRequest extends PackRequest {
  readonly source: Source;
  readonly version: ReleasedVersion;
}

async function packSource(
  context: PackContext,
  { app, source, version }: SourceRequest,
  signal: AbortSignal,
): Promise<ReleaseTarget | undefined> {
  if (source.kind === 'Image') {
    return undefined;
  }
  const isChart = source.kind === 'Chart';
  const bytes = isChart
    ? await context.fetchChart(app.namespace, source, version, signal)
    : context.packTree(await readWhole(context, { app, source, version }, signal));
  const path = `apps/${app.name}/${fileName(version, isChart ? 'tgz' : 'tar.gz')}`;
  const mark = await context.publisher.addFile(path, bytes, signal);
  return { path, app: app.name, kind: isChart ? 'Chart' : 'Manifests', ...mark };
}

/** A link or a submodule would be missing in every cluster. */
async function readWhole(
  { trees }: PackContext,
  { app, source, version }: Pick<SourceRequest, 'app' | 'source' | 'version'>,
  signal: AbortSignal,
): Promise<SourceTree> {
  const tree = await trees.readTree({ source, version, namespace: app.namespace, path: '' }, signal);
  const [first] = tree.leftOut;
  if (first !== undefined) {
    throw new OperationError(
      `pack source ${source.name} of App ${app.namespace}/${app.name}: ${first.path} is of kind ${first.reason}, which a channel cannot carry; take it away, or narrow the source`,
      { code: 'CHANNEL_INVALID', retry: 'never' },
    );
  }
  return tree;
}

const shortDigest = 12;

/** The tag is for people; the digest tells a tag that was moved apart. */
function fileName({ source, tag, digest }: ReleasedVersion, ending: string): string {
  const version = (tag ?? '').replaceAll(/[^A-Za-z0-9.-]/g, '-');
  const hash = digest.slice(digest.indexOf(':') + 1).slice(0, shortDigest);
  return `${[source, version, hash].filter((part) => part !== '').join('-')}.${ending}`;
}
