import { describe, expect, test } from 'vitest';
import type { ApplierRun } from '../core/kube-applier/applier-run.ts';
import { createApplierMetrics } from '../telemetry/applier-metrics.ts';
import { createApplierServer } from './applier-page.ts';

const run: ApplierRun = {
  type: 'FullRun',
  startedAt: new Date('2026-05-04T12:00:00Z'),
  finishedAt: new Date('2026-05-04T12:00:01.234Z'),
  commit: 'abc123',
  commitLog: 'commit abc123\n\n    <b>bold</b>\n',
  blacklist: ['old.yaml'],
  whitelist: [],
  files: [
    { path: 'a.yaml', success: true, output: ['ConfigMap demo/a created'] },
    { path: '<img src=x>.yaml', success: false, output: ['a & "b"'] },
  ],
};

function served(
  options: { readonly runs?: readonly ApplierRun[]; readonly trouble?: string; readonly format?: string } = {},
) {
  const metrics = createApplierMetrics({ processMetrics: false });
  let asked = 0;
  const server = createApplierServer({
    runs: () => options.runs ?? [],
    trouble: () => options.trouble,
    askForFullRun: () => {
      asked += 1;
    },
    diffUrlFormat: options.format,
    metrics,
  });
  return { server, metrics, asked: () => asked };
}

// The bodies of box/kube-applier's webserver/webserver_test.go, to the byte.
describe('/api/v1/forceRun', () => {
  test.each([
    { name: 'without a body', headers: {}, payload: undefined },
    { name: 'with a form', headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'a=b' },
    { name: 'with JSON', headers: { 'content-type': 'application/json' }, payload: '{}' },
  ])('POST $name asks for a run', async ({ headers, payload }) => {
    const { server, asked } = served();

    const answer = await server.inject({
      method: 'POST',
      url: '/api/v1/forceRun',
      headers,
      ...(payload ? { payload } : {}),
    });

    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=UTF-8');
    expect(answer.body).toBe(
      '{"result":"success","message":"Run queued, will begin upon completion of current run."}\n',
    );
    expect(asked()).toBe(1);
  });

  test.each(['GET', 'PUT', 'DELETE'] as const)('%s is refused', async (method) => {
    const { server, asked } = served();

    const answer = await server.inject({ method, url: '/api/v1/forceRun' });

    expect(answer.statusCode).toBe(400);
    expect(answer.body).toBe('{"result":"error","message":"Error: force rejected, must be a POST request."}\n');
    expect(asked()).toBe(0);
  });
});

describe('the status page', () => {
  test('says that there was no run yet', async () => {
    const answer = await served().server.inject('/');

    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('No run has ended yet.');
  });

  test('shows files, lists and commit of a run, and nothing of them as HTML', async () => {
    const { server } = served({ runs: [run], format: 'https://git.example/org/repo/commit/%s' });

    const { body, headers } = await server.inject('/');

    expect(body).toContain('Last run: FullRun, failure');
    expect(body).toContain('<a href="https://git.example/org/repo/commit/abc123">abc123</a>');
    expect(body).toContain('1.234 s');
    expect(body).toContain('old.yaml');
    expect(body).toContain('ConfigMap demo/a created');
    expect(body).toContain('&lt;img src=x&gt;.yaml');
    expect(body).toContain('a &amp; &quot;b&quot;');
    expect(body).not.toMatch(/<b>|<img/);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });

  test('links to nothing that is no web address', async () => {
    const { body } = await served({ runs: [run], format: 'javascript:alert(%s)' }).server.inject('/');

    expect(body).not.toContain('javascript:');
  });

  test('says what kept the last attempt from running', async () => {
    const { body } = await served({ trouble: 'read /repo: <gone>' }).server.inject('/');

    expect(body).toContain('read /repo: &lt;gone&gt;');
  });
});

test('/metrics has the names of kube-applier', async () => {
  const { server, metrics } = served();
  metrics.countFile('/repo/a.yaml', true);
  metrics.countFile('/repo/a.yaml', false);
  metrics.countRun('QuickRun', false, 2);

  const { body } = await server.inject('/metrics');

  expect(body).toContain('file_apply_count{file="/repo/a.yaml",success="true"} 1');
  expect(body).toContain('file_apply_count{file="/repo/a.yaml",success="false"} 1');
  expect(body).toContain('run_latency_seconds_sum{success="false",run_type="QuickRun"} 2');
  expect(body).toContain('run_latency_seconds_count{success="false",run_type="QuickRun"} 1');
});
