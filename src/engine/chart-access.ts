/** How the place of a chart is reached: as an image where it is in a registry, by a login of its own where it has an index. */
import { type ChartSource, registrySourceOf } from '../core/app/sources.ts';
import { OperationError } from '../core/errors.ts';
import type { Version } from '../core/update/version-change.ts';
import { carriedFileOf, carriedFiles } from './carried.ts';
import { keepsAccess } from './keeps-access.ts';
import type { CarriedFiles } from './ports/carried-files.ts';
import type { ChartPlace, Charts } from './ports/charts.ts';
import type { RegistryAccesses } from './ports/registry.ts';
import type { SourceAccesses } from './ports/source-accesses.ts';

export interface ChartAccessContext {
  readonly charts: Charts;
  readonly accesses: RegistryAccesses;
  readonly sourceAccesses: SourceAccesses;
  /** Absent in commands that end soon. */
  readonly carried?: CarriedFiles | undefined;
}

/**
 * Asks a chart repository, and forgets its access when that did not do.
 *
 * @throws SECRET_NOT_FOUND, SECRET_INVALID, and what `ask` throws
 */
export async function atChart<T>(
  { accesses, sourceAccesses }: Pick<ChartAccessContext, 'accesses' | 'sourceAccesses'>,
  { namespace, source }: { readonly namespace: string; readonly source: ChartSource },
  ask: (place: ChartPlace, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const { location } = source;
  if (location.kind === 'Index') {
    const access = await sourceAccesses.chartAccess(namespace, source, signal);
    return await keepsAccess(
      () => ask({ location, access }, signal),
      () => sourceAccesses.forget(namespace, source),
    );
  }
  const registrySource = registrySourceOf(source, location.repository);
  const access = await accesses.accessFor(namespace, registrySource, signal);
  return await keepsAccess(
    () => ask({ location, access }, signal),
    () => accesses.forget(namespace, registrySource),
  );
}

/** @throws CHART_INVALID when what is recorded of the version does not tell the archive, and what Charts throw */
export async function fetchChart(
  context: ChartAccessContext,
  { namespace, source, version }: { namespace: string; source: ChartSource; version: Version },
  signal: AbortSignal,
): Promise<Buffer> {
  const file = carriedFileOf(source.policy, version);
  if (file !== undefined) {
    return await carriedFiles(context).read(file, namespace, signal);
  }
  const fetch = async (place: ChartPlace) => {
    const chosen = await completeVersion(context, { place, source, version }, signal);
    return await context.charts.fetchArchive(place, chosen, signal);
  };
  return await atChart(context, { namespace, source }, fetch, signal);
}

/** What somebody else installed is known by its version alone: the repository says which digest that has. */
async function completeVersion(
  { charts }: ChartAccessContext,
  { place, source, version }: { place: ChartPlace; source: ChartSource; version: Version },
  signal: AbortSignal,
): Promise<{ version: string; digest: string }> {
  const { tag } = version;
  const digest =
    version.digest ?? (tag === undefined ? undefined : (await charts.findVersion(place, tag, signal))?.digest);
  if (tag === undefined || digest === undefined) {
    throw new OperationError(`fetch the chart of source ${source.name}: it has no version ${tag ?? 'that is known'}`, {
      code: 'CHART_INVALID',
      retry: 'never',
    });
  }
  return { version: tag, digest };
}
