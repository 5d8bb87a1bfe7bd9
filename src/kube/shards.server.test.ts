import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { connectTo, createNamespace } from '../../test/kube/server-fixtures.ts';
import { openTcpLink } from '../../test/kube/tcp-link.ts';
import type { KubeClient } from './client.ts';
import type { Lease } from './lease-term.ts';
import { leases } from './resource-types.ts';
import { joinShards, type ShardMember, type ShardsOptions } from './shards.ts';

const shards = 16;

let client: KubeClient;
let namespace: string;
let members: ShardMember[];

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
});

beforeEach(async () => {
  namespace = await createNamespace(client);
  members = [];
});

afterEach(async () => {
  await Promise.all(members.map((member) => member.leave()));
});

afterAll(() => client.close());

function join(identity: string, options: Partial<ShardsOptions> = {}): ShardMember {
  const member = joinShards({
    client,
    namespace,
    name: 'group',
    label: 'test.dev/group',
    annotation: 'test.dev/claims',
    identity,
    shards,
    durationMs: 3_000,
    renewDeadlineMs: 2_000,
    renewEveryMs: 300,
    onTake: () => undefined,
    ...options,
  });
  members.push(member);
  return member;
}

function eventually(check: () => void | Promise<void>, timeout = 20_000): Promise<void> {
  return vi.waitFor(check, { timeout, interval: 20 });
}

/** Each shard is owned by just one. */
function expectAllOwned(among: readonly ShardMember[]): void {
  const owned = among.flatMap((member) => member.owned);
  expect(owned.toSorted((left, right) => left - right)).toEqual(Array.from({ length: shards }, (_, shard) => shard));
}

/** Looks all the time whether two have one shard. */
function watchForDoubles(): { stop(): void; readonly doubles: number } {
  let doubles = 0;
  const timer = setInterval(() => {
    const owned = members.filter((member) => member.isHeld()).flatMap((member) => member.owned);
    doubles += owned.length - new Set(owned).size;
  }, 1);
  return {
    stop: () => clearInterval(timer),
    get doubles() {
      return doubles;
    },
  };
}

async function leasesNow(): Promise<readonly Lease[]> {
  return (await client.list<Lease>(leases, { namespace })).items;
}

describe('members', { timeout: 60_000 }, () => {
  test('share all shards, and again when one comes or goes, and never have one twice', async () => {
    const looking = watchForDoubles();
    const first = join('first');
    await eventually(() => expectAllOwned([first]));

    const second = join('second');
    const third = join('third');
    await eventually(() => {
      expectAllOwned(members);
      expect(Math.min(...members.map((member) => member.owned.length))).toBeGreaterThan(0);
    });
    const before = third.owned;
    await second.leave();
    await eventually(() => expectAllOwned([first, third]), 2_000);

    expect(third.owned).toEqual(expect.arrayContaining([...before]));
    expect((await leasesNow()).map(({ spec }) => spec?.holderIdentity).toSorted()).toEqual(['first', 'third']);
    looking.stop();
    expect(looking.doubles).toBe(0);
  });

  test('what is under way keeps its shard until it has ended', async () => {
    const first = join('first');
    await eventually(() => expectAllOwned([first]));
    const leaves = first.owned.map((shard) => first.enter(shard));

    const second = join('second');
    const first3Renewals = async () => {
      const own = (await leasesNow()).find(({ spec }) => spec?.holderIdentity === 'first');
      return JSON.parse(own?.metadata.annotations?.['test.dev/claims'] ?? '{}') as { write: number; shards: number[] };
    };
    const { write } = await first3Renewals();
    await eventually(async () => expect((await first3Renewals()).write).toBeGreaterThan(write + 3));
    expect(second.owned).toEqual([]);
    expect((await first3Renewals()).shards.length).toBe(shards);
    // No new work begins in those that are to be given up.
    expect(first.owned.length).toBeLessThan(shards);

    for (const leave of leaves) {
      leave?.();
    }
    await eventually(() => {
      expectAllOwned([first, second]);
      expect(second.owned.length).toBeGreaterThan(0);
    });
  });

  test('one that does not reach the API server loses all before another takes it, and its Lease may be taken away', async () => {
    const link = await openTcpLink(await serverPort());
    const linked = await connectTo(inject('kubeconfig'), { port: link.port });
    const cut = join('cut', { client: linked });
    const other = join('other');
    await eventually(() => {
      expectAllOwned([cut, other]);
      expect(cut.owned.length).toBeGreaterThan(0);
    });
    const [shard = 0] = cut.owned;
    let lostAt = Number.POSITIVE_INFINITY;
    cut.signal.addEventListener('abort', () => {
      lostAt = performance.now();
    });

    link.freeze();
    await eventually(() => expectAllOwned([other]));

    expect(lostAt).toBeLessThan(performance.now());
    expect(cut.isHeld()).toBe(false);
    expect(cut.enter(shard)).toBeUndefined();
    expect(() => cut.assertHeld()).toThrow(/^work as Lease .*: not renewed for 2000 ms$/);
    await linked.close();
    await link.close();
  });

  test.each<{ what: string; annotations: Record<string, string> }>([
    { what: 'no annotation', annotations: {} },
    { what: 'no JSON', annotations: { 'test.dev/claims': '{"write":' } },
    { what: 'claims that are no numbers', annotations: { 'test.dev/claims': '{"write":1,"shards":["0",null]}' } },
    { what: 'a foreign claim of all', annotations: { 'test.dev/claims': '{"write":1,"shards":[0,1,2,3]}' } },
  ])('a Lease that somebody else made with $what holds nothing up for longer than its duration', async (row) => {
    await client.create<Lease>(leases, {
      metadata: { namespace, name: 'odd', labels: { 'test.dev/group': 'group' }, annotations: row.annotations },
      spec: { holderIdentity: 'odd', leaseDurationSeconds: 1 },
    });

    const first = join('first');

    await eventually(() => expectAllOwned([first]));
  });

  test('the Lease of one is deleted: it has lost everything', async () => {
    const first = join('first');
    await eventually(() => expectAllOwned([first]));
    const [own] = await leasesNow();

    await client.delete(leases, { namespace, name: own?.metadata.name ?? '' });

    await eventually(() => expect(first.signal.aborted).toBe(true));
    expect(first.signal.reason).toMatchObject({ code: 'LEASE_LOST', retry: 'never' });
  });
});

async function serverPort(): Promise<number> {
  const answer = (await client.request({ what: 'get addresses', method: 'GET', path: '/api' })) as {
    serverAddressByClientCIDRs: { serverAddress: string }[];
  };
  return Number(new URL(`https://${answer.serverAddressByClientCIDRs[0]?.serverAddress}`).port);
}
