import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { connectTo, createNamespace } from '../../test/kube/server-fixtures.ts';
import { openTcpLink } from '../../test/kube/tcp-link.ts';
import { isOperationError } from '../core/errors.ts';
import type { KubeClient } from './client.ts';
import { type LeaseOptions, runWithLease } from './lease.ts';
import type { Lease, LeaseHold } from './lease-term.ts';
import { leases } from './resource-types.ts';

const program = fileURLToPath(new URL('../../test/kube/lease-process.ts', import.meta.url));

let client: KubeClient;
let namespace: string;
let stop: AbortController;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
});

beforeEach(async () => {
  namespace = await createNamespace(client);
  stop = new AbortController();
});

afterEach(() => stop.abort());

afterAll(() => client.close());

function eventually(check: () => void | Promise<void>, timeout = 15_000): Promise<void> {
  return vi.waitFor(check, { timeout, interval: 20 });
}

/** An elector in this process; `terms` are the holds it was given. */
function elect(identity: string, options: Partial<LeaseOptions> = {}) {
  const terms: LeaseHold[] = [];
  const own = new AbortController();
  stop.signal.addEventListener('abort', () => own.abort(stop.signal.reason));
  const finished = runWithLease({
    client,
    namespace,
    name: 'test',
    identity,
    durationMs: 3_000,
    renewDeadlineMs: 2_000,
    retryMs: 300,
    signal: own.signal,
    async lead(signal, hold) {
      terms.push(hold);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw signal.reason;
    },
    ...options,
  });
  finished.catch(() => undefined);
  return { terms, finished, stop: (reason: unknown) => own.abort(reason) };
}

function leaseNow(): Promise<Lease> {
  return client.get<Lease>(leases, { namespace, name: 'test' });
}

describe('electors in one process', () => {
  test('one leads; when it stops it gives the lease back, and the other needs not wait for its end', async () => {
    const first = elect('first');
    await eventually(() => expect(first.terms.length).toBe(1));
    const second = elect('second');
    await eventually(async () =>
      expect((await leaseNow()).spec?.renewTime).not.toBe((await leaseNow()).spec?.acquireTime),
    );
    expect(second.terms.length).toBe(0);

    const stoppedAt = performance.now();
    first.stop(new Error('stop'));
    await first.finished;
    await eventually(() => expect(second.terms.length).toBe(1));

    expect(performance.now() - stoppedAt).toBeLessThan(1_500);
    expect((await leaseNow()).spec).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });
    expect(first.terms[0]?.isHeld()).toBe(false);
  });

  test('many want it, never two have it', { timeout: 60_000 }, async () => {
    const holders = Array.from({ length: 5 }, (_, index) => elect(`elector-${index}`));
    const leading = () => holders.filter((holder) => holder.terms.some((term) => term.isHeld()));

    for (let left = holders.length; left > 0; left -= 1) {
      await eventually(() => expect(leading().length).toBe(1));
      const [holder] = leading();
      holder?.stop(new Error('next'));
      await holder?.finished;
    }

    expect((await leaseNow()).spec).toMatchObject({ holderIdentity: '', leaseTransitions: 4 });
  });

  test('the work that returns ends the term without an error, and gives the lease back', async () => {
    await elect('first', { lead: () => Promise.resolve() }).finished;

    expect((await leaseNow()).spec?.holderIdentity).toBe('');
  });

  test('the work that throws is heard, and gives the lease back', async () => {
    const thrown = new Error('broken');

    await expect(elect('first', { lead: () => Promise.reject(thrown) }).finished).rejects.toBe(thrown);

    expect((await leaseNow()).spec?.holderIdentity).toBe('');
  });

  test.each<{ name: string; steal: () => Promise<unknown> }>([
    {
      name: 'somebody else writes himself into it',
      steal: () =>
        client.patch(
          leases,
          { namespace, name: 'test' },
          { kind: 'merge', body: { spec: { holderIdentity: 'thief' } } },
        ),
    },
    { name: 'it is deleted', steal: () => client.delete(leases, { namespace, name: 'test' }) },
  ])('the lease is lost when $name', async ({ steal }) => {
    const first = elect('first');
    await eventually(() => expect(first.terms.length).toBe(1));

    await steal();

    await expect(first.finished).rejects.toMatchObject({ code: 'LEASE_LOST', retry: 'never' });
    expect(first.terms[0]?.isHeld()).toBe(false);
    expect(() => first.terms[0]?.assertHeld()).toThrow(/^lead by Lease /);
  });

  test('the lease is lost when the API server is not reached before the deadline, and not sooner', async () => {
    const link = await openTcpLink(await serverPort());
    const linked = await connectTo(inject('kubeconfig'), { port: link.port });
    const errors: unknown[] = [];
    const first = elect('first', { client: linked, onError: (error) => errors.push(error) });
    await eventually(() => expect(first.terms.length).toBe(1));

    const cutAt = performance.now();
    link.freeze();
    const error = await first.finished.catch((thrown: unknown) => thrown);

    expect(isOperationError(error, 'LEASE_LOST')).toBe(true);
    expect(performance.now() - cutAt).toBeGreaterThan(1_400);
    expect(performance.now() - cutAt).toBeLessThan(2_500);
    await linked.close();
    await link.close();
  });
});

describe('electors in processes of their own', () => {
  const children: ChildProcess[] = [];

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    }
  });

  function launch(identity: string) {
    const child = spawn(process.execPath, [program, inject('kubeconfig'), namespace, identity], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    const words: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => words.push(...text.trim().split('\n')));
    return { child, words };
  }

  test('one that freezes is replaced, and does nothing any more when it thaws', { timeout: 60_000 }, async () => {
    const first = launch('first');
    await eventually(() => expect(first.words).toContain('acted'));
    const second = launch('second');

    first.child.kill('SIGSTOP');
    await eventually(() => expect(second.words).toContain('acted'));
    const actedBefore = first.words.filter((word) => word === 'acted').length;
    first.child.kill('SIGCONT');
    await once(first.child, 'exit');

    expect(first.words.filter((word) => word === 'acted').length).toBe(actedBefore);
    expect(first.words).toContain('refused');
    expect(first.words.at(-1)).toBe('LEASE_LOST');
    expect((await leaseNow()).spec?.holderIdentity).toBe('second');
    second.child.kill('SIGTERM');
    await once(second.child, 'exit');
    expect(second.words.at(-1)).toBe('ended');
    expect((await leaseNow()).spec?.holderIdentity).toBe('');
  });
});

async function serverPort(): Promise<number> {
  const answer = (await client.request({ what: 'get addresses', method: 'GET', path: '/api' })) as {
    serverAddressByClientCIDRs: { serverAddress: string }[];
  };
  return Number(new URL(`https://${answer.serverAddressByClientCIDRs[0]?.serverAddress}`).port);
}
