import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { digest, journal, later, startOfTest } from '../../../test/fixtures.ts';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import type { DirectRecords } from '../../engine/ports/records.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type AppObjectWire, decodeApp } from '../../resources/app/decode-app.ts';
import { journalOf } from '../../resources/update/decode-update.ts';
import type { RejectionSpecWire } from '../../resources/update/rejection.ts';
import type { UpdateSpecWire } from '../../resources/update/update.ts';
import { apps, type ProductObject, rejections, updates } from './kinds.ts';
import { createDirectRecords } from './records.ts';

let client: KubeClient;
let namespace: string;
let records: DirectRecords;
const never = new AbortController().signal;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  records = createDirectRecords(client, { now: () => startOfTest });
});

beforeEach(async () => {
  namespace = await createNamespace(client);
});

afterAll(() => client.close());

async function createApp(name = 'web'): Promise<AppObjectWire> {
  const spec = {
    sources: [{ name: 'web', image: { repository: 'ghcr.io/org/web', policy: { semver: { range: '1.x' } } } }],
    deploy: { workloads: { targets: [{ name: 'web' }] } },
  };
  return decodeApp(await client.create<ProductObject>(apps, { metadata: { namespace, name }, spec }), name);
}

function updateSpec(sequence: number, app = 'web'): UpdateSpecWire {
  return {
    app,
    sequence,
    trigger: { kind: 'Source', by: 'headgate', reason: 'newer' },
    changes: [{ source: 'web', repository: 'ghcr.io/org/web', from: { tag: '1.0.0' }, to: { tag: '1.1.0' } }],
  };
}

describe('an Update', () => {
  test('is named by App and sequence, labelled, and goes with its App', async () => {
    const app = await createApp();

    await records.createUpdate(app, updateSpec(7), never);

    const { metadata, spec } = await client.get<ProductObject>(updates, { namespace, name: 'web-7' });
    expect(spec).toEqual(updateSpec(7));
    expect(metadata.labels).toEqual({ 'headgate.dev/app': 'web' });
    expect(metadata.ownerReferences).toEqual([
      { apiVersion: 'headgate.dev/v1alpha1', kind: 'App', name: 'web', uid: app.metadata.uid, controller: true },
    ]);
  });

  test('can be made and labelled for an App with the longest name', async () => {
    const app = await createApp('a'.repeat(52));

    const made = await records.createUpdate(app, updateSpec(1_000_000_000, app.metadata.name), never);

    expect(made.metadata.name).toBe(`${'a'.repeat(52)}-1000000000`);
    expect(await records.readUpdates({ namespace, app: app.metadata.name }, never)).toHaveLength(1);
  });

  test('of a sequence that another controller took is refused, and the first one stays', async () => {
    const app = await createApp();
    const first = await records.createUpdate(app, updateSpec(1), never);

    const second = { ...updateSpec(1), trigger: { kind: 'Source' as const, by: 'the other', reason: 'newer' } };
    await expect(records.createUpdate(app, second, never)).rejects.toMatchObject({
      code: 'API_CONFLICT',
      retry: 'backoff',
    });

    expect(await records.readUpdates({ namespace }, never)).toEqual([first]);
  });

  test('of several is listed newest first by number, not by name', async () => {
    const app = await createApp();
    const other = await createApp('other');
    for (const sequence of [2, 10, 9, 1]) {
      await records.createUpdate(app, updateSpec(sequence), never);
    }
    await records.createUpdate(other, updateSpec(1, 'other'), never);

    const ofApp = await records.readUpdates({ namespace, app: 'web' }, never);

    expect(ofApp.map(({ spec }) => spec.sequence)).toEqual([10, 9, 2, 1]);
    expect(await records.readUpdates({ namespace }, never)).toHaveLength(5);
    expect(await records.readUpdates({ namespace, app: 'nobody' }, never)).toEqual([]);
  });

  test('keeps its journal as it was written', async () => {
    const made = await records.createUpdate(await createApp(), updateSpec(1), never);
    const written = journal({
      healthySince: later(5_000),
      waiting: { reason: 'Stabilizing', message: 'healthy', until: later(60_000) },
      failure: { reason: 'CrashLoop', message: 'container app: exit code 1', blamesVersion: true },
    });

    await records.writeJournal(made, written, never);

    const [read] = await records.readUpdates({ namespace }, never);
    expect(read && journalOf(read, later(1))).toEqual(written);
    expect(read?.status?.versions).toBe('web 1.0.0 -> 1.1.0');
  });

  test('that somebody else wrote meanwhile is not written over', async () => {
    const made = await records.createUpdate(await createApp(), updateSpec(1), never);
    const faster = await records.writeJournal(made, journal(), never);

    await expect(records.writeJournal(made, journal({ phase: 'Applying' }), never)).rejects.toMatchObject({
      code: 'API_CONFLICT',
    });

    expect(await records.readUpdates({ namespace }, never)).toEqual([faster]);
  });

  test('may be deleted twice, but never one of the same name made since', async () => {
    const app = await createApp();
    const first = await records.createUpdate(app, updateSpec(1), never);
    await records.deleteUpdate(first, never);
    await records.deleteUpdate(first, never);
    const second = await records.createUpdate(app, updateSpec(1), never);

    await expect(records.deleteUpdate(first, never)).rejects.toMatchObject({ code: 'API_CONFLICT' });

    expect(await records.readUpdates({ namespace }, never)).toEqual([second]);
  });
});

