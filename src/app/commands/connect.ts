/** For commands that ask the cluster and end: a client and Headgate's own objects. */
import { createAccessReviews } from '../../adapters/cluster/access-reviews.ts';
import { createDirectChannels } from '../../adapters/cluster/channels.ts';
import { apps, updates } from '../../adapters/cluster/kinds.ts';
import { createDirectRecords } from '../../adapters/cluster/records.ts';
import type { AccessReviews } from '../../engine/ports/access-reviews.ts';
import type { DirectChannels } from '../../engine/ports/channels.ts';
import type { DirectRecords } from '../../engine/ports/records.ts';
import { createKubeClient } from '../../kube/client.ts';
import { type Clock, systemClock } from '../../kube/clock.ts';
import { type AppObjectWire, decodeApp } from '../../resources/app/decode-app.ts';
import { decodeUpdate, hasEnded, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import { type ConnectionOptions, loadConnection } from '../config.ts';
import { followObject } from './follow-object.ts';

export interface Connection {
  readonly records: DirectRecords;
  readonly reviews: AccessReviews;
  readonly channels: DirectChannels;
  /** Namespace of the kubeconfig's context, where none is given. */
  readonly namespace: string;
  readonly clock: Clock;
  /** An App as it changes; ends when it is deleted, or with the signal. */
  readonly followApp: (
    app: { readonly namespace: string; readonly name: string },
    signal: AbortSignal,
  ) => AsyncIterable<AppObjectWire>;
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
      followApp: (app, signal) => followObject(client, { type: apps, decode: decodeApp }, app, signal),
      followUpdate: (update, signal) =>
        followObject(client, { type: updates, decode: decodeUpdate, isLast: hasEnded }, update, signal),
    });
  } finally {
    await client.close();
  }
}
