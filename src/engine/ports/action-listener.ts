/** Told of what people and programs do by the API. */
import type { ActionRecord } from '../../core/access/action-record.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';

export interface ActionListener {
  actionDone(
    regarding: { readonly kind: 'App' | 'Update' | 'Channel'; readonly metadata: AppObjectWire['metadata'] },
    action: ActionRecord,
  ): void;
}
