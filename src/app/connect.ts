/** For commands that ask the cluster and end: a client and Headgate's own objects. */
import { createAccessReviews } from '../adapters/cluster/access-reviews.ts';
import { createDirectChannels } from '../adapters/cluster/channels.ts';
import { createDirectRecords } from '../adapters/cluster/records.ts';
import type { AccessReviews } from '../engine/ports/access-reviews.ts';
import type { DirectChannels } from '../engine/ports/channels.ts';
import type { DirectRecords } from '../engine/ports/records.ts';
import { createKubeClient } from '../kube/client.ts';
import { type Clock, systemClock } from '../kube/clock.ts';
import type { UpdateObjectWire } from '../resources/decode-update.ts';
import { type ConnectionOptions, loadConnection } from './config.ts';
import { followUpdate } from './follow-update.ts';

export interface Connection {
  readonly records: DirectRecords;
  readonly reviews: AccessReviews;
  readonly channels: DirectChannels;
  /** Namespace of the kubeconfig's context, where none is given. */
  readonly namespace: string;
  readonly clock: Clock;
  /** An Update as it changes; ends with it. */
  readonly followUpdate: (
    update: { readonly namespace: string; readonly name: string },
    signal: AbortSignal,
  ) => AsyncIterable<UpdateObjectWire>;
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
      reviews: createAccessReviews(client),
      channels: createDirectChannels(client),
      namespace: config.namespace ?? 'default',
      clock: systemClock,
      followUpdate: (update, signal) => followUpdate(client, update, signal),
    });
  } finally {
    await client.close();
  }
}
