/**
 * Bytes that others write never end a process, hang it, or come out as an error that nobody expects.
 *
 * Less than a second a parser here; `make fuzz MINUTES=30` gives them all together that long. What was found once lies in `corpus/<parser>/` and is
 * tried first.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOperationError } from '../../src/core/errors.ts';
import { share } from '../thorough.ts';
import { mutated } from './mutate.ts';
import { type FuzzTarget, targets } from './targets.ts';

const secondsEach = Number(process.env['FUZZ_SECONDS'] ?? 0.7 * share);
const mostMs = 2_000;

function corpusOf(name: string): readonly { readonly file: string; readonly bytes: Buffer }[] {
  const folder = join(import.meta.dirname, 'corpus', name);
  try {
    return readdirSync(folder).map((file) => ({ file, bytes: readFileSync(join(folder, file)) }));
  } catch {
    return [];
  }
}

/** Nothing where all is well. */
async function faultOf({ run, allows }: FuzzTarget, bytes: Buffer): Promise<string | undefined> {
  // Of the processor: on a busy machine somebody else's turn is no fault.
  const before = process.cpuUsage();
  try {
    await run(bytes);
  } catch (error) {
    const isExpected = isOperationError(error) ? error.code !== 'INVARIANT' : allows?.(error) === true;
    if (!isExpected) {
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
  }
  const { user, system } = process.cpuUsage(before);
  const ms = (user + system) / 1_000;
  return ms > mostMs ? `took ${Math.round(ms)} ms` : undefined;
}

describe.each(targets)('$name', (target) => {
  test('what was found before', async () => {
    for (const { file, bytes } of corpusOf(target.name)) {
      expect(await faultOf(target, bytes), file).toBeUndefined();
    }
  });

  test('what it is fed to begin with is read', async () => {
    for (const seed of target.seeds) {
      await target.run(Buffer.from(seed));
    }
  });

  test('any bytes', { timeout: secondsEach * 2_000 + 30_000 }, async () => {
    const seeds = [
      ...target.seeds.map((seed) => Buffer.from(seed)),
      ...corpusOf(target.name).map(({ bytes }) => bytes),
    ];
    const property = fc.asyncProperty(mutated(seeds), async (bytes) => {
      const fault = await faultOf(target, bytes);
      if (fault !== undefined) {
        throw new Error(`${fault}\nas base64: ${bytes.toString('base64').slice(0, 4_000)}`);
      }
    });
    const limits = { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: secondsEach * 1_000 };
    await fc.assert(property, { ...limits, markInterruptAsFailure: false });
  });
});
