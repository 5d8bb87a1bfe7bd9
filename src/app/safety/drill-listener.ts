/** Restore drills, told to the log, to metrics and as Events on their App. */
import { apps } from '../../adapters/cluster/kinds.ts';
import type { Drill } from '../../core/drill/drill.ts';
import type { EventInput } from '../../kube/event-series.ts';
import type { EventRecorder } from '../../kube/events.ts';
import { apiVersionOf } from '../../kube/objects.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';

export type DrillListener = (app: AppObjectWire, drill: Drill) => void;

export function listenToDrills({
  log,
  metrics,
  events,
}: {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly events?: EventRecorder;
}): DrillListener {
  return ({ metadata }, drill) => {
    const { step, checkpoint, namespace, outcome, message } = drill;
    const app = `${metadata.namespace}/${metadata.name}`;
    log.info('drill step done', { app, step, checkpoint, namespace, outcome, message });
    if (outcome !== undefined && step === 'Ended') {
      metrics.outcomes.drills.inc({ outcome });
    }
    const told = eventOf(drill);
    if (told) {
      const regarding = { apiVersion: apiVersionOf(apps), kind: apps.kind, metadata };
      events?.record({ regarding, action: 'Drill', ...told });
    }
  };
}

type Told = Pick<EventInput, 'type' | 'reason' | 'note'>;

/** Its beginning and its end. */
function eventOf({ step, checkpoint, namespace, outcome, message = '' }: Drill): Told | undefined {
  switch (step) {
    case 'Copy':
      return {
        ...{ type: 'Normal', reason: 'DrillStarted' },
        note: `checkpoint ${checkpoint} is brought back into Namespace ${namespace}`,
      };
    case 'Ended':
      return { type: outcome === 'Passed' ? 'Normal' : 'Warning', reason: `Drill${outcome}`, note: message };
    default:
      return undefined;
  }
}
