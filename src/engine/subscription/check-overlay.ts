/** Whether the values of an overlay match the schema of the chart that a Release carries; said before anything is written. */
import { isOperationError } from '../../core/errors.ts';
import type { Values } from '../../core/helm/values.ts';
import type { SubscribedApp } from '../ports/subscriptions.ts';
import type { FollowContext, FollowState, FollowWork } from './subscription-pass.ts';

const maxChartBytes = 134_217_728;

/**
 * Undefined: they match, or only Helm can tell.
 *
 * @throws errors of the channel
 */
export async function checkOverlay(
  { findValuesFault }: Pick<FollowContext, 'findValuesFault'>,
  { subscription, known }: Pick<FollowWork, 'subscription' | 'known'>,
  app: SubscribedApp,
  signal: AbortSignal,
): Promise<FollowState | undefined> {
  const overlay = subscription.spec.overlay?.find((one) => one.app === app.name);
  const { helm } = app.spec.deploy;
  const source = app.spec.sources.find(({ name }) => name === helm?.chart.source);
  const path = source?.chart?.policy?.pinned?.file?.path;
  const isSetElsewhere = (helm?.valuesFrom ?? []).length > 0 || (helm?.images ?? []).length > 0;
  if (overlay?.values === undefined || path === undefined || isSetElsewhere) {
    return undefined;
  }
  try {
    const fault = await findValuesFault(
      await known.view.read(path, maxChartBytes, signal),
      (helm?.values ?? {}) as Values,
    );
    const what = `App ${app.name}: spec.overlay: its values do not match the schema of the chart`;
    return fault === undefined ? undefined : { kind: 'Unfit', message: `${what}: ${fault}; nothing was changed` };
  } catch (error) {
    if (isOperationError(error, 'HELM_CHART_INVALID')) {
      return { kind: 'Unfit', message: `App ${app.name}: ${error.message}` };
    }
    throw error;
  }
}
