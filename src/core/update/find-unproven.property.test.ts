/** Whatever the Updates of an App come to, the next one can always go back to versions that have proved themselves. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findUnproven } from './find-unproven.ts';
import type { UpdatePhase } from './journal.ts';

interface Ending {
  readonly phase: UpdatePhase;
  readonly applied: boolean;
  /** What stands in the cluster afterwards. */
  readonly leaves: 'its version' | 'what going back sets' | 'what stood there';
}

const succeeded: Ending = { phase: 'Succeeded', applied: true, leaves: 'its version' };
const rolledBack: Ending = { phase: 'RolledBack', applied: true, leaves: 'what going back sets' };
const superseded: Ending = { phase: 'Superseded', applied: true, leaves: 'its version' };
const cancelled: Ending = { phase: 'Cancelled', applied: false, leaves: 'what stood there' };
/** Before the cluster has shown anything of it, as a pull request that somebody closes. */
const givenUp: Ending = { phase: 'Cancelled', applied: true, leaves: 'what stood there' };
const refused: Ending = { phase: 'Failed', applied: false, leaves: 'what stood there' };
/** Although its version was not to blame. */
const wentBack: Ending = { phase: 'Failed', applied: true, leaves: 'what going back sets' };

/** An App with the Updates that it has had; versions are numbers. */
class History {
  readonly past: (Ending & { readonly former: number })[] = [];
  readonly proven = new Set([0]);
  #standing = 0;

  /** What the plan of the next Update goes back to. */
  get former(): number {
    return findUnproven(this.past)?.former ?? this.#standing;
  }

  add(ending: Ending): void {
    const { former } = this;
    const version = this.past.length + 1;
    if (ending.phase === 'Succeeded') {
      this.proven.add(version);
    }
    const standing = { 'its version': version, 'what going back sets': former, 'what stood there': this.#standing };
    this.#standing = standing[ending.leaves];
    this.past.unshift({ ...ending, former });
  }
}

test('the way back leads to a version that proved itself', () => {
  const endings = fc.constantFrom(succeeded, rolledBack, superseded, cancelled, givenUp, refused, wentBack);
  fc.assert(
    fc.property(fc.array(endings, { maxLength: 12 }), (history) => {
      const app = new History();
      for (const ending of history) {
        app.add(ending);
        expect(app.proven).toContain(app.former);
      }
    }),
    { numRuns: 2_000 },
  );
});

test.each<[string, readonly Ending[], Ending | undefined]>([
  ['none yet', [], undefined],
  ['superseded', [superseded], superseded],
  ['superseded, then one cancelled at a gate', [cancelled, superseded], superseded],
  ['superseded, then several that changed nothing', [refused, cancelled, givenUp, superseded], superseded],
  ['superseded, then one that succeeded', [succeeded, superseded], undefined],
  ['superseded, then one that went back', [rolledBack, superseded], undefined],
])('%s', (_, past, expected) => {
  expect(findUnproven(past)).toBe(expected);
});
