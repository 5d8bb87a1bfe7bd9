/** New versions of Helm charts into the files that name them. */
import type { ParsedNode } from 'yaml';
import { type PathSetting, type Refusal, setPicked, unchanged, type WrittenText } from './written.ts';
import { childOf, findScalar, itemsOf, textOf } from './yaml-nodes.ts';
import { toScalar, type YamlRoot } from './yaml-scalars.ts';

export interface ChosenChart {
  /** As the chart itself says it, without a repository. */
  readonly name: string;
  readonly version: string;
}

/** A map that names a chart, and the key of its version. */
interface Place {
  readonly node: ParsedNode | null | undefined;
  readonly path: string;
  readonly chartKey: string;
  readonly versionKey: string;
}

/**
 * Sets the version beside each name of these charts: `spec.chart.spec.version` of Flux's HelmRelease (and `spec.chart.version`
 * of the Helm Operator's), `dependencies[].version` of Chart.yaml and requirements.yaml,
 * `releases[].version` of a helmfile, `targetRevision` of an Argo CD Application, `spec.version` of a k3s HelmChart. A range
 * that stands there is replaced by the version.
 *
 * A text that is none of these, or does not mention a chart, is not read as YAML, so that templates do no harm.
 *
 * @param file whose text it is: lists without a kind are looked for by their files' names
 * @returns Broken when the text is no YAML, or a chart is named where no version is written
 */
export function setChartVersions(text: string, charts: readonly ChosenChart[], file: string): WrittenText {
  const isListed = listFiles.test(file);
  const mentioned = charts.filter((chart) => text.includes(chart.name));
  return mentioned.length === 0 || !(isListed || groups.some((group) => text.includes(group)))
    ? unchanged(text)
    : setPicked(text, (root) => settingsOf(root, mentioned, isListed));
}

const listFiles = /(?:^|\/)(?:Chart\.yaml|requirements\.yaml|helmfile[^/]*\.ya?ml|helmfile\.d\/[^/]*)$/;
const groups = ['helm.toolkit.fluxcd.io', 'helm.fluxcd.io', 'helm.cattle.io', 'argoproj.io'];

function* settingsOf(
  root: YamlRoot,
  charts: readonly ChosenChart[],
  isListed: boolean,
): Generator<PathSetting | Refusal> {
  for (const { node, path, chartKey, versionKey } of placesOf(root, isListed)) {
    const name = textOf(node, chartKey);
    const chart = charts.find((one) => name !== undefined && isChart(name, one.name));
    if (chart === undefined) {
      continue;
    }
    const found = findScalar(node ?? null, [{ kind: 'Key', key: versionKey }]);
    const full = `${path}.${versionKey}`.replace(/^\./, '');
    if (found.kind === 'Scalar') {
      yield { scalar: toScalar(found.node), value: chart.version, path: full, name: chart.name };
    } else {
      const reason = `${full} is not written for the chart ${chart.name}; write it with any version once`;
      yield { offset: node?.range[0] ?? 0, reason };
    }
  }
}

/** `repository/chart` and `oci://host/path/chart` name the chart too. */
function isChart(written: string, name: string): boolean {
  return written === name || written.endsWith(`/${name}`);
}

function placesOf(root: YamlRoot, isListed: boolean): readonly Place[] {
  const [group = ''] = (textOf(root, 'apiVersion') ?? '').split('/');
  const spec = childOf(root, 'spec');
  switch (`${group}/${textOf(root, 'kind') ?? ''}`) {
    case 'helm.toolkit.fluxcd.io/HelmRelease': {
      const node = childOf(childOf(spec, 'chart'), 'spec');
      return [{ node, path: 'spec.chart.spec', chartKey: 'chart', versionKey: 'version' }];
    }
    case 'helm.fluxcd.io/HelmRelease':
      return [{ node: childOf(spec, 'chart'), path: 'spec.chart', chartKey: 'name', versionKey: 'version' }];
    case 'helm.cattle.io/HelmChart':
      return [{ node: spec, path: 'spec', chartKey: 'chart', versionKey: 'version' }];
    case 'argoproj.io/Application':
      return applicationPlaces(spec, 'spec');
    case 'argoproj.io/ApplicationSet':
      return applicationPlaces(childOf(childOf(spec, 'template'), 'spec'), 'spec.template.spec');
    default:
      return isListed ? listedPlaces(root) : [];
  }
}

function applicationPlaces(spec: ParsedNode | null | undefined, path: string): readonly Place[] {
  const keys = { chartKey: 'chart', versionKey: 'targetRevision' };
  const sources = itemsOf(childOf(spec, 'sources')).map((node, index) => {
    return { node, path: `${path}.sources[${index}]`, ...keys };
  });
  return [{ node: childOf(spec, 'source'), path: `${path}.source`, ...keys }, ...sources];
}

/** Chart.yaml and requirements.yaml have `dependencies`, a helmfile has `releases`. */
function listedPlaces(root: YamlRoot): readonly Place[] {
  const lists = [
    { key: 'dependencies', chartKey: 'name' },
    { key: 'releases', chartKey: 'chart' },
  ];
  return lists.flatMap(({ key, chartKey }) =>
    itemsOf(childOf(root, key)).map((node, index) => {
      return { node, path: `${key}[${index}]`, chartKey, versionKey: 'version' };
    }),
  );
}
