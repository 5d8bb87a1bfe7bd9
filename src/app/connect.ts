/** For commands that ask the cluster and end: a client and Headgate's own objects. */
import { createDirectRecords } from '../adapters/cluster/records.ts';
import type { DirectRecords } from '../engine/ports/records.ts';
import { createKubeClient } from '../kube/client.ts';
import { type Clock, systemClock } from '../kube/clock.ts';
import { type ConnectionOptions, loadConnection } from './config.ts';

export interface Connection {
  readonly records: DirectRecords;
  /** Namespace of the kubeconfig's context, where none is given. */
  readonly namespace: string;
  readonly clock: Clock;
}

/** Connects, runs, and closes whatever happens. */
export async function withConnection<T>(
  options: ConnectionOptions,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const config = await loadConnection(options);
  const client = createKubeClient(config);
  try {
    return await use({
      records: createDirectRecords(client, systemClock),
      namespace: config.namespace ?? 'default',
      clock: systemClock,
    });
  } finally {
    await client.close();
  }
}
