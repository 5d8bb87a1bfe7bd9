/** The CRDs that the templates of a chart make: rendered by the real Helm, which changes nothing. */
import { groupOf, type ManifestObject } from '../../core/manifest/manifest-object.ts';
import type { ChartContent, HelmOperation, ReleaseKey } from '../../engine/ports/helm.ts';
import type { Pass } from '../../kube/gateway.ts';
import { parseManifests } from '../../kube/manifest-text.ts';
import { type HelmProgramOptions, upgradeArguments } from './helm-program.ts';
import { type ChartPlace, placeChart } from './place-chart.ts';
import { readTgz } from './read-tar.ts';
import { runProgram } from './run-program.ts';
import { kubeconfigFor, type Workspace, withWorkspace } from './workspace.ts';

const mebibyte = 1024 * 1024;
/** CRDs of hundreds of kinds are tens of MiB of text. */
const bounds = { timeoutMs: 30_000, maxOutputBytes: 64 * mebibyte, maxMemoryBytes: 512 * mebibyte };
const kindName = 'CustomResourceDefinition';
const ofKind = /^\s*"?kind"?: *["']?CustomResourceDefinition\b|"kind": *"CustomResourceDefinition"/m;

interface Rendering {
  readonly options: HelmProgramOptions;
  readonly release: ReleaseKey;
  readonly operation: Extract<HelmOperation, { kind: 'Upgrade' }>;
  readonly workspace: Workspace;
  readonly pass: Pass;
  readonly place: ChartPlace;
}

/** @throws HELM_UNAVAILABLE when the program cannot be started, HELM_CHART_INVALID when the chart is no chart */
export async function renderDefinitions(
  options: HelmProgramOptions,
  release: ReleaseKey,
  operation: Extract<HelmOperation, { kind: 'Upgrade' }>,
  signal: AbortSignal,
): Promise<readonly ManifestObject[]> {
  if (!(await speaksOfDefinitions(operation.chart))) {
    return [];
  }
  const { serviceAccount } = operation;
  const actAs =
    serviceAccount === undefined ? undefined : `system:serviceaccount:${release.namespace}:${serviceAccount}`;
  return await withWorkspace(async (workspace) => {
    const pass = await options.gateway.admit({
      actAs,
      assertAllowed: options.assertLeading,
      onRehearsed: () => undefined,
    });
    try {
      await workspace.write('kubeconfig', kubeconfigFor(pass, release.namespace));
      const place = await placeChart(workspace, operation.chart);
      return definitionsIn(await render({ options, release, operation, workspace, pass, place }, signal));
    } finally {
      pass.end();
    }
  });
}

/** Templates of subcharts and files that templates take in may be anywhere in a chart. */
async function speaksOfDefinitions(chart: ChartContent): Promise<boolean> {
  if (chart.kind === 'Files') {
    return [...chart.files].some(([, content]) => Buffer.from(content).includes(kindName));
  }
  const files = await readTgz(chart.archive, 'the archive of the chart');
  return files.some(
    ({ path, content }) => path.endsWith('.tgz') || (!path.endsWith('.md') && content.includes(kindName)),
  );
}

/**
 * As the cluster is; where that does not work, without asking it: Helm refuses objects of a kind that only comes with the CRDs of the chart.
 *
 * @returns empty when Helm cannot render it in either way
 */
async function render(rendering: Rendering, signal: AbortSignal): Promise<string> {
  const { release, place, workspace } = rendering;
  const [, ...given] = await upgradeArguments(rendering, rendering.operation);
  const printed = await run(
    rendering,
    ['upgrade', ...given, '--dry-run=client', '--hide-secret', '--hide-notes'],
    signal,
  );
  if (printed !== undefined) {
    return printed.slice(printed.search(/^MANIFEST:$/m));
  }
  const renderer = rendering.operation.kustomization === undefined ? [] : given.slice(-2);
  const values = ['--values', `${workspace.directory}/values.json`];
  const plain = ['template', release.name, place.path, ...values, '--is-upgrade', '--no-hooks', ...renderer];
  return (await run(rendering, plain, signal)) ?? '';
}

/** @returns undefined when Helm ended with an error */
async function run(
  { options, release, workspace }: Rendering,
  words: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const { exitCode, output } = await runProgram(
    {
      what: `helm ${words[0]}, to see CRDs`,
      program: options.programs.helm,
      arguments: [...words, '--namespace', release.namespace],
      environment: workspace.environment,
      directory: workspace.directory,
      ...bounds,
    },
    signal,
  );
  return exitCode === 0 ? output : undefined;
}

/** Nothing else of the output is read: it may be large, and is judged elsewhere. */
function definitionsIn(printed: string): readonly ManifestObject[] {
  return printed
    .split(/^---\s*$/m)
    .filter((text) => ofKind.test(text))
    .flatMap((text) => parseManifests(text.replace(/^MANIFEST:$/m, ''), 'the rendered chart') ?? [])
    .filter(({ kind }) => kind === kindName)
    .map(({ apiVersion, kind, namespace, name, object }) => {
      return { apiVersion, group: groupOf(apiVersion), kind, namespace, name, object };
    });
}
