import { describe, expect, test } from 'vitest';
import { startOfTest } from '../../../../test/fixtures.ts';
import { type AskedVeto, judgeVerdicts, type Verdict } from '../../../core/gates/asked-veto.ts';
import type { Sample, SampleValue } from '../../ports/prometheus.ts';
import { alertsAddress, judgeAlerts } from './alerts-veto.ts';
import { judgeHttpAnswer } from './http-veto.ts';
import { judgeSamples } from './metric-veto.ts';

const go = { kind: 'Go' };
const later = '2999-01-01T00:00:00Z';

describe('a URL that answers', () => {
  test.each([
    [204, '', go],
    [200, 'ok', go],
    [200, ' OK\n', go],
    [200, '{"veto": null}', go],
    [200, '{"veto": ""}', go],
    [200, '{"veto": false}', go],
    [200, '{"veto": "exams"}', { kind: 'Hold', reason: 'exams' }],
    [200, '{"veto": true}', { kind: 'Hold', reason: 'no reason is given' }],
    [200, `{"veto": "exams", "until": "${later}"}`, { kind: 'Hold', reason: 'exams', until: new Date(later) }],
    [200, '{"veto": "exams", "until": "2001-01-01T00:00:00Z"}', go],
    [423, '{"veto": "exams", "until": "Friday"}', { kind: 'Hold', reason: expect.stringContaining('is no time') }],
    [423, 'a backup\nruns', { kind: 'Hold', reason: 'a backup runs' }],
    [409, '', { kind: 'Hold', reason: 'no reason is given' }],
    [409, '{"veto": "busy"}', { kind: 'Hold', reason: 'busy' }],
    [200, '', { kind: 'Unknown', because: expect.stringContaining('neither "ok" nor') }],
    [200, '<html>log in</html>', { kind: 'Unknown', because: expect.stringContaining('neither "ok" nor') }],
    [200, '[]', { kind: 'Unknown', because: expect.stringContaining('neither "ok" nor') }],
    [200, '{"status":"up"}', { kind: 'Unknown', because: expect.stringContaining('without the field veto') }],
    [404, '', { kind: 'Unknown', because: 'it answers 404' }],
    [500, 'ok', { kind: 'Unknown', because: 'it answers 500' }],
    [302, '', { kind: 'Unknown', because: 'it answers 302' }],
  ])('%d %s', (status, body, verdict) => {
    expect(judgeHttpAnswer({ status, body }, startOfTest)).toMatchObject(verdict);
  });
});

const number = (value: number): SampleValue => ({ kind: 'Number', value });
const sample = (value: SampleValue, labels: Sample['labels'] = {}): Sample => ({ labels, value });

describe('a query that gives', () => {
  test.each([
    ['a vector', [sample(number(12), { job: 'web' })], { kind: 'Hold', reason: 'the query gives 12 for {job="web"}' }],
    [
      'a vector with 0',
      [sample(number(0), { job: 'web' })],
      { kind: 'Hold', reason: 'the query gives 0 for {job="web"}' },
    ],
    ['the scalar 0', [sample(number(0))], go],
    ['the scalar 1', [sample(number(1))], { kind: 'Hold', reason: 'the query gives 1' }],
    ['NaN', [sample({ kind: 'NotANumber' })], { kind: 'Unknown', because: 'the query gives NaN' }],
    [
      'a number and NaN',
      [sample(number(1)), sample({ kind: 'NotANumber' }, { job: 'web' })],
      { kind: 'Unknown', because: 'the query gives NaN for {job="web"}' },
    ],
    [
      'infinity',
      [sample({ kind: 'Infinite', sign: 1 })],
      { kind: 'Unknown', because: 'the query gives an infinite number' },
    ],
  ])('%s', (_, samples, verdict) => {
    expect(judgeSamples({ kind: 'Samples', samples }, 'Go')).toEqual(verdict);
  });

  test.each([
    ['Go', go],
    ['Wait', { kind: 'Hold', reason: 'the query gives nothing' }],
  ] as const)('nothing, with whenEmpty: %s', (whenEmpty, verdict) => {
    expect(judgeSamples({ kind: 'Empty' }, whenEmpty)).toEqual(verdict);
  });

  test('a million series, or is refused', () => {
    expect(judgeSamples({ kind: 'TooMany', count: 1_000_000, limit: 1_000 }, 'Go')).toEqual({
      kind: 'Unknown',
      because: 'the query gives 1000000 series or more, and 1000 are judged at most; aggregate it',
    });
    expect(judgeSamples({ kind: 'Refused', because: 'bad_data: x' }, 'Go')).toEqual({
      kind: 'Unknown',
      because: 'Prometheus refuses the query: bad_data: x',
    });
  });
});

