/**
 * A whole `helm upgrade` of the real Helm whose every change is a server-side dry run: the gateway makes it one, so that Helm sends what it would
 * send. How it ends says nothing: the revision that it wants to close at the end was never kept. Hooks are left out, as they would be waited for.
 */
import { type Fields, fieldAt, isFields, textAt } from '../../core/health/objects/fields.ts';
import type { HelmOperation, Rehearsed, ReleaseKey } from '../../engine/ports/helm.ts';
import type { Pass, RehearsedAnswer } from '../../kube/gateway.ts';
import { type HelmProgramOptions, upgradeArguments } from './helm-program.ts';
import { placeChart } from './place-chart.ts';
import { hideSecrets } from './read-failure.ts';
import { runProgram } from './run-program.ts';
import { kubeconfigFor, withWorkspace } from './workspace.ts';

const mebibyte = 1024 * 1024;
const bounds = { timeoutMs: 30_000, maxOutputBytes: 4 * mebibyte, maxMemoryBytes: 512 * mebibyte };
/** With this many told, the rest adds nothing. */
const mostRefusals = 10;
const workloadKinds: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** @throws HELM_UNAVAILABLE when the program cannot be started, HELM_CHART_INVALID when the chart is no chart */
export async function rehearseUpgrade(
  options: HelmProgramOptions,
  release: ReleaseKey,
  operation: Extract<HelmOperation, { kind: 'Upgrade' }>,
  signal: AbortSignal,
): Promise<Rehearsed> {
  const { serviceAccount } = operation;
  const actAs =
    serviceAccount === undefined ? undefined : `system:serviceaccount:${release.namespace}:${serviceAccount}`;
  const answers: RehearsedAnswer[] = [];
  return await withWorkspace(async (workspace) => {
    const pass = await options.gateway.admit({
      ...{ actAs, assertAllowed: options.assertLeading },
      onRehearsed: (answer) => answers.push(answer),
    });
    try {
      await workspace.write('kubeconfig', kubeconfigFor(pass, release.namespace));
      const place = await placeChart(workspace, operation.chart);
      const upgrade = await upgradeArguments({ options, release, workspace, place }, operation);
      await runProgram(
        {
          what: 'helm upgrade, as a rehearsal',
          program: options.programs.helm,
          arguments: [...upgrade, '--no-hooks', '--namespace', release.namespace, '--timeout', '30s'],
          environment: workspace.environment,
          directory: workspace.directory,
          ...bounds,
        },
        signal,
      );
      return await readAnswers(pass, answers, { secrets: operation.secrets, signal });
    } finally {
      pass.end();
    }
  });
}

async function readAnswers(
  pass: Pass,
  answers: readonly RehearsedAnswer[],
  { secrets, signal }: { readonly secrets: readonly string[]; readonly signal: AbortSignal },
): Promise<Rehearsed> {
  const refusals: string[] = [];
  for (const { path, status, body } of answers.filter((one) => isRefusal(one))) {
    // What Helm once wrote in the older way it takes over first, which a dry run cannot show.
    if (status === 403 || (await isForServerSideApply(pass, path, signal))) {
      refusals.push(hideSecrets(textAt(toFields(body), 'message', `status ${status} of ${path}`), secrets));
    }
  }
  const workloads = answers
    .filter(({ status }) => status === 200 || status === 201)
    .map(({ body }) => toFields(body))
    .filter((one) => workloadKinds.has(textAt(one, 'kind', '')) && fieldAt(one, 'spec.template') !== undefined);
  return { refusals: refusals.slice(0, mostRefusals), workloads };
}

/** An admission webhook with side effects cannot be asked by a dry run, which says nothing of the change. */
function isRefusal({ status, body }: RehearsedAnswer): boolean {
  return (status === 400 || status === 403 || status === 422) && !body.includes('does not support dry run');
}

/** Whether there is no such object yet, or one whose fields Helm has by server-side apply. */
async function isForServerSideApply({ server }: Pass, path: string, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(`${server}${path}`, { signal });
  const managers = fieldAt(toFields(await response.text()), 'metadata.managedFields');
  return (
    !response.ok ||
    (Array.isArray(managers) &&
      managers.some((one) => isFields(one) && one['manager'] === 'helm' && one['operation'] === 'Apply'))
  );
}

function toFields(body: string): Fields {
  try {
    const parsed: unknown = JSON.parse(body);
    return isFields(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
