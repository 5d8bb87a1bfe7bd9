/** Tests of an App: wire form -> what the product works with. */
import type { Deploy } from '../../core/app/app.ts';
import type { AppTest, TestPace } from '../../core/app-test/app-test.ts';
import { parseDuration } from '../../core/duration.ts';
import { isOperationError } from '../../core/errors.ts';
import { invalidObject } from '../decode.ts';
import type { AppTestWire } from './app-tests.ts';
import { decodeProbe } from './decode-test-kinds.ts';

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
  const probe = decodeProbe(test, field);
  return { name: test.name, pace: decodePace(test, probe.kind, field), probe };
}

/** What comes from others may be late without fault of the version. */
const lateIsFailure: ReadonlySet<string> = new Set(['Http', 'Job', 'Helm']);

function decodePace(test: AppTestWire, kind: AppTest['probe']['kind'], field: string): TestPace {
  const timeoutMs = parseDuration(test.timeout ?? '5m', `${field}.timeout`);
  if (timeoutMs < 1_000) {
    throw invalidObject(`${field}.timeout`, [`"${test.timeout}" leaves no time for an attempt; use 1s or more`]);
  }
  return {
    timeoutMs,
    intervalMs: parseDuration(test.interval ?? '10s', `${field}.interval`),
    initialDelayMs: parseDuration(test.initialDelay ?? '0s', `${field}.initialDelay`),
    count: test.count ?? 1,
    counts: 'Passes',
    // One lost packet must not reject a version.
    failureLimit: test.failureLimit ?? (kind === 'Http' ? 2 : 0),
    inconclusiveLimit: test.inconclusiveLimit ?? 0,
    late: lateIsFailure.has(kind) ? 'Fail' : 'Inconclusive',
  };
}

/** `deploy.helm.test` is a test as any other, the first one, unless `tests` says itself when the chart's are made. */
export function withChartTests(deploy: Deploy, tests: readonly AppTest[]): readonly AppTest[] {
  const { timeoutMs } = (deploy.kind === 'Helm' ? deploy.test : undefined) ?? {};
  if (timeoutMs === undefined || tests.some(({ probe, name }) => probe.kind === 'Helm' || name === chartTestName)) {
    return tests;
  }
  const pace = decodePace({ name: chartTestName, timeout: '8760h' }, 'Helm', 'spec.deploy.helm.test');
  return [{ name: chartTestName, pace, probe: { kind: 'Helm', timeoutMs } }, ...tests];
}

const chartTestName = 'helm-test';
