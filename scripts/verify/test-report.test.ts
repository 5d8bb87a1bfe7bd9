import { expect, test } from 'vitest';
import { readReport } from './test-report.ts';

const results = [
  { fullName: 'steady', status: 'passed', failureMessages: [] },
  { fullName: 'unsteady', status: 'passed', failureMessages: ['AssertionError: 1 is not 2\n    at somewhere'] },
  { fullName: 'wrong', status: 'failed', failureMessages: ['Error: no', 'Error: no'] },
];

test('tests that passed only when tried again are named with what went wrong at first', () => {
  const report = { numPassedTests: 2, numFailedTests: 1, testResults: [{ assertionResults: results }] };
  expect(readReport(JSON.stringify(report))).toEqual({
    counts: { passed: 2, failed: 1 },
    unsteady: ['unsteady: AssertionError: 1 is not 2'],
  });
});

test('a run that reported nothing has counted nothing', () => {
  expect(readReport('{}')).toEqual({ counts: { passed: 0, failed: 0 }, unsteady: [] });
});
