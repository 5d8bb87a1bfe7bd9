import { expect, test } from 'vitest';
import { decodeTests } from '../../resources/app/decode-tests.ts';
import { testsOfDrill } from './drill-tests.ts';

const job = { template: { spec: { template: { spec: { containers: [{ name: 'a', image: 'a' }] } } } } };

test('only what asks the copy is run on it, and why another is not is said', () => {
  const http = { path: '/' };
  const tests = decodeTests([
    { name: 'job', job: { ...job, serviceAccountName: 'tester' } },
    { name: 'service', http: { ...http, service: { name: 'shop', port: '80' } } },
    { name: 'copy', http: { url: 'http://shop.{{namespace}}.svc/' } },
    { name: 'outside', http: { url: 'https://shop.example.com/' } },
    { name: 'metric', metric: { url: 'http://p', query: 'up', max: 1 } },
  ]);

  const drilled = testsOfDrill(tests);

  expect(drilled.tests.map(({ name }) => name)).toEqual(['job', 'service', 'copy']);
  expect(drilled.tests[0]?.probe).toMatchObject({ kind: 'Job', serviceAccount: undefined });
  expect(drilled.skipped).toEqual([
    'test outside is left out: its url has no {{namespace}}, so that it asks the App itself',
    'test metric is left out: kind metric speaks of the App itself',
  ]);
});
