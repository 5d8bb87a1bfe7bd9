import { expect, test } from 'vitest';
import { problemOfLogs } from './read-test.ts';

const suite = (name: string, phase: string) =>
  `TEST SUITE:     ${name}\nLast Started:   Thu Nov 26\nLast Completed: Thu Nov 26\nPhase:          ${phase}\n`;
const noLog = 'Error: unable to get pod logs for two: pods "two" is forbidden';
const head = 'NAME: web\nSTATUS: deployed\n';

test.each([
  { what: 'passed, no log', said: noLog, printed: head + suite('one', 'Succeeded'), problem: noLog.slice(7) },
  {
    what: 'passed, no log of the second',
    said: noLog,
    printed: `${head}${suite('one', 'Succeeded')}${suite('two', 'Succeeded')}\nPOD LOGS: one\nPhase: Failed\n`,
    problem: noLog.slice(7),
  },
  {
    what: 'a warning before the error',
    said: `level=WARN msg="old API"\n${noLog}`,
    printed: head + suite('one', 'Succeeded'),
    problem: noLog.slice(7),
  },
  {
    what: 'a failed test, no log',
    said: `Error: pod one failed\n${noLog.slice(7)}`,
    printed: head + suite('one', 'Failed'),
    problem: undefined,
  },
  {
    what: 'one of two failed',
    said: noLog,
    printed: suite('one', 'Succeeded') + suite('two', 'Failed'),
    problem: undefined,
  },
  { what: 'nothing printed of the tests', said: noLog, printed: head, problem: undefined },
  {
    what: 'a verdict that only a pod wrote',
    said: noLog,
    printed: `${head}\nPOD LOGS: one\nPhase: Succeeded\n`,
    problem: undefined,
  },
  { what: 'another error', said: 'Error: release: not found', printed: suite('one', 'Succeeded'), problem: undefined },
])('$what: $problem', ({ said, printed, problem }) => {
  expect(problemOfLogs({ said, printed })).toBe(problem);
});
