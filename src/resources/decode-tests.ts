/** Tests of an App: wire form -> what the product works with. */
import type { AppTest, TestPace } from '../core/app-test/app-test.ts';
import { parseDuration } from '../core/duration.ts';
import { isOperationError } from '../core/errors.ts';
import type { AppTestWire } from './app-tests.ts';
import { invalidObject } from './decode.ts';
import { decodeHttpProbe } from './decode-http-probe.ts';

/** @throws OBJECT_INVALID naming each wrong field, value and remedy */
export function decodeTests(tests: readonly AppTestWire[] = []): readonly AppTest[] {
  const problems: string[] = [];
  const read = tests.flatMap((test, index) => {
    try {
      return [decodeTest(test, `spec.tests[${index}]`)];
    } catch (error) {
      if (!isOperationError(error)) {
        throw error;
      }
      problems.push(error.message);
      return [];
    }
  });
  const names = tests.map(({ name }) => name);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  problems.push(...[...twice].map((name) => `two are named "${name}"; give each a name of its own`));
  if (problems.length > 0) {
    throw invalidObject('spec.tests', problems);
  }
  return read;
}

function decodeTest(test: AppTestWire, field: string): AppTest {
  const { name, http } = test;
  if (http === undefined) {
    throw invalidObject(field, ['http must be set']);
  }
  return { name, pace: decodePace(test, field), probe: decodeHttpProbe(http, `${field}.http`) };
}

function decodePace(test: AppTestWire, field: string): TestPace {
  const timeoutMs = parseDuration(test.timeout ?? '5m', `${field}.timeout`);
  if (timeoutMs < 1_000) {
    throw invalidObject(`${field}.timeout`, [`"${test.timeout}" leaves no time for an attempt; use 1s or more`]);
  }
  return {
    timeoutMs,
    intervalMs: parseDuration(test.interval ?? '10s', `${field}.interval`),
    initialDelayMs: parseDuration(test.initialDelay ?? '0s', `${field}.initialDelay`),
    count: test.count ?? 1,
    failureLimit: test.failureLimit ?? 2,
    inconclusiveLimit: test.inconclusiveLimit ?? 0,
    late: 'Fail',
  };
}
