/** What the journal says of checkpoint and data: wire form <-> domain. */
import type { Checkpoint, DataRestore } from '../../core/checkpoint/checkpoint.ts';
import { clipMessage } from '../../core/text.ts';
import type { Journal } from '../../core/update/journal.ts';
import type { UpdateStatusWire } from '../update/update.ts';

type Facts = Pick<Journal, 'checkpoint' | 'stopped' | 'ran' | 'dataRestore'>;
type FactsWire = Pick<UpdateStatusWire, 'checkpoint' | 'stopped' | 'ran' | 'dataRestore'>;

export function decodeCheckpointFacts({ checkpoint, stopped, ran, dataRestore }: FactsWire): Facts {
  return {
    ...(checkpoint && { checkpoint: decodeCheckpoint(checkpoint) }),
    ...(stopped && { stopped }),
    ...(ran !== undefined && { ran }),
    ...(dataRestore && { dataRestore: decodeDataRestore(dataRestore) }),
  };
}

export function encodeCheckpointFacts({ checkpoint, stopped, ran, dataRestore }: Facts): FactsWire {
  return {
    ...(checkpoint && { checkpoint: encodeCheckpoint(checkpoint) }),
    ...(stopped && { stopped: stopped.map((one) => ({ ...one })) }),
    ...(ran !== undefined && { ran }),
    ...(dataRestore && { dataRestore: encodeDataRestore(dataRestore) }),
  };
}

function decodeCheckpoint(wire: NonNullable<FactsWire['checkpoint']>): Checkpoint {
  const { durationSeconds: _, startedAt, finishedAt, expiresAt, sealedAt, volumes, ...rest } = wire;
  return {
    ...present(rest),
    ...(volumes && { volumes: volumes.map(present) }),
    startedAt: new Date(startedAt),
    ...times({ finishedAt, expiresAt, sealedAt }),
  };
}

function encodeCheckpoint(checkpoint: Checkpoint): NonNullable<FactsWire['checkpoint']> {
  const { startedAt, finishedAt, expiresAt, sealedAt, message, volumes, velero, ...rest } = checkpoint;
  const second = 1_000;
  return {
    ...rest,
    startedAt: startedAt.toISOString(),
    ...texts({ finishedAt, expiresAt, sealedAt }),
    ...(message !== undefined && { message: clipMessage(message) }),
    ...(volumes && { volumes: volumes.map((one) => ({ ...one })) }),
    ...(velero && { velero: { ...velero, claims: [...velero.claims] } }),
    ...(finishedAt && {
      durationSeconds: Math.max(0, Math.round((finishedAt.getTime() - startedAt.getTime()) / second)),
    }),
  };
}

function decodeDataRestore({ startedAt, finishedAt, ...rest }: NonNullable<FactsWire['dataRestore']>): DataRestore {
  return { ...present(rest), ...times({ startedAt, finishedAt }) };
}

function encodeDataRestore(restore: DataRestore): NonNullable<FactsWire['dataRestore']> {
  const { startedAt, finishedAt, message, volumes, moved, ...rest } = restore;
  return {
    ...rest,
    ...texts({ startedAt, finishedAt }),
    ...(message !== undefined && { message: clipMessage(message) }),
    ...(volumes && { volumes: volumes.map((one) => ({ ...one })) }),
    ...(moved && { moved: moved.map((one) => ({ ...one })) }),
  };
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Fields that are undefined are left out. */
function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}

function times<K extends string>(texts: Readonly<Record<K, string | undefined>>): { readonly [P in K]?: Date } {
  return Object.fromEntries(
    Object.entries<string | undefined>(texts).flatMap(([key, text]) =>
      text === undefined ? [] : [[key, new Date(text)]],
    ),
  ) as { [P in K]?: Date };
}

function texts<K extends string>(times: Readonly<Record<K, Date | undefined>>): { readonly [P in K]?: string } {
  return Object.fromEntries(
    Object.entries<Date | undefined>(times).flatMap(([key, time]) =>
      time === undefined ? [] : [[key, time.toISOString()]],
    ),
  ) as { [P in K]?: string };
}
