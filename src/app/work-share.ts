/** Which part of the work this process does: one replica leads, and the Updates are shared out by the shard of their App. */
import type { KubeClient } from '../kube/client.ts';
import type { LeaseHold } from '../kube/lease-term.ts';
import { shardOf } from '../kube/rendezvous.ts';
import { joinShards } from '../kube/shards.ts';
import { claimsAnnotation, replicasLabel } from '../resources/metadata.ts';

export interface WorkShare {
  /** Whether this process does what one replica does alone: checks, Apps, adoption, notices, channels. */
  isLeading(): boolean;
  /** Settles when it leads, and when everything was stopped. */
  readonly leading: Promise<void>;
  /** Whether the Updates of an App (`namespace/name`) are this process's. */
  has(app: string): boolean;
  /** Begins a pass of an Update of that App. @returns ends it, and must be called; undefined: another replica has it */
  enter(app: string): (() => void) | undefined;
}

/** For a process that has no other beside it. */
export const wholeWork: WorkShare = {
  isLeading: () => true,
  leading: Promise.resolve(),
  has: () => true,
  enter: () => () => undefined,
};

export interface SharedWork extends WorkShare, LeaseHold {
  /** From now on this process leads. */
  lead(): void;
  /** Resolves when the others can know of this process. */
  readonly joined: Promise<void>;
  /** How many shards it has. */
  countShards(): number;
  /** Aborted with LEASE_LOST. */
  readonly signal: AbortSignal;
  /** Gives everything back; all work must have ended. */
  leave(): Promise<void>;
}

export interface ShareOptions {
  readonly client: KubeClient;
  /** That of the leader, after which those of the replicas are named. */
  readonly lease: { readonly namespace: string; readonly name: string };
  readonly identity: string;
  /** Apps of which it is true are this process's from now on. */
  readonly onTake: (isTaken: (app: string) => boolean) => void;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Enough that a few replicas have about the same, few enough that a Lease can name all of its own. */
const shards = 64;

export function shareWork({ client, lease, identity, onTake, onError, signal }: ShareOptions): SharedWork {
  const { promise: leading, resolve } = Promise.withResolvers<void>();
  let isLeading = false;
  const member = joinShards({
    client,
    ...lease,
    identity,
    shards,
    label: replicasLabel,
    annotation: claimsAnnotation,
    onTake: (shard) => onTake((app) => shardOf(app, shards) === shard),
    onError,
  });
  for (const end of [signal, member.signal]) {
    end.addEventListener('abort', () => resolve(), { once: true });
  }
  const enter = (app: string) => member.enter(shardOf(app, shards));
  return {
    isLeading: () => isLeading,
    leading,
    has: (app) => member.owned.includes(shardOf(app, shards)),
    enter,
    lead() {
      isLeading = true;
      resolve();
    },
    joined: member.joined,
    countShards: () => member.owned.length,
    isHeld: () => member.isHeld(),
    assertHeld: () => member.assertHeld(),
    signal: member.signal,
    leave: () => member.leave(),
  };
}
