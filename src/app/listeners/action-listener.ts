/** Each action of a person or a program, told to the log and as an Event on what it was done to. */
import { apps, channels, updates } from '../../adapters/cluster/kinds.ts';
import type { ActionListener } from '../../engine/ports/action-listener.ts';
import type { EventRecorder } from '../../kube/events.ts';
import { apiVersionOf } from '../../kube/objects.ts';
import type { Logger } from '../../telemetry/log.ts';

const typeOf = { App: apps, Update: updates, Channel: channels } as const;

export function listenToActions(log: Logger, events?: EventRecorder): ActionListener {
  return {
    actionDone({ kind, metadata }, { action, by, from, reason }) {
      log.info('action done', { action, kind, object: `${metadata.namespace}/${metadata.name}`, by, from, reason });
      events?.record({
        regarding: { apiVersion: apiVersionOf(typeOf[kind]), kind, metadata },
        type: 'Normal',
        reason: action,
        action,
        note: `by ${by} from ${from}${reason === '' ? '' : `: ${reason}`}`,
      });
    },
  };
}
