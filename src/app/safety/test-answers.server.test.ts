/** A CI that was asked to test calls back over real HTTP, as it should and in every way that it should not. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { completeRollouts, openRuntimeStage, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { bodyOf, startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { followTested, shareSecret, untilPhase, untilUpdate, verdictsOf } from '../../../test/tested-app.ts';
import { updates } from '../../adapters/cluster/kinds.ts';
import { testToken } from '../../core/app-test/test-token.ts';
import { createLogger } from '../../telemetry/log.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { openWebhooks, type WebhookListener } from '../listeners/webhook-listener.ts';
import { parseOutboundAllowance } from '../outbound-setup.ts';

interface Question {
  readonly id: string;
  readonly changes: readonly { readonly to: { readonly digest: string } }[];
  readonly callback: { readonly path: string; readonly token: string };
}

interface Post {
  readonly path?: string;
  readonly token?: string;
  readonly body: unknown;
}

const outbound = { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined };

let registry: RunningRegistry;
let ci: TestServer;
let questions: Question[];
let stage: RuntimeStage;
let stop: AbortController;
let listener: WebhookListener;

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry.stop());

beforeEach(async () => {
  questions = [];
  ci = await startHttpServer(async (request, response) => {
    questions.push(JSON.parse(await bodyOf(request)) as Question);
    response.writeHead(202).end();
  });
  stop = new AbortController();
  stage = await openRuntimeStage(inject('kubeconfig'), { outbound });
  completeRollouts(stage, stop.signal);
  listener = await openWebhooks(
    { listen: '127.0.0.1:0', secretFiles: [], allowUnsigned: true },
    {
      ...{ client: stage.client, namespaces: [stage.namespace], clock: stage.clock, relay: undefined },
      log: createLogger('error', { write: () => true }),
      metrics: createMetrics({ processMetrics: false }),
      targets: () => stage.runtime.webhooks,
    },
  );
  await shareSecret(stage, 'ci', { token: 'shared' });
});

afterEach(async () => {
  stop.abort();
  await listener.close();
  await stage.stop();
  await ci.stop();
});

/** Returns when the CI was asked and the Update says so. */
async function untilAsked(fields: object = {}): Promise<Question> {
  await followTested(stage, registry.host, [
    { name: 'ci', timeout: '30m', webhook: { url: `${ci.origin}/hook`, secretRef: { name: 'ci' } }, ...fields },
  ]);
  await stage.until(() => expect(questions).toHaveLength(1));
  await untilUpdate(stage, ({ status }) => expect(status?.tests?.[0]?.run?.id).toBe(questions[0]?.id));
  const [question] = questions as [Question];
  // The replica has seen of its watch what it wrote.
  await stage.pass(0, 'web');
  return question;
}

