/** Tests of kind `metric` on a real Prometheus: before the update against after, and what is no value at all. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { waitUntil } from '../../../test/cluster/wait-until.ts';
import { completeRollouts, openRuntimeStage, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { type RunningPrometheus, startPrometheus } from '../../../test/servers/prometheus.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { followTested, type Tests, untilPhase, untilUpdate, verdictsOf } from '../../../test/tested-app.ts';
import { parseOutboundAllowance } from '../outbound-setup.ts';

// Prometheus has a clock of its own, and a hundred thousand series take it seconds.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const outbound = { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined };

/** What the App shows of itself before the update and after it. */
const before = { errors: '0.02', calm: '0.02', requests: '100', zero: '0', broken: 'NaN' };
const after = { errors: '0.04', calm: '0.021', requests: '50', zero: '1', broken: '1', fresh: '1', nothing: 'NaN' };
const manyBases = 20_000;

let registry: RunningRegistry;
let prometheus: RunningPrometheus;
let app: TestServer;
/** When the App began to show what it shows after the update. */
let changedAt: number;
let stage: RuntimeStage;
let stop: AbortController;

beforeAll(async () => {
  const startedAt = Date.now();
  const lines = (values: Readonly<Record<string, string>>, time = '') =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${value}${time}\n`)
      .join('');
  const many = Array.from({ length: manyBases }, (_, at) => `many{at="${at}"} 1\n`).join('');
  // Prometheus takes values of a minute ago where the page says so, and nobody has to wait for that minute.
  let page = lines(before, ` ${startedAt - 60_000}`);
  app = await startHttpServer((_, response) => void response.end(page));
  [registry, prometheus] = await Promise.all([startRegistry(), startPrometheus({ targets: [app.host] })]);
  await prometheus.until('errors');
  page = `${lines(after)}${many}`;
  changedAt = Date.now();
  await waitUntil('the new values are scraped', 60_000, async () => (await prometheus.query('errors'))[0] === 0.04);
});

afterAll(async () => {
  await Promise.all([registry.stop(), prometheus.stop(), app.stop()]);
});

beforeEach(async () => {
  stop = new AbortController();
  stage = await openRuntimeStage(inject('kubeconfig'), { outbound, start: new Date(changedAt - 30_000) });
  completeRollouts(stage, stop.signal);
});

afterEach(async () => {
  stop.abort();
  await stage.stop();
});

const metric = (name: string, query: string, fields: object): Tests[number] => ({
  name,
  metric: { url: prometheus.origin, query, ...fields },
});
const against = (limits: object) => ({ baseline: { offset: '5s', ...limits } });

const copies = [1, 2, 3, 4, 5].map((copy) => `label_replace(many,"copy","${copy}","","")`);
/** Prometheus keeps a fifth of them, and makes the rest when it is asked. */
const aHundredThousand = copies.join(' or ');

test('a value is held against what it was before; what has no value before or now leaves the question open', async () => {
  await followTested(stage, registry.host, [
    metric('calm', 'calm', against({ maxIncrease: '10%' })),
    metric('errors', 'errors', against({ maxIncrease: '0.05' })),
    metric('requests', 'requests', against({ maxIncrease: '0%', maxDecrease: '60%' })),
    metric('fresh', 'fresh', against({ maxIncrease: '10%' })),
    metric('broken', 'broken', against({ maxIncrease: '10%' })),
    metric('nothing', 'nothing', { max: 1 }),
    metric('nan', 'errors * NaN', against({ maxIncrease: '10%' })),
    metric('infinite', 'errors / 0', { max: 1 }),
  ]);

  const update = await untilUpdate(stage, ({ status }) => expect(status?.waiting?.reason).toBe('TestInconclusive'));

  expect(verdictsOf(update)).toEqual([
    'calm Pass: 0.021, before the update 0.02',
    'errors Pass: 0.04, before the update 0.02',
    'requests Pass: 50, before the update 100',
    'fresh Inconclusive: 1; before the update the query gives nothing',
    'broken Inconclusive: 1; before the update the query gives NaN',
    'nothing Inconclusive: the query gives NaN',
    'nan Inconclusive: the query gives NaN',
    'infinite Inconclusive: the query gives infinity',
  ]);
});

test.each([
  ['risen', 'errors', { maxIncrease: '50%' }, '0.04, before the update 0.02: risen by more than 50%'],
  ['fallen', 'requests', { maxDecrease: '10' }, '50, before the update 100: fallen by more than 10'],
  ['risen from nothing', 'zero', { maxIncrease: '10%' }, '1, before the update 0: risen by more than 10%'],
])('what has %s too far sends the version back', async (_, query, limits, says) => {
  await followTested(stage, registry.host, [metric('limit', query, against(limits))]);

  const { status } = await untilPhase(stage, 'RolledBack');

  expect(status?.failure?.message).toBe(`test limit: ${says}`);
});

test('a hundred thousand series leave the question open, and say what to do; summed up they are a value', async () => {
  const timeout = '10m';
  await followTested(stage, registry.host, [
    { ...metric('many', aHundredThousand, { max: 1 }), timeout },
    { ...metric('sum', `sum(${aHundredThousand})`, { min: 100_000, max: 100_000 }), timeout },
  ]);
  let found: readonly string[] = [];
  await waitUntil('both are answered', 90_000, async () => {
    await stage.clock.advance(10);
    const [update] = await stage.updatesOf('web');
    found = update === undefined ? [] : verdictsOf(update);
    return update?.status?.waiting?.reason === 'TestInconclusive';
  });

  expect(found).toEqual([
    'many Inconclusive: the query gives 1001 series or more, and at most 1000 are read; add an aggregation such as sum()',
    'sum Pass: 100000',
  ]);
});
