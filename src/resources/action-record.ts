/** Actions as they stand in the status of an App, of an Update and of a Channel. */
import Type, { type Static } from 'typebox';
import { type ActionRecord, actionNames, maxActions } from '../core/access/action-record.ts';
import { Text, Time } from './schema-parts.ts';

export const ActionsSchema = Type.Array(
  Type.Object({
    action: Type.Enum([...actionNames], { description: 'What was done.' }),
    by: Text('Who did it, as the API server knows them.', 512),
    at: Time('When.'),
    from: Text('Address that it was asked from.', 64),
    reason: Text('Why, in their words.', 1024),
  }),
  { description: 'What people and programs did by the API, oldest first; the last fifty.', maxItems: maxActions },
);

type ActionsWire = Static<typeof ActionsSchema>;

export function decodeActions(actions: ActionsWire): readonly ActionRecord[] {
  return actions.map(({ at, ...action }) => ({ ...action, at: new Date(at) }));
}

export function encodeActions(actions: readonly ActionRecord[]): ActionsWire {
  return actions.map(({ at, ...action }) => ({ ...action, at: at.toISOString() }));
}
