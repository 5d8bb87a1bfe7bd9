/** One run of the real `helm` for one operation on one release. */

import { encodeMarks } from '../../core/helm/revision-marks.ts';
import type { HelmOperation, HelmResult, ReleaseKey } from '../../engine/ports/helm.ts';
import type { Gateway, Pass } from '../../kube/gateway.ts';
import { applyCrds } from './apply-crds.ts';
import { type ChartPlace, placeChart } from './place-chart.ts';
import { postRendererName, writePostRenderer } from './post-renderer.ts';
import { hideSecrets, readFailure } from './read-failure.ts';
import { hasPodLogs, problemOfLogs } from './read-test.ts';
import { type ProgramResult, runProgram } from './run-program.ts';
import { kubeconfigFor, type Workspace, withWorkspace } from './workspace.ts';

export interface HelmPrograms {
  /** Path or name of the program. */
  readonly helm: string;
  readonly kubectl: string;
}

export interface HelmProgramOptions {
  readonly programs: HelmPrograms;
  readonly gateway: Gateway;
  /** Throws LEASE_LOST once another replica may be at work. */
  readonly assertLeading: () => void;
}

/** Beyond Helm's own timeout, which is for each hook: rendering, requests, and the time to write the outcome. */
const graceMs = 60_000;
const mebibyte = 1024 * 1024;
const maxOutputBytes = 4 * mebibyte;
const maxMemoryBytes = 512 * mebibyte;

/**
 * Runs Helm to its end. Helm never waits for health and never goes back by itself; both are ours (ADR "Helm by its own program").
 *
 * @throws HELM_UNAVAILABLE when the program cannot be started, HELM_CHART_INVALID when the chart is no chart
 */
export async function runHelm(
  options: HelmProgramOptions,
  release: ReleaseKey,
  operation: HelmOperation,
  signal: AbortSignal,
): Promise<HelmResult> {
  const { serviceAccount } = operation;
  const actAs =
    serviceAccount === undefined ? undefined : `system:serviceaccount:${release.namespace}:${serviceAccount}`;
  return await withWorkspace(async (workspace) => {
    const pass = await options.gateway.admit({ actAs, assertAllowed: options.assertLeading });
    try {
      await workspace.write('kubeconfig', kubeconfigFor(pass, release.namespace));
      const place = operation.kind === 'Upgrade' ? await placeChart(workspace, operation.chart) : undefined;
      const run = { options, release, operation, workspace, pass, place };
      return await runOperation(run, signal);
    } finally {
      pass.end();
    }
  });
}

interface Run {
  readonly options: HelmProgramOptions;
  readonly release: ReleaseKey;
  readonly operation: HelmOperation;
  readonly workspace: Workspace;
  readonly pass: Pass;
  readonly place: ChartPlace | undefined;
}

async function runOperation(run: Run, signal: AbortSignal): Promise<HelmResult> {
  const { options, operation, workspace } = run;
  const problem = await placeCrds(run, signal);
  if (problem !== undefined) {
    return { kind: 'Failed', message: problem, log: '' };
  }
  const argumentList = await argumentsOf(run);
  const result = await runProgram(
    {
      what: `helm ${argumentList[0]}`,
      program: options.programs.helm,
      arguments: [...argumentList, ...commonArguments(run)],
      environment: workspace.environment,
      directory: workspace.directory,
      timeoutMs: operation.timeoutMs + graceMs,
      maxOutputBytes,
      // However much a test writes says nothing about it.
      beyondOutput: operation.kind === 'Test' ? 'Cut' : 'End',
      maxMemoryBytes,
    },
    signal,
  );
  return resultOf(run, result);
}

/** @returns what is wrong */
async function placeCrds({ operation, pass, place }: Run, signal: AbortSignal): Promise<string | undefined> {
  if (operation.kind === 'Rollback') {
    return await applyCrds(pass, operation.crds, 'CreateReplace', signal);
  }
  return operation.kind === 'Upgrade' && operation.crds !== 'Skip'
    ? await applyCrds(pass, place?.crds ?? [], operation.crds, signal)
    : undefined;
}

function resultOf({ operation, pass }: Run, { exitCode, output, errors, ended }: ProgramResult): HelmResult {
  const secrets = operation.kind === 'Upgrade' || operation.kind === 'Test' ? operation.secrets : [];
  const show = (text: string) => hideSecrets(text.replaceAll(pass.server, ''), secrets).trim();
  const [said, printed] = [show(errors), show(output)];
  const log = [said, printed].filter((text) => text !== '').join('\n');
  if (exitCode === 0) {
    return { kind: 'Done', log: said !== '' || isMoreThanStatus(printed) ? log : '' };
  }
  const problem = operation.kind === 'Test' && ended === undefined ? problemOfLogs({ said, printed }) : undefined;
  if (problem !== undefined) {
    return { kind: 'Done', log: [`the log of the tests could not be had: ${problem}`, printed].join('\n') };
  }
  return readFailure(operation.kind, { said, ended, log });
}

/** Notes that are longer do not fit into the record beside all else. */
const longestStatus = 4_096;

/** Whether Helm printed more than how the release stands, e.g. what hooks wrote whose log policy asks for it. */
function isMoreThanStatus(printed: string): boolean {
  return (
    printed.length > longestStatus ||
    hasPodLogs(printed) ||
    !/^(?:Release "|NAME: |Rollback was a success|release "|$)/.test(printed)
  );
}

function commonArguments({ release, operation }: Run): readonly string[] {
  return ['--namespace', release.namespace, '--timeout', `${Math.ceil(operation.timeoutMs / 1_000)}s`];
}

async function argumentsOf(run: Run): Promise<readonly [string, ...string[]]> {
  const { operation, release } = run;
  switch (operation.kind) {
    case 'Upgrade':
      return await upgradeArguments(run, operation);
    case 'Rollback':
      return [
        'rollback',
        release.name,
        String(operation.revision),
        '--server-side=true',
        '--force-conflicts',
        '--history-max',
        String(operation.maxHistory),
      ];
    case 'Uninstall':
      return ['uninstall', release.name, '--ignore-not-found'];
    case 'Test':
      return ['test', release.name, ...(operation.logs ? ['--logs'] : [])];
  }
}

export async function upgradeArguments(
  { release, workspace, place, options }: Pick<Run, 'release' | 'workspace' | 'place' | 'options'>,
  operation: Extract<HelmOperation, { kind: 'Upgrade' }>,
): Promise<readonly [string, ...string[]]> {
  const values = await workspace.write('values.json', JSON.stringify(operation.values));
  if (operation.kustomization !== undefined) {
    await writePostRenderer(workspace, options.programs.kubectl, operation.kustomization);
  }
  const labels = Object.entries(encodeMarks(operation.marks)).map(([key, value]) => `${key}=${value}`);
  return [
    'upgrade',
    release.name,
    place?.path ?? '',
    '--install',
    '--values',
    values,
    '--reset-values',
    '--labels',
    labels.join(','),
    '--description',
    `Update ${operation.marks.update}`,
    // Fields of other managers are taken, and so are objects that stand there already: what the chart says holds.
    '--server-side=true',
    '--force-conflicts',
    '--take-ownership',
    '--skip-crds',
    '--history-max',
    String(operation.maxHistory),
    ...(operation.kustomization === undefined ? [] : ['--post-renderer', postRendererName]),
  ];
}
