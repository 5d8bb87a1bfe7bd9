/** What somebody did by the API is kept with the object that it was done to. */
import { type ActionName, type ActionRecord, withAction } from '../../core/access/action-record.ts';
import type { Caller } from '../../core/access/caller.ts';
import { isOperationError } from '../../core/errors.ts';
import { decodeActions, encodeActions } from '../../resources/action-record.ts';
import { journalOf } from '../../resources/update/decode-update.ts';
import type { AccessReviews } from '../ports/access-reviews.ts';
import type { ActionListener } from '../ports/action-listener.ts';
import type { DirectChannels } from '../ports/channels.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';

export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** Who acts, from where and why. */
export interface Actor {
  readonly caller: Caller;
  readonly from: string;
  readonly reason: string;
  /** What Kubernetes says of them. */
  readonly reviews: AccessReviews;
}

export interface ActContext {
  readonly records: Records;
  readonly clock: Clock;
  readonly actionListener: ActionListener;
}

const longestReason = 1_024;
const attempts = 5;

function toRecord({ clock }: ActContext, action: ActionName, { caller, from, reason }: Actor): ActionRecord {
  return { action, by: caller.name, at: clock.now(), from, reason: reason.slice(0, longestReason) };
}

/** Also where the App is gone by now: then only the listener is told. @throws API_CONFLICT after several attempts */
export async function recordOnApp(
  context: ActContext,
  name: ObjectName,
  { action, actor }: { readonly action: ActionName; readonly actor: Actor },
  signal: AbortSignal,
): Promise<void> {
  const record = toRecord(context, action, actor);
  await persistently(async () => {
    const app = await context.records.readApp(name.namespace, name.name, signal);
    if (app) {
      const before = app.status?.actions;
      const actions = withAction(before && decodeActions(before), record);
      await context.records.writeAppStatus(app, { ...app.status, actions: encodeActions(actions) }, signal);
      context.actionListener.actionDone({ kind: 'App', metadata: app.metadata }, record);
    }
  });
}

/** The same for an Update. */
export async function recordOnUpdate(
  context: ActContext,
  name: ObjectName,
  { action, actor }: { readonly action: ActionName; readonly actor: Actor },
  signal: AbortSignal,
): Promise<void> {
  const record = toRecord(context, action, actor);
  await persistently(async () => {
    const update = await context.records.readUpdate(name.namespace, name.name, signal);
    if (update) {
      const journal = journalOf(update, context.clock.now());
      const actions = withAction(journal.actions, record);
      await context.records.writeJournal(update, { ...journal, actions }, signal);
      context.actionListener.actionDone({ kind: 'Update', metadata: update.metadata }, record);
    }
  });
}

/** The same for a Channel. */
export async function recordOnChannel(
  context: ActContext & { readonly channels: DirectChannels },
  name: ObjectName,
  { action, actor }: { readonly action: ActionName; readonly actor: Actor },
  signal: AbortSignal,
): Promise<void> {
  const record = toRecord(context, action, actor);
  await persistently(async () => {
    const channel = await context.channels.readChannel(name.namespace, name.name, signal);
    if (channel) {
      const before = channel.status?.actions;
      const actions = withAction(before && decodeActions(before), record);
      await context.channels.writeStatus(channel, { ...channel.status, actions: encodeActions(actions) }, signal);
      context.actionListener.actionDone({ kind: 'Channel', metadata: channel.metadata }, record);
    }
  });
}

/** Controllers write the same objects; who loses reads again. @throws API_CONFLICT after several attempts */
export async function persistently<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      if (!isOperationError(error, 'API_CONFLICT') || attempt === attempts) {
        throw error;
      }
    }
  }
}
