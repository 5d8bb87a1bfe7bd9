/** What anybody may send to the API: nothing of it is a fault of ours, nothing leaks, and the rest goes on. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type ApiStage, openApiStage, reader } from '../../../test/api-stage.ts';
import { runLong } from '../../../test/cluster/run-command.ts';
import { locateSchemathesis } from '../../../test/schemathesis/schemathesis.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';

/** Every sort of character that a name may have, and as long as an App's may be. */
const strangeName = `a.0-b.${'x'.repeat(40)}.9z`;

let stage: ApiStage;
let token: string;

beforeAll(async () => {
  stage = await openApiStage(inject('kubeconfig'));
  token = await stage.person('anybody', [
    reader,
    { apiGroups: ['headgate.dev'], resources: ['*'], verbs: ['*'] },
    { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  ]);
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name: strangeName },
    spec: {
      sources: [{ name: 'web', image: { repository: 'ghcr.io/org/web', policy: { semver: { range: '1.x' } } } }],
      deploy: { workloads: { targets: [{ name: 'web' }] } },
    },
  });
  await stage.until(async () =>
    expect((await stage.ask(`/api/v1/apps/${stage.namespace}/${strangeName}`, { token })).status).toBe(200),
  );
});

afterAll(() => stage.stop());

test.each<[string, { readonly body: string; readonly type?: string }, number]>([
  ['no JSON', { body: '{"policy":' }, 400],
  ['an empty body', { body: '' }, 400],
  ['a list', { body: '[]' }, 400],
  ['null', { body: 'null' }, 400],
  ['a number where a text belongs', { body: '{"policy":1,"tags":[]}' }, 400],
  ['more than was asked for', { body: '{"policy":"keel:minor","tags":[],"extra":1}' }, 400],
  ['a prototype', { body: '{"__proto__":{"x":1},"policy":"keel:minor","tags":[]}' }, 400],
  ['depth without end', { body: '['.repeat(100_000) }, 400],
  ['two megabytes', { body: JSON.stringify({ policy: 'x'.repeat(2_000_000), tags: [] }) }, 413],
  [
    'twenty thousand and one tags',
    { body: JSON.stringify({ policy: 'keel:minor', tags: Array(20_001).fill('1') }) },
    400,
  ],
  [
    'a pattern that takes for ever elsewhere',
    { body: '{"policy":"regexp: {pattern: \\"(a+)+$\\"}","tags":["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]}' },
    200,
  ],
  ['another type', { body: 'policy=1', type: 'application/x-www-form-urlencoded' }, 415],
  ['no type', { body: '{}', type: '' }, 415],
])('%s is answered with %o', async (_, { body, type = 'application/json' }, status) => {
  const answer = await stage.ask('/api/v1/policies/try', {
    token,
    method: 'POST',
    body,
    headers: { 'content-type': type },
  });

  expect([answer.status, answer.text]).toEqual([status, expect.any(String)]);
});

test.each([
  '/api/v1/apps/%2e%2e/%2e%2e',
  '/api/v1/apps/../../../etc/passwd',
  '/api/v1/apps/a%00b/c',
  '/api/v1/apps/%ff/x',
  '/api/v1/apps//x',
  `/api/v1/apps/${'a'.repeat(5_000)}/x`,
  '/api/v1/updates/%0d%0aSet-Cookie:%20x=1/x',
  '/api/v1/apps?q=%F0%9F%A6%8A%E2%80%AE<script>',
  '/api/v1/apps?q=a&q=b',
  '/api/v1/updates?since=yesterday',
  '/api/v1/updates?since=9999999999999-01-01T00:00:00Z',
  '//evil.example/api/v1/apps',
])('the path %s is answered, and not with a fault', async (path) => {
  const { status, headers, text } = await stage.ask(path, { token });

  expect(status).toBeLessThan(500);
  expect(headers.get('set-cookie')).toBeNull();
  expect(text).not.toContain('root:');
});

test('a name with every legal character is an App as any other', async () => {
  const { body } = await stage.ask(`/api/v1/apps?q=${strangeName}`, { token });
  expect(body).toMatchObject({ items: [{ name: strangeName }] });

  const held = await stage.ask(`/api/v1/apps/${stage.namespace}/${strangeName}/hold`, {
    token,
    method: 'POST',
    body: { reason: '\u202e<b>"\n\u0000🦊' },
  });
  expect(held.status).toBe(200);
});

test.each([
  ['a header without end', `GET /api/v1/apps HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`],
  ['no HTTP', 'hello\r\n\r\n'],
  [
    'two lengths',
    'POST /api/v1/pause HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
])('%s ends the connection, and the next one is served', async (_, text) => {
  const first = await speak(text);
  expect(first).toMatch(/^HTTP\/1\.1 4\d\d /);

  expect((await stage.ask('/api/v1/session')).status).toBe(200);
});

function speak(text: string): Promise<string> {
  const { hostname, port } = new URL(stage.address);
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

test('what the description of the API allows, and much that it does not, is never answered with a fault', {
  timeout: 900_000,
}, async () => {
  const program = await locateSchemathesis();
  const bounds = ['--phases', 'fuzzing', '--max-examples', '10', '--seed', '1', '--request-timeout', '10'];
  const marks = ['--checks', 'not_a_server_error', ...bounds];

  await runLong('fuzz the API', program, {
    arguments: [
      'run',
      `${stage.address}/api/openapi.json`,
      '--header',
      `Authorization: Bearer ${token}`,
      // Streams do not end.
      '--exclude-path',
      '/api/v1/watch',
      ...marks,
    ],
    directory: process.cwd(),
    environment: { SCHEMATHESIS_HOOKS: '', NO_COLOR: '1' },
    timeoutMs: 600_000,
  });

  expect(stage.apiLog.filter(({ msg }) => msg === 'request was not answered')).toEqual([]);
});