function rejectionSpec(fields: Partial<RejectionSpecWire> = {}): RejectionSpecWire {
  return { app: 'web', digest: digest('1'), reason: 'CrashLoop', author: 'Update web-1', ...fields };
}

describe('rejecting', () => {
  test('one digest twice makes one object that says the latest', async () => {
    const first = { tag: '1.1.0', update: 'web-1', expiresAt: '2030-01-01T00:00:00Z' };
    await records.reject(namespace, rejectionSpec(first), never);
    await records.reject(namespace, rejectionSpec({ reason: 'by hand', author: 'ann' }), never);

    const found = await records.readRejections(namespace, never);
    expect(found).toHaveLength(1);
    // An end that was set before must not lift what is rejected anew.
    expect(found).toMatchObject([{ digest: digest('1'), reason: 'by hand', author: 'ann', expiresAt: undefined }]);
  });

  test('one digest for two Apps and for all makes three', async () => {
    await records.reject(namespace, rejectionSpec({ app: 'web' }), never);
    await records.reject(namespace, rejectionSpec({ app: 'all' }), never);
    const { app: _, ...forAll } = rejectionSpec();
    await records.reject(namespace, forAll, never);

    const found = await records.readRejections(namespace, never);
    expect(found.map(({ app }) => app ?? 'every App').sort()).toEqual(['all', 'every App', 'web']);
  });

  test('in one namespace says nothing about another', async () => {
    await records.reject(namespace, rejectionSpec(), never);

    expect(await records.readRejections(await createNamespace(client), never)).toEqual([]);
  });

  test.each<{ app: string | undefined; name: RegExp }>([
    { app: 'web', name: /^web-[0-9a-f]{12}$/ },
    { app: 'a'.repeat(52), name: /^a{52}-[0-9a-f]{12}$/ },
    { app: undefined, name: /^[0-9a-f]{12}$/ },
  ])('for App $app makes objects named after App and digest', async ({ app, name }) => {
    const { app: _, ...spec } = rejectionSpec();
    for (const character of ['1', '2']) {
      await records.reject(namespace, { ...spec, ...(app && { app }), digest: digest(character) }, never);
    }

    const [one, two, ...others] = (await records.readRejections(namespace, never)).map((found) => found.name);
    expect(one).toMatch(name);
    expect(two).toMatch(name);
    expect(two).not.toBe(one);
    expect(others).toEqual([]);
  });
});

describe('an App', () => {
  test('that is not there is undefined', async () => {
    expect(await records.readApp(namespace, 'web', never)).toBeUndefined();
  });

  test('that somebody else wrote meanwhile is not written over', async () => {
    const app = await createApp();
    const faster = await records.writeAppStatus(app, { update: 'web-1' }, never);

    await expect(records.writeAppStatus(app, { update: 'web-2' }, never)).rejects.toMatchObject({
      code: 'API_CONFLICT',
    });

    expect(await records.readApp(namespace, 'web', never)).toEqual(faster);
  });

  test('is listed in its namespace and in all', async () => {
    await createApp();

    expect(await records.readApps(namespace, never)).toHaveLength(1);
    const everywhere = await records.readApps(undefined, never);
    expect(everywhere.map(({ metadata }) => metadata.namespace)).toContain(namespace);
  });
});

test('Rejections that the API server holds are read back whole', async () => {
  const spec = rejectionSpec({ tag: '1.1.0', repository: 'ghcr.io/org/web', expiresAt: '2030-01-01T00:00:00Z' });
  await client.create<ProductObject>(rejections, { metadata: { namespace, name: 'by-hand' }, spec });

  expect(await records.readRejections(namespace, never)).toEqual([
    {
      name: 'by-hand',
      namespace,
      app: 'web',
      digest: digest('1'),
      tag: '1.1.0',
      reason: 'CrashLoop',
      author: 'Update web-1',
      expiresAt: new Date('2030-01-01T00:00:00Z'),
    },
  ]);
});