async function post({ callback }: Question, { path = callback.path, token = callback.token, body }: Post) {
  const answer = await fetch(`${listener.address}${path}`, {
    method: 'POST',
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return `${answer.status} ${(await answer.text()).trim()}`;
}

const denied = '401 the token is missing, wrong, or of another attempt';
const pass = { verdict: 'pass', message: 'all 12 suites' };
const digestOf = ({ changes }: Question) => changes[0]?.to.digest ?? '';

test('what proves nothing, is of somebody else or says nothing is refused and changes nothing; then the answer is taken', async () => {
  const question = await untilAsked();
  const [uid = ''] = question.id.split('/');
  const { path, token } = question.callback;
  const other = (attempt: Partial<{ uid: string; test: string; number: number }>) =>
    testToken('shared', { uid, test: 'ci', number: 1, ...attempt });
  const rows: readonly (readonly [string, Post, string])[] = [
    ['no token', { token: '', body: pass }, denied],
    ['a token that is none', { token: 'secret', body: pass }, denied],
    ['a wrong token', { token: '0'.repeat(64), body: pass }, denied],
    ['that of another secret', { token: testToken('other', { uid, test: 'ci', number: 1 }), body: pass }, denied],
    ['that of another Update', { token: other({ uid: '0'.repeat(36) }), body: pass }, denied],
    ['that of another test', { token: other({ test: 'rows' }), body: pass }, denied],
    ['that of a later attempt', { token: other({ number: 2 }), body: pass }, denied],
    ['an Update that is not known', { path: path.replace('web-1', 'web-2'), body: pass }, denied],
    ['a test that is not known', { path: path.replace('/ci', '/rows'), body: pass }, denied],
    ['a namespace that is not known', { path: path.replace(stage.namespace, 'default'), body: pass }, denied],
    ['a path that is longer', { path: `${path}/more`, body: pass }, '404 no such webhook'],
    ['no JSON', { body: '{' }, '400 the body is not JSON'],
    ['an empty body', { body: '' }, '400 the body is not JSON'],
    [
      'a verdict that is none',
      { body: { verdict: 'maybe' } },
      '400 verdict must be pass, fail, inconclusive or pending',
    ],
    ['a list', { body: [pass] }, '400 verdict must be pass, fail, inconclusive or pending'],
    ['a body that is too large', { body: { ...pass, message: 'x'.repeat(70_000) } }, '413 the request cannot be read'],
    [
      'a wrong digest',
      { body: { ...pass, digest: `sha256:${'0'.repeat(64)}` } },
      '409 digest is not that of what was put in place',
    ],
    ['not yet', { body: { verdict: 'pending' } }, '202 an outcome is still waited for'],
  ];
  const before = (await stage.updatesOf('web')).at(-1)?.metadata.resourceVersion;

  for (const [name, given, expected] of rows) {
    expect(`${name}: ${await post(question, given)}`).toBe(`${name}: ${expected}`);
  }
  expect((await stage.updatesOf('web')).at(-1)?.metadata.resourceVersion).toBe(before);

  expect(await post(question, { body: { ...pass, digest: digestOf(question) } })).toBe('200 taken');
  const update = await untilPhase(stage, 'Succeeded');
  expect(verdictsOf(update)).toEqual(['ci Pass: all 12 suites']);
  expect(JSON.stringify([update, stage.log])).not.toContain(token);
});

test('the first answer counts: one that differs is late, also when all is over, and nobody knows of it when the Update is gone', async () => {
  const question = await untilAsked();
  const differs = { body: { verdict: 'fail', message: 'suite 3' } };
  expect(await post(question, { body: pass })).toBe('200 taken');

  await stage.until(async () => expect(await post(question, differs)).toBe('409 the test has its verdict'));
  const update = await untilPhase(stage, 'Succeeded');
  expect(await post(question, differs)).toBe('409 the test has its verdict');
  await stage.pass(1_000, 'web');
  expect((await stage.updatesOf('web')).map(verdictsOf)).toEqual([['ci Pass: all 12 suites']]);
  expect((await stage.updatesOf('web')).map(({ status }) => status?.phase)).toEqual(['Succeeded']);

  await stage.client.delete(updates, { namespace: stage.namespace, name: update.metadata.name });
  await stage.until(async () => expect(await post(question, differs)).toBe(denied));
});

test('of two that differ and come at the same moment one is taken', async () => {
  const question = await untilAsked();

  const answers = await Promise.all(
    ['pass', 'fail'].map(async (verdict) => await post(question, { body: { verdict, message: verdict } })),
  );

  expect(answers.filter((answer) => answer === '200 taken')).toHaveLength(1);
  expect(answers.filter((answer) => /^(409|503) /.test(answer))).toHaveLength(1);
  const isPass = answers[0] === '200 taken';
  const update = await untilPhase(stage, isPass ? 'Succeeded' : 'RolledBack');
  expect(verdictsOf(update)).toEqual([isPass ? 'ci Pass: pass' : 'ci Fail: fail']);
});

test('an answer is good for the attempt it was asked for, and for no other', async () => {
  const first = await untilAsked({ count: 2, interval: '1s' });
  expect(await post(first, { body: pass })).toBe('200 taken');
  await stage.until(() => expect(questions).toHaveLength(2));
  const second = questions[1] as Question;
  await untilUpdate(stage, ({ status }) => expect(status?.tests?.[0]?.run?.id).toBe(second.id));
  await stage.pass(0, 'web');

  expect(await post(first, { body: { verdict: 'fail' } })).toBe(denied);
  expect(await post(second, { body: pass })).toBe('200 taken');
  const { status } = await untilPhase(stage, 'Succeeded');
  expect(status?.tests).toMatchObject([{ attempts: 2, passed: 2, failed: 0 }]);
});
