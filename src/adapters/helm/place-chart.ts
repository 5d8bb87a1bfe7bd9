/** Puts a chart where Helm can read it, after a look whether it is one. */
import { OperationError } from '../../core/errors.ts';
import type { ChartContent } from '../../engine/ports/helm.ts';
import { readTgz, type TarFile } from './read-tar.ts';
import type { Workspace } from './workspace.ts';

export interface ChartPlace {
  /** Archive or folder. */
  readonly path: string;
  /** Texts of the files below `crds/`, those of its subcharts included. */
  readonly crds: readonly string[];
}

/** Subcharts in subcharts, packed. */
const deepestArchives = 4;

/** @throws HELM_CHART_INVALID */
export async function placeChart(workspace: Workspace, chart: ChartContent): Promise<ChartPlace> {
  const crds = await crdsOf(chart);
  if (chart.kind === 'Archive') {
    return { path: await workspace.write('chart.tgz', chart.archive), crds };
  }
  for (const [path, content] of chart.files) {
    await workspace.write(`chart/${path}`, content);
  }
  return { path: `${workspace.directory}/chart`, crds };
}

/** Texts of the files below `crds/`, those of subcharts included. @throws HELM_CHART_INVALID when it is no chart */
export async function crdsOf(chart: ChartContent): Promise<readonly string[]> {
  if (chart.kind === 'Files') {
    const files = [...chart.files].map(([path, content]) => ({ path: `chart/${path}`, content: Buffer.from(content) }));
    return await findCrds(files, 0);
  }
  const files = await readTgz(chart.archive, 'the archive of the chart');
  if (!files.some(({ path }) => /^[^/]+\/Chart\.yaml$/.test(path))) {
    throw new OperationError('read the archive of the chart: it has no Chart.yaml in its folder', {
      code: 'HELM_CHART_INVALID',
      retry: 'never',
    });
  }
  return await findCrds(files, 0);
}

async function findCrds(files: readonly TarFile[], depth: number): Promise<readonly string[]> {
  const own = files.filter(({ path }) => /^[^/]+\/(?:charts\/[^/]+\/)*crds\/.+\.(?:ya?ml|json)$/.test(path));
  const packed = depth < deepestArchives ? files.filter(({ path }) => /\/charts\/[^/]+\.tgz$/.test(path)) : [];
  const inner: string[] = [];
  for (const { path, content } of packed) {
    inner.push(...(await findCrds(await readTgz(content, `subchart ${path}`), depth + 1)));
  }
  return [...own.map(({ content }) => content.toString('utf8')), ...inner];
}
