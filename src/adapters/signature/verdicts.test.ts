import { expect, test } from 'vitest';
import { createManualClock } from '../../../test/kube/manual-clock.ts';
import type { SignatureVerdict, VerificationRequest } from '../../engine/ports/signatures.ts';
import { rememberVerdicts } from './verdicts.ts';

const repository = { registry: 'registry.test', path: 'org/app' };
const request: VerificationRequest = {
  place: { repository, access: { insecure: false } },
  digest: `sha256:${'a'.repeat(64)}`,
  policy: {
    signers: { kind: 'Keys', secret: 'keys' },
    signature: 'Required',
    transparencyLog: 'Ignored',
    predicateTypes: [],
    trustedRoot: undefined,
  },
  trust: { keys: [{ name: 'a', pem: 'A' }], trustedRoot: undefined },
};
const verified: SignatureVerdict = { kind: 'Verified', by: ['a'] };
const unverified: SignatureVerdict = { kind: 'Unverified', reason: 'no trusted signature: there is none' };

/** Verdicts that are asked once a minute; the minutes at which the registry would have been asked. */
async function minutesAsked(verdict: SignatureVerdict, minutes: number): Promise<number[]> {
  const clock = createManualClock();
  const verdicts = rememberVerdicts(clock);
  const asked: number[] = [];
  for (let minute = 0; minute <= minutes; minute += 1) {
    await verdicts.recall(request, async () => {
      asked.push(minute);
      return verdict;
    });
    await clock.advance(60_000);
  }
  return asked;
}

test('a verified digest is never asked for again', async () => {
  expect(await minutesAsked(verified, 1_000)).toEqual([0]);
});

test('one that is not is asked for ever less often, but at least once an hour', async () => {
  expect(await minutesAsked(unverified, 270)).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 124, 184, 244]);
});

test.each([
  { other: 'digest', change: { ...request, digest: `sha256:${'b'.repeat(64)}` } },
  { other: 'key', change: { ...request, trust: { ...request.trust, keys: [{ name: 'a', pem: 'B' }] } } },
  { other: 'policy', change: { ...request, policy: { ...request.policy, transparencyLog: 'Required' as const } } },
  {
    other: 'repository',
    change: { ...request, place: { ...request.place, repository: { ...repository, path: 'org/b' } } },
  },
])('what holds for one $other holds for no other', async ({ change }) => {
  const verdicts = rememberVerdicts(createManualClock());
  await verdicts.recall(request, async () => verified);

  expect(await verdicts.recall(change, async () => unverified)).toEqual(unverified);
  expect(await verdicts.recall(request, async () => unverified)).toEqual(verified);
});

test('a push makes what was not signed be looked at again, and only that', async () => {
  const clock = createManualClock();
  const verdicts = rememberVerdicts(clock);
  const unsigned = { ...request, digest: `sha256:${'b'.repeat(64)}` };
  await verdicts.recall(request, async () => verified);
  await verdicts.recall(unsigned, async () => unverified);
  await clock.advance(60_000);
  await verdicts.recall(unsigned, async () => unverified);

  expect(await verdicts.recall(unsigned, async () => verified)).toEqual(unverified);
  verdicts.forget(repository);
  expect(await verdicts.recall(unsigned, async () => verified)).toEqual(verified);
  expect(await verdicts.recall(request, async () => unverified)).toEqual(verified);
});

test('an error is not remembered', async () => {
  const verdicts = rememberVerdicts(createManualClock());
  await expect(verdicts.recall(request, () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');

  expect(await verdicts.recall(request, async () => verified)).toEqual(verified);
});
