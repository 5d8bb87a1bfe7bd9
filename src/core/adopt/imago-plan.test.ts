import { expect, test } from 'vitest';
import { container, digest } from '../../../test/fixtures.ts';
import { mergeImagoConfig, parseImagoConfig } from './imago-config.ts';
import { type DigestAnswer, planImago, type RunningContainer } from './imago-plan.ts';

const [A, B] = [digest('a'), digest('b')];

const found = (one: string): DigestAnswer => ({ kind: 'Found', digest: one, platforms: [digest('c')] });

interface Row {
  readonly spec: string;
  readonly stored?: string;
  readonly answer?: DigestAnswer;
  readonly running?: readonly (string | undefined)[];
  readonly line: string;
  readonly image?: string;
  readonly failed?: boolean;
}

test.each<Row>([
  { spec: 'app:1', line: `app need to be updated from app:1 to app:1@${B}`, image: `app:1@${B}` },
  { spec: 'nginx', line: `app need to be updated from nginx to nginx@${B}`, image: `nginx@${B}` },
  {
    spec: 'host:5000/app',
    line: `app need to be updated from host:5000/app to host:5000/app@${B}`,
    image: `host:5000/app@${B}`,
  },
  {
    spec: `app:1@${A}`,
    stored: 'app:1',
    line: `app need to be updated from app:1@${A} to app:1@${B}`,
    image: `app:1@${B}`,
  },
  {
    spec: `app@${A}`,
    stored: 'app:1',
    line: `app need to be updated from app@${A} to app:1@${B}`,
    image: `app:1@${B}`,
  },
  { spec: `app:1@${B}`, stored: 'app:1', line: 'app ok' },
  // Imago itself would write the tag into it and so start every pod anew.
  { spec: `app@${B}`, stored: 'app:1', line: 'app ok' },
  { spec: 'app:2', stored: 'app:1', line: `app need to be updated from app:2 to app:2@${B}`, image: `app:2@${B}` },
  { spec: `x@${A}`, line: 'app ok (fixed digest)' },
  { spec: 'app:1', answer: { kind: 'Failed', message: '429' }, line: 'app unable to get digest: 429', failed: true },
  {
    spec: `app:1@${A}`,
    stored: 'app:1',
    answer: { kind: 'Rejected', digest: B, why: 'CrashLoop' },
    line: `app left as it is: ${B} was rejected (CrashLoop)`,
  },
  { spec: 'app:1', running: [B, B], line: 'app on pod-0 ok; app on pod-1 ok' },
  {
    spec: 'app:1',
    running: [B, A],
    line: `app on pod-0 ok; app on pod-1 need to be updated from ${A} to app:1@${B}`,
    image: `app:1@${B}`,
  },
  {
    spec: 'app:1',
    running: [undefined],
    line: `app on pod-0 need to be updated from an unknown digest to app:1@${B}`,
    image: `app:1@${B}`,
  },
  // Docker tells the digest of the platform's own manifest; in a spec that is another pin.
  { spec: 'app:1', running: [digest('c')], line: 'app on pod-0 ok' },
  {
    spec: `app:1@${digest('c')}`,
    stored: 'app:1',
    line: `app need to be updated from app:1@${digest('c')} to app:1@${B}`,
    image: `app:1@${B}`,
  },
  { spec: 'app:1', running: [], line: '' },
])('spec $spec, stored $stored, running $running: $line', ({ spec, stored, answer, running, line, image, failed }) => {
  const containers = [container({ image: spec })];
  const text = stored === undefined ? '' : JSON.stringify({ containers: [{ name: 'app', image: stored }] });
  const config = mergeImagoConfig(parseImagoConfig(text), containers);
  const answers = new Map([...config.containers].map((one) => [one.image, answer ?? found(B)]));
  const pods = running?.map(
    (one, at): RunningContainer => ({ pod: `pod-${at}`, name: 'app', init: false, digest: one }),
  );

  const plan = planImago({ containers }, config, answers, pods);

  expect(plan.lines.join('; ')).toBe(line);
  expect(plan.behind.map((one) => one.image)).toEqual(image === undefined ? [] : [image]);
  expect(plan.failed).toBe(failed ?? false);
});

test('init containers and containers of one name are told apart', () => {
  const containers = [container({ image: 'app:1' }), container({ image: 'init:1', init: true })];
  const config = mergeImagoConfig({ containers: [], initContainers: [] }, containers);
  const answers = new Map([
    ['app:1', found(A)],
    ['init:1', found(B)],
  ]);

  expect(planImago({ containers }, config, answers, undefined).behind).toEqual([
    { container: 'app', init: true, image: `init:1@${B}` },
    { container: 'app', init: false, image: `app:1@${A}` },
  ]);
});
