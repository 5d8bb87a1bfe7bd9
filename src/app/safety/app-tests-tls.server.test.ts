/** Tests of Apps by https: who asks, and whom. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { createAuthority } from '../../../test/cluster/certificates.ts';
import { completeRollouts, openRuntimeStage, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { followTested, shareSecret, untilPhase, untilUpdate, verdictsOf } from '../../../test/tested-app.ts';
import { secrets } from '../../kube/resource-types.ts';
import { parseOutboundAllowance } from '../outbound-setup.ts';

const authority = createAuthority('test');
const people = createAuthority('people');
const outbound = { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined };

let registry: RunningRegistry;
let server: TestServer;
let stage: RuntimeStage;
let stop: AbortController;

beforeAll(async () => {
  registry = await startRegistry();
  const { certificate, key } = authority.issue({ commonName: 'web', hosts: ['web.example.com'] });
  const tls = { certificate, key, clientAuthority: people.certificate };
  server = await startHttpServer((_, response) => void response.end('welcome'), tls);
});

afterAll(async () => {
  await Promise.all([registry.stop(), server.stop()]);
});

beforeEach(async () => {
  stop = new AbortController();
  stage = await openRuntimeStage(inject('kubeconfig'), { outbound });
  completeRollouts(stage, stop.signal);
  await shareSecret(stage, 'ca', { 'ca.crt': authority.certificate });
});

afterEach(async () => {
  stop.abort();
  await stage.stop();
});

const over = (tls: object) => ({ url: `${server.origin}/`, caSecretRef: { name: 'ca' }, tls });

test('a client certificate from a Secret of kubernetes.io/tls is shown to a server of another name', async () => {
  const { certificate, key } = people.issue({ commonName: 'headgate' });
  await stage.client.create(secrets, {
    ...{ metadata: { namespace: stage.namespace, name: 'client' }, type: 'kubernetes.io/tls' },
    stringData: { 'tls.crt': certificate, 'tls.key': key },
  } as never);
  const tls = { clientSecretRef: { name: 'client' }, serverName: 'web.example.com', minVersion: '1.3' };

  await followTested(stage, registry.host, [
    { name: 'mutual', http: { ...over(tls), expect: { body: [{ equals: 'welcome' }] } } },
  ]);

  const update = await untilPhase(stage, 'Succeeded');
  expect(verdictsOf(update)).toEqual([expect.stringMatching(/^mutual Pass: answered 200 in/)]);
  expect(JSON.stringify([update, stage.log])).not.toContain(key.split('\n')[1]);
});

test.each([
  [
    'without a client certificate',
    { serverName: 'web.example.com' },
    'asks for a client certificate, and was given none',
  ],
  ['by the wrong name', {}, "is for another name (IP: 127.0.0.1 is not in the cert's list"],
])('%s the version goes back, and the message says why', async (_, tls, says) => {
  await followTested(stage, registry.host, [{ name: 'mutual', failureLimit: 0, http: over(tls) }]);

  const { status } = await untilPhase(stage, 'RolledBack');

  expect(status?.failure?.message).toContain(`test mutual: GET the address of the test: `);
  expect(status?.failure?.message).toContain(says);
});

test('a client certificate that is missing condemns nothing', async () => {
  const tls = { clientSecretRef: { name: 'none' }, serverName: 'web.example.com' };
  await followTested(stage, registry.host, [{ name: 'mutual', timeout: '20s', http: over(tls) }]);
  await untilUpdate(stage, ({ status }) => expect(status?.tests?.[0]?.attempts).toBeGreaterThan(0));
  await stage.clock.advance(20_000);

  const { status } = await untilUpdate(stage, (one) => expect(one.status?.waiting?.reason).toBe('TestInconclusive'));

  expect(status?.tests?.[0]?.message).toMatch(/no verdict within 20s; last: read Secret .*\/none: there is none/);
});
