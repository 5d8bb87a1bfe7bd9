/** The faults by name, apart from how each is made, so that the page can be generated without a cluster. */
import type { FaultRow } from './cells.ts';

const goneBack = { ends: ['RolledBack'] };

export const faultRows = {
  headgate: { name: 'Headgate is killed (SIGKILL)', ...goneBack },
  apiServer: { name: 'the API server is killed and started', ...goneBack },
  kubelet: { name: 'the kubelet is away for 30 s', ...goneBack },
  registry: { name: 'the registry is away for 30 s', ...goneBack },
  etcd: { name: 'etcd is compacted and the API server killed', ...goneBack },
  disk: {
    name: 'the disk is full in the backup Job',
    only: { moments: ['BackingUp'], because: 'no backup is made then' },
    ends: ['Failed'],
  },
} as const satisfies Readonly<Record<string, FaultRow>>;
