/** What befalls the replicas of a soak, from a seed: the same seed and length give the same plan. */
import fc from 'fast-check';

/** `again`: the content of the last bad version under a newer tag. `older`: a tag below all that runs. */
export const versionKinds = ['good', 'crash', 'hang', 'older', 'again'] as const;

export type VersionKind = (typeof versionKinds)[number];

export type Blow =
  | { readonly kind: 'publish'; readonly app: number; readonly version: VersionKind }
  | { readonly kind: 'registryAway'; readonly seconds: number }
  | { readonly kind: 'apiServerRestarts'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly kind: 'kill'; readonly replica: number }
  | { readonly kind: 'freeze'; readonly replica: number; readonly seconds: number }
  /** Of the wall clock of that replica, from what it shows by then. */
  | { readonly kind: 'clockJumps'; readonly replica: number; readonly seconds: number };

export interface SoakEvent {
  /** Place in the plan, from 0; what `SOAK_SKIP` names. */
  readonly number: number;
  /** Time after the event before. */
  readonly afterMs: number;
  readonly blow: Blow;
}

export const appCount = 4;
export const replicaCount = 3;

const replica = fc.nat(replicaCount - 1);

const weighted = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      app: fc.nat(appCount - 1),
      version: fc.oneof(
        { weight: 6, arbitrary: fc.constant('good' as const) },
        { weight: 4, arbitrary: fc.constantFrom(...versionKinds.slice(1)) },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('registryAway' as const), seconds: fc.integer({ min: 1, max: 15 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('apiServerRestarts' as const),
      signal: fc.constantFrom('SIGTERM' as const, 'SIGKILL' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill' as const), replica }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('freeze' as const),
      replica,
      seconds: fc.constantFrom(2, 20, 60),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('clockJumps' as const),
      replica,
      seconds: fc.integer({ min: -45, max: 45 }),
    }),
  },
);

/** A plan is longer than what fits into its time: it ends with the time. */
const eventsPerMinute = 30;

export function planOf(seed: number, minutes: number): readonly SoakEvent[] {
  const length = Math.ceil(minutes * eventsPerMinute);
  const one = fc.record({ afterMs: fc.integer({ min: 500, max: 6_000 }), blow: weighted });
  const [plan = []] = fc.sample(fc.array(one, { minLength: length, maxLength: length, size: 'max' }), {
    seed,
    numRuns: 1,
  });
  return plan.map((event, number) => ({ number, ...event }));
}

/** @param text numbers and spans of events, as `3,7-12`; throws a TypeError that names what is neither */
export function parseNumbers(text: string): ReadonlySet<number> {
  const parts = text.split(',').filter((part) => part.trim() !== '');
  return new Set(
    parts.flatMap((part) => {
      const [, from, to = from] = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part) ?? [];
      if (from === undefined) {
        throw new TypeError(`SOAK_SKIP: ${JSON.stringify(part)} is no number of an event and no span as 7-12`);
      }
      return Array.from({ length: Math.max(0, Number(to) - Number(from) + 1) }, (_, at) => Number(from) + at);
    }),
  );
}

/** As `SOAK_SKIP` takes it. */
export function formatNumbers(numbers: Iterable<number>): string {
  const spans: [number, number][] = [];
  for (const number of [...numbers].toSorted((left, right) => left - right)) {
    const last = spans.at(-1);
    if (last !== undefined && last[1] === number - 1) {
      last[1] = number;
    } else {
      spans.push([number, number]);
    }
  }
  return spans.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/**
 * Cuts what a failing plan does not need, half by half, then quarter by quarter (ddmin).
 *
 * @param fails runs what is left of the plan, and answers whether it still fails
 * @param tries how often at most
 * @returns the smallest plan that failed
 */
export async function cutPlan(
  plan: readonly SoakEvent[],
  fails: (rest: readonly SoakEvent[]) => Promise<boolean>,
  tries: number,
): Promise<readonly SoakEvent[]> {
  let rest = plan;
  let left = tries;
  for (let parts = 2; parts <= rest.length && left > 0; ) {
    const size = Math.ceil(rest.length / parts);
    let shorter: readonly SoakEvent[] | undefined;
    for (let from = 0; from < rest.length && left > 0 && shorter === undefined; from += size) {
      const without = rest.toSpliced(from, size);
      left -= 1;
      shorter = (await fails(without)) ? without : undefined;
    }
    parts = shorter === undefined ? parts * 2 : Math.max(2, parts - 1);
    rest = shorter ?? rest;
  }
  return rest;
}
