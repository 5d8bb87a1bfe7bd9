/** Where the outbox of each namespace is kept over restarts. */
import type { Outbox } from '../../core/notify/outbox.ts';

export interface StoredOutbox {
  readonly outbox: Outbox;
  /** For the next write; undefined: there is none yet. */
  readonly revision: string | undefined;
}

export interface OutboxStore {
  read(namespace: string, signal: AbortSignal): Promise<StoredOutbox>;
  /** @throws API_CONFLICT when somebody else wrote it since it was read */
  write(namespace: string, outbox: Outbox, revision: string | undefined, signal: AbortSignal): Promise<StoredOutbox>;
}