describe('an Alertmanager that answers', () => {
  test.each([
    [200, '[]', false, go],
    [200, '[{"labels":{"alertname":"Down"}}]', false, { kind: 'Hold', reason: 'alert fires: Down' }],
    [
      200,
      '[{"labels":{"alertname":"Down"}},{"labels":{}}]',
      false,
      { kind: 'Hold', reason: 'alerts fire: Down, one without a name' },
    ],
    [200, '[{"labels":', true, { kind: 'Hold', reason: expect.stringContaining('more alerts fire than can be read') }],
    [200, '{"data":[]}', false, { kind: 'Unknown', because: 'it answers 200, but no list of alerts' }],
    [400, '"bad matcher format: x"', false, { kind: 'Unknown', because: 'it answers 400 ("bad matcher format: x")' }],
  ])('%d %s', (status, body, isCut, verdict) => {
    expect(judgeAlerts({ status, body }, isCut)).toEqual(verdict);
  });

  test('is asked below its own path for what fires and is not silenced', () => {
    expect(alertsAddress('http://am:9093/tenant/?x=1', ['severity="critical"', 'team=~"a|b"'])).toBe(
      'http://am:9093/tenant/api/v2/alerts?active=true&silenced=false&inhibited=false&unprocessed=false&filter=severity%3D%22critical%22&filter=team%3D%7E%22a%7Cb%22',
    );
  });
});

describe('several vetoes', () => {
  const veto = (name: string, onError: AskedVeto['onError'] = 'Wait'): AskedVeto => ({
    ...{ name, onError, everyMs: 60_000 },
    of: { kind: 'Http', url: 'http://x', secret: undefined },
  });
  const unknown: Verdict = { kind: 'Unknown', because: 'it answers 500' };
  const hold: Verdict = { kind: 'Hold', reason: 'exams' };
  const holdUntil = (time: string): Verdict => ({ ...hold, until: new Date(time) });
  const lookAt = startOfTest;

  test.each([
    ['all go', [{ veto: veto('a'), verdict: { kind: 'Go' } as const }], { kind: 'Open', notes: [] }],
    [
      'one holds, another is not known',
      [
        { veto: veto('a'), verdict: unknown },
        { veto: veto('b'), verdict: hold },
      ],
      { kind: 'Shut', lookAt, waiting: { reason: 'Veto', message: 'veto b: exams' } },
    ],
    [
      'two hold until a time',
      [
        { veto: veto('a'), verdict: holdUntil('2999-01-02T00:00:00Z') },
        { veto: veto('b'), verdict: holdUntil('2999-01-01T00:00:00Z') },
      ],
      {
        kind: 'Shut',
        lookAt,
        waiting: { reason: 'Veto', message: 'veto a: exams; veto b: exams', until: new Date('2999-01-02T00:00:00Z') },
      },
    ],
    [
      'one is not known',
      [{ veto: veto('a'), verdict: unknown }],
      { kind: 'Shut', lookAt, waiting: { reason: 'VetoUnknown', message: 'veto a is not known: it answers 500' } },
    ],
    [
      'one is not known and may be ignored',
      [{ veto: veto('a', 'Ignore'), verdict: unknown }],
      { kind: 'Open', notes: ['veto a is not known: it answers 500; it is set to be ignored then'] },
    ],
  ])('%s', (_, verdicts, answer) => {
    expect(judgeVerdicts(verdicts, lookAt)).toEqual(answer);
  });
});
