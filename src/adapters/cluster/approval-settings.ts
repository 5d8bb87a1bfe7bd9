/** Fulfils the engine's ApprovalSettings. */
import { keelKeys } from '../../core/adopt/keel.ts';
import type { ApprovalSettings } from '../../engine/ports/approval-settings.ts';
import type { KubeClient } from '../../kube/client.ts';
import { apps, fieldManager, workloadTypes } from './kinds.ts';

export function createApprovalSettings(client: KubeClient): ApprovalSettings {
  return {
    async setOnApp(app, required, signal) {
      const body = { spec: { gates: { approvals: { required } } } };
      await client.patch(apps, app, { kind: 'merge', body }, { fieldManager, signal });
    },
    async setOnWorkload(workload, required, signal) {
      const metadata = {
        annotations: { [keelKeys.approvals]: String(required) },
        labels: { [keelKeys.approvals]: null },
      };
      const patch = { kind: 'merge', body: { metadata } } as const;
      await client.patch(workloadTypes[workload.kind], workload, patch, { fieldManager, signal });
    },
  };
}
