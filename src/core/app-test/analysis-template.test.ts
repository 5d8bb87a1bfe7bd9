import { expect, test } from 'vitest';
import { testsOfTemplate } from './analysis-template.ts';
import type { TestPace } from './app-test.ts';

const pace: TestPace = {
  timeoutMs: 60_000,
  intervalMs: 10_000,
  initialDelayMs: 0,
  count: 1,
  counts: 'Passes',
  failureLimit: 0,
  inconclusiveLimit: 0,
  late: 'Inconclusive',
};
const provider = { prometheus: { address: 'http://prometheus:9090', query: 'up{app="{{args.app}}"}' } };

function read(metric: object, spec: object = {}) {
  const template = { spec: { args: [{ name: 'app' }], metrics: [{ name: 'One', provider, ...metric }], ...spec } };
  return testsOfTemplate(template, { name: 'argo', pace, arguments: { app: 'web' } });
}

test('a metric becomes a test with its own pace and its arguments filled in', () => {
  const [one] = read({
    count: '3',
    interval: '30s',
    initialDelay: '1m',
    failureLimit: 1,
    successCondition: 'result[0] > 0',
  });

  expect(one).toMatchObject({
    name: 'argo.one',
    pace: { timeoutMs: 60_000, count: 3, counts: 'All', intervalMs: 30_000, initialDelayMs: 60_000, failureLimit: 1 },
    probe: { kind: 'Metric', query: 'up{app="web"}', prometheus: { url: 'http://prometheus:9090', secret: undefined } },
  });
});

test('provider job takes its Job as it is', () => {
  const job = { spec: { template: { spec: { containers: [] } } } };

  expect(read({ provider: { job } })[0]?.probe).toMatchObject({ kind: 'Job', template: job });
});

test.each<readonly [object, object, string]>([
  [{ interval: '5s' }, {}, 'it has an interval and no count, so that it would never end; give it a count'],
  [{ count: 'many' }, {}, 'count is "many"; a whole number up to 1000 is understood'],
  [{ interval: '1d', count: 1 }, {}, 'interval: "1d" is not a duration; write for example 30s, 5m or 1h30m'],
  [{ consecutiveSuccessLimit: 2 }, {}, 'the metric.consecutiveSuccessLimit is not understood'],
  [{ successCondition: 'all(result, {# > 1})' }, {}, 'successCondition: the condition cannot be read at "{# > 1})"'],
  [{ provider: {} }, {}, 'it has no provider, or several'],
  [{ provider: { web: { url: 'x' }, job: {} } }, {}, 'it has no provider, or several'],
  [{ provider: { newRelic: {} } }, {}, 'its provider is newRelic; prometheus, web and job are understood'],
  [{ provider: { prometheus: { query: 'up' } } }, {}, 'provider.prometheus has no address'],
  [
    { provider: { prometheus: { address: 'http://a', query: 'up', headers: [{ key: 'a', value: 'b' }] } } },
    {},
    'provider.prometheus.headers is not understood',
  ],
  [{ provider: { web: { url: 'x', insecure: true } } }, {}, 'provider.web.insecure is not understood'],
  [{ provider: { web: { url: 'x', method: 'DELETE' } } }, {}, 'provider.web.method is "DELETE"; GET, POST and PUT'],
  [{ provider: { web: { url: 'x', jsonPath: '{$..a[*]}' } } }, {}, 'provider.web.jsonPath is "{$..a[*]}"'],
  [{ provider: { web: { url: '{{args.none}}' } } }, {}, '"{{args.none}}" is no argument of the AnalysisTemplate'],
  [{}, { args: [{ name: 'other' }] }, 'argument other of the AnalysisTemplate has no value; give it under arguments'],
  [
    {},
    { args: [{ name: 'other', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }] },
    'argument other of the AnalysisTemplate comes from elsewhere (valueFrom); give it under arguments',
  ],
  [{}, { metrics: [] }, 'the AnalysisTemplate has 0 metrics; from 1 to 10 are understood'],
  [{}, { templates: [{ templateName: 'x' }] }, 'spec.templates of the AnalysisTemplate is not understood'],
  [{}, { dryRun: [{ metricName: 'one' }] }, 'spec.dryRun of the AnalysisTemplate is not understood'],
])('%j, %j is refused: %s', (metric, spec, because) => {
  const [one] = read(metric, spec);

  expect(one?.probe.kind).toBe('Refused');
  expect(one?.probe.kind === 'Refused' && one.probe.because).toContain(because);
});
