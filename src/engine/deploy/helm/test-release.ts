/** `helm test` of the revision that an Update made. */
import { hasTestPods, testVerdict } from '../../../core/helm/stored-release.ts';
import type { HelmOperation } from '../../ports/helm.ts';
import type { DeployTest, Work } from '../deployer.ts';
import { type HelmContext, helmPlanOf, operationId, releaseOf } from './helm-context.ts';
import { sayWithLog } from './helm-waiting.ts';
import { readValues } from './read-documents.ts';

/**
 * Begins the run of a number, or says what became of it. A revision whose hooks say that they succeeded is not tested again after a restart.
 *
 * @throws errors of the API server that pass
 */
export async function testRelease(
  context: HelmContext,
  work: Work,
  { number, timeoutMs }: { readonly number: number; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<DeployTest> {
  const plan = helmPlanOf(work.journal);
  const release = releaseOf(work.update, plan);
  const newest = (await context.releases.read(release, signal))[0];
  const opened = newest && (await context.releases.open(release, newest, signal));
  const verdict = opened && newest?.number === plan.revision ? testVerdict(opened) : 'None';
  if (verdict === 'None') {
    return { kind: 'Passed', message: 'the chart has no tests' };
  }
  const id = operationId(work.update, plan, `test ${number}`);
  const known = context.operations.find(id);
  if (known === undefined && verdict === 'Succeeded') {
    return { kind: 'Passed', message: 'helm test succeeded' };
  }
  if (known?.kind === 'Interrupted') {
    context.operations.forget(id.update);
  }
  const logs = opened !== undefined && hasTestPods(opened);
  const state = await context.operations.run(id, () => operationOf(context, work, { timeoutMs, logs }, signal), signal);
  switch (state.kind) {
    case 'Done':
      return { kind: 'Passed', message: sayWithLog('helm test succeeded', state) };
    case 'Failed':
    case 'OutOfBounds':
      return { kind: 'Failed', message: sayWithLog(state.message, state) };
    case 'Running':
    case 'Interrupted':
      return { kind: 'Running', message: 'helm test is running' };
  }
}

async function operationOf(
  { documents }: HelmContext,
  { spec, update }: Work,
  run: { readonly timeoutMs: number; readonly logs: boolean },
  signal: AbortSignal,
): Promise<HelmOperation> {
  const deploy = spec?.deploy.kind === 'Helm' ? spec.deploy : undefined;
  const app = { namespace: update.metadata.namespace, name: update.spec.app };
  const secrets = deploy === undefined ? [] : (await readValues(documents, app, deploy, signal)).secrets;
  return { kind: 'Test', ...run, secrets, serviceAccount: deploy?.serviceAccount };
}
