/**
 * Chaos for some minutes: `make soak MINUTES=30 [SEED=n] [SKIP=3,7-12] [SHRINK=tries]`. A failure prints what repeats it.
 *
 * The seed repeats the plan, not the moments at which the programs meet: a plan may have to be played more than once.
 */
import { expect, test } from 'vitest';
import { cutPlan, formatNumbers, parseNumbers, planOf, type SoakEvent } from './plan.ts';
import { playSoak, type SoakOutcome } from './soak.ts';

const minutes = Number(process.env['SOAK_MINUTES'] ?? 5);
const seed = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const skipped = parseNumbers(process.env['SOAK_SKIP'] ?? '');
/** Runs that a failing plan may take to be cut. */
const tries = Number(process.env['SOAK_SHRINK'] ?? 0);

/** Opening, coming to rest and closing, on a busy machine. */
const aroundMs = 600_000;
const playMs = minutes * 60_000;

test(`nothing that must stay true is broken in ${minutes} minutes of chaos`, {
  timeout: (playMs + aroundMs) * (1 + tries),
  retry: 0,
}, async () => {
  const plan = planOf(seed, minutes).filter(({ number }) => !skipped.has(number));
  process.stdout.write(`soak: SEED=${seed} MINUTES=${minutes}, ${plan.length} events at most\n`);

  const outcome = await playSoak(plan, playMs);
  process.stdout.write(`soak: ${outcome.said}\n`);

  expect(outcome.violations, await tellHow(plan, outcome)).toEqual([]);
});

async function tellHow(plan: readonly SoakEvent[], { violations, said }: SoakOutcome): Promise<string> {
  const fails = async (rest: readonly SoakEvent[]) => (await playSoak(rest, playMs)).violations.length > 0;
  const needed = violations.length > 0 && tries > 0 ? await cutPlan(plan, fails, tries) : plan;
  const kept = new Set(needed.map(({ number }) => number));
  const without = planOf(seed, minutes).filter(({ number }) => !kept.has(number));
  const skip = without.length > 0 ? ` SKIP=${formatNumbers(without.map(({ number }) => number))}` : '';
  return `${said}; again: make soak MINUTES=${minutes} SEED=${seed}${skip}, SHRINK=8 to cut the plan`;
}
