/** What became of a workload's annotations, told to the log and as an Event on the workload. */
import { workloadTypes } from '../../adapters/cluster/kinds.ts';
import { describeWorkload } from '../../core/workload/workload.ts';
import type { AdoptionListener } from '../../engine/ports/adoption-listener.ts';
import type { EventRecorder } from '../../kube/events.ts';
import { apiVersionOf } from '../../kube/objects.ts';
import type { Logger } from '../../telemetry/log.ts';

export function listenToAdoption(log: Logger, events?: EventRecorder): AdoptionListener {
  return {
    toldOfRelease({ namespace, name }, { kind, message }) {
      const fields = { release: `${namespace}/${name}`, reason: kind, note: message };
      if (kind === 'Adopted') {
        log.info('Helm release is adopted', fields);
      } else {
        log.warn('Helm release is not adopted', fields);
      }
    },
    told(workload, { kind, message }) {
      const isGood = kind === 'Adopted';
      const fields = { workload: describeWorkload(workload), reason: kind, note: message };
      if (isGood) {
        log.info('workload is adopted', fields);
      } else {
        log.warn('workload is not adopted', fields);
      }
      const { namespace, name, uid } = workload;
      const type = workloadTypes[workload.kind];
      events?.record({
        regarding: { apiVersion: apiVersionOf(type), kind: type.kind, metadata: { namespace, name, uid } },
        type: isGood ? 'Normal' : 'Warning',
        reason: kind,
        action: 'Adopt',
        note: message,
      });
    },
  };
}
