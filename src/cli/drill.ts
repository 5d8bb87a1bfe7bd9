import { bySchedule, type DrillOutcome } from '../core/drill/drill.ts';
import { formatDuration, parseDuration } from '../core/duration.ts';
import { isOperationError } from '../core/errors.ts';
import type { AppObjectWire } from '../resources/app/decode-app.ts';
import { leastTimeoutMs } from '../resources/checkpoint/decode-drill.ts';
import type { DrillStatusWire } from '../resources/checkpoint/drill.ts';
import { drillKey, encodeDrillRequest } from '../resources/checkpoint/drill-codec.ts';
import {
  type Command,
  connectionOf,
  connectionOptions,
  type ExitCode,
  namespaceOption,
  type Options,
  outputOption,
  usageError,
} from './command.ts';
import { formatJson, harmless } from './table.ts';

const exitCodes: Readonly<Record<DrillOutcome, ExitCode>> = { Passed: 0, Failed: 1, Refused: 1, Inconclusive: 3 };

/** How long the controller may take to see the request. */
const patienceMs = 60_000;

export const drillCommand: Command = {
  name: 'drill',
  summary:
    "Bring the newest checkpoint of an App back into a namespace of its own, and run the App's tests there; the App itself is not touched.",
  arguments: [{ syntax: '<app>', description: 'the App' }],
  options: [
    ...connectionOptions,
    namespaceOption,
    { flags: '--keep', description: 'leave the namespace for a day, to look at' },
    { flags: '--timeout <duration>', description: 'how long it may take; else that of spec.backup.drill, or 30m' },
    outputOption,
  ],
  async run({ arguments: [name], options, print, warn, signal }) {
    if (name === undefined) {
      throw usageError('drill: name the App');
    }
    const timeout = timeoutOf(options);
    const { withConnection } = await import('../app/commands/connect.ts');
    const { requireApp } = await import('../engine/update/approve.ts');
    const { keptCheckpoints } = await import('../engine/checkpoint/kept-checkpoints.ts');
    return await withConnection<ExitCode>(connectionOf(options), async ({ namespace, ...context }) => {
      const app = { namespace: options.text('namespace') ?? namespace, name };
      await requireApp(context.records, app, signal);
      const updates = await context.records.readUpdates({ namespace: app.namespace, app: name }, signal);
      if (keptCheckpoints(updates).length === 0) {
        throw usageError(
          `drill ${app.namespace}/${name}: it has no complete checkpoint; one is made before its next Update, where it has spec.backup`,
        );
      }
      const by = await context.reviews.whoAmI(signal);
      const request = encodeDrillRequest({ at: context.clock.now(), by, keep: options.flag('keep'), timeout });
      await context.records.annotateApp(app, { [drillKey]: request }, signal);
      const drill = await untilEnded((ending) => context.followApp(app, ending), { request, app: name, warn, signal });
      print(options.text('output') === 'json' ? formatJson(drill) : harmless(sayDrill(drill)));
      return exitCodes[drill.outcome ?? 'Refused'];
    });
  },
};

function timeoutOf(options: Options): string | undefined {
  const text = options.text('timeout');
  try {
    if (text === undefined || parseDuration(text, '--timeout') >= leastTimeoutMs) {
      return text;
    }
  } catch (error) {
    if (!isOperationError(error)) {
      throw error;
    }
  }
  throw usageError(`--timeout: "${text}" is not 1m or more, written as 30m or 1h30m`);
}

interface Waiting {
  /** As it was written. */
  readonly request: string;
  readonly app: string;
  readonly warn: (line: string) => void;
  readonly signal: AbortSignal;
}

type Follow = (signal: AbortSignal) => AsyncIterable<AppObjectWire>;

/** `Asked`: nobody has begun it; `Behind`: another one is under way; `Taken`: it is under way; `Missed`: one of the schedule came after it. */
type Seen =
  | { readonly kind: 'Asked' | 'Behind' | 'Taken' | 'Missed' }
  | { readonly kind: 'Ended'; readonly drill: DrillStatusWire };

/** @throws USAGE when the App is deleted, or nobody takes the request */
async function untilEnded(follow: Follow, waiting: Waiting): Promise<DrillStatusWire> {
  const { app, signal } = waiting;
  for (;;) {
    const patience = AbortSignal.timeout(patienceMs);
    const seen = await look(follow(AbortSignal.any([signal, patience])), waiting);
    if (seen.kind === 'Ended') {
      return seen.drill;
    }
    signal.throwIfAborted();
    if (seen.kind === 'Missed') {
      throw usageError(
        `drill ${app}: it is over, and its schedule has begun another; the Events of the App tell how it ended`,
      );
    }
    if (!patience.aborted) {
      throw usageError(`drill ${app}: the App was deleted`);
    }
    if (seen.kind === 'Asked') {
      throw usageError(
        `drill ${app}: no controller has begun it; is Headgate running, with the version of this command?`,
      );
    }
  }
}

async function look(changes: AsyncIterable<AppObjectWire>, { request, warn }: Waiting): Promise<Seen> {
  let seen: Seen = { kind: 'Asked' };
  let step = '';
  for await (const { status } of changes) {
    const drill = status?.drill;
    seen = seenOf(drill, request);
    if (seen.kind === 'Ended' || seen.kind === 'Missed') {
      return seen;
    }
    if (seen.kind === 'Taken' && drill && drill.step !== step) {
      step = drill.step;
      warn(harmless(`${step}: checkpoint ${drill.checkpoint} in Namespace ${drill.namespace}`));
    }
  }
  return seen;
}

/** How the drill of this request stands. One of the schedule carries the last request on, and is not that of the request. */
export function seenOf(drill: DrillStatusWire | undefined, request: string): Seen {
  const hasEnded = drill === undefined || drill.step === 'Ended';
  if (drill?.request !== request) {
    return { kind: hasEnded ? 'Asked' : 'Behind' };
  }
  if (drill.by === bySchedule) {
    return { kind: 'Missed' };
  }
  return hasEnded ? { kind: 'Ended', drill } : { kind: 'Taken' };
}

function sayDrill({
  outcome,
  checkpoint,
  message = '',
  durationSeconds,
  tests = [],
  namespace,
}: DrillStatusWire): string {
  const lines = tests.map(({ name, verdict, message: said }) => `test ${name}: ${verdict ?? 'not ended'}: ${said}`);
  const second = 1_000;
  const took = durationSeconds === undefined ? '' : ` after ${formatDuration(durationSeconds * second)}`;
  return [...lines, `${outcome}${took}: checkpoint ${checkpoint} in Namespace ${namespace}: ${message}`].join('\n');
}
