/** Restore drills: wire form <-> what the product works with. */
import Type from 'typebox';
import type { Drill, DrillRequest } from '../../core/drill/drill.ts';
import { parseDuration } from '../../core/duration.ts';
import { isOperationError } from '../../core/errors.ts';
import { clipMessage } from '../../core/text.ts';
import type { AppObjectWire } from '../app/decode-app.ts';
import { setConditions } from '../conditions.ts';
import { decoderOf } from '../decode.ts';
import { decodeTest, encodeTest } from '../update/test-record-codec.ts';
import { leastTimeoutMs } from './decode-drill.ts';
import type { DrillStatusWire } from './drill.ts';

/** Annotation on an App: another value asks for a drill now. */
export const drillKey = 'headgate.dev/drill';

const Request = Type.Object({
  at: Type.String({ maxLength: 64 }),
  by: Type.String({ maxLength: 512 }),
  keep: Type.Optional(Type.Boolean()),
  timeout: Type.Optional(Type.String({ maxLength: 32 })),
});

const decodeShape = decoderOf(Request);

/** The annotation that asks for a drill. @param at makes it another request than the one before */
export function encodeDrillRequest(request: {
  readonly at: Date;
  readonly by: string;
  readonly keep: boolean;
  readonly timeout: string | undefined;
}): string {
  const { at, timeout, ...rest } = request;
  return JSON.stringify({ at: at.toISOString(), ...rest, ...(timeout !== undefined && { timeout }) });
}

const longestRequest = 1_024;

/** Whoever may write Apps may ask, also by hand: what cannot be read is a plain request. */
export function drillRequestOf({ metadata }: AppObjectWire): DrillRequest | undefined {
  const text = metadata.annotations?.[drillKey]?.slice(0, longestRequest);
  if (text === undefined) {
    return undefined;
  }
  try {
    const { by, keep = false, timeout } = decodeShape(JSON.parse(text), `annotation ${drillKey}`);
    const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout, 'timeout');
    return { text, by, keep, timeoutMs: timeoutMs === undefined ? undefined : Math.max(timeoutMs, leastTimeoutMs) };
  } catch (error) {
    if (error instanceof SyntaxError || isOperationError(error)) {
      return { text, by: 'somebody who may write the App', keep: false, timeoutMs: undefined };
    }
    throw error;
  }
}

export function drillOf({ status }: AppObjectWire): Drill | undefined {
  const wire = status?.drill;
  if (wire === undefined) {
    return undefined;
  }
  const { startedAt, until, finishedAt, durationSeconds: _, lastPassedAt: __, tests = [], ...rest } = wire;
  return {
    ...rest,
    checkpoint: rest.checkpoint,
    request: rest.request,
    keep: rest.keep ?? false,
    startedAt: new Date(startedAt),
    until: new Date(until),
    ...(finishedAt !== undefined && { finishedAt: new Date(finishedAt) }),
    tests: tests.map(decodeTest),
  };
}

type Status = NonNullable<AppObjectWire['status']>;

/** The status of an App with this drill in it, and the condition that tells of the last one that has ended. */
export function statusWithDrill(app: AppObjectWire, drill: Drill, now: Date): Status {
  const wire = encodeDrill(drill, app.status?.drill);
  const others = (app.status?.conditions ?? []).filter(({ type }) => type !== 'Drilled');
  return { ...app.status, drill: wire, conditions: [...others, ...drillCondition(app, wire, now)] };
}

/** One while a drill is under way stays as it was. */
export function drillCondition(
  app: AppObjectWire,
  drill: DrillStatusWire | undefined,
  now: Date,
): NonNullable<Status['conditions']> {
  const before = app.status?.conditions?.filter(({ type }) => type === 'Drilled') ?? [];
  if (drill?.outcome === undefined || drill.step !== 'Ended') {
    return before;
  }
  const status = drill.outcome === 'Passed' ? 'True' : drill.outcome === 'Failed' ? 'False' : 'Unknown';
  const verdict = { status, reason: `Drill${drill.outcome}`, message: drill.message ?? '' } as const;
  return setConditions(before, { Drilled: verdict }, app.metadata.generation ?? 0, now);
}

function encodeDrill(drill: Drill, before: DrillStatusWire | undefined): DrillStatusWire {
  const { startedAt, until, finishedAt, tests, message, ...rest } = drill;
  const passedAt = drill.outcome === 'Passed' && finishedAt ? finishedAt.toISOString() : before?.lastPassedAt;
  const { checkpoint, request, namespaceUid, job, outcome, ...always } = rest;
  const second = 1_000;
  return {
    ...always,
    ...(checkpoint !== undefined && { checkpoint }),
    ...(request !== undefined && { request }),
    ...(namespaceUid !== undefined && { namespaceUid }),
    ...(job !== undefined && { job }),
    ...(outcome !== undefined && { outcome }),
    ...(message !== undefined && { message: clipMessage(message) }),
    ...(tests.length > 0 && { tests: tests.map(encodeTest) }),
    startedAt: startedAt.toISOString(),
    until: until.toISOString(),
    ...(finishedAt && {
      finishedAt: finishedAt.toISOString(),
      durationSeconds: Math.max(0, Math.round((finishedAt.getTime() - startedAt.getTime()) / second)),
    }),
    ...(passedAt !== undefined && { lastPassedAt: passedAt }),
  };
}
