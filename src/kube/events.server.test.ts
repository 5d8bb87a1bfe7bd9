import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { collectGarbage } from '../../test/collect-garbage.ts';
import { createManualClock } from '../../test/kube/manual-clock.ts';
import { type ConfigMap, connectTo, createConfigMap, createNamespace } from '../../test/kube/server-fixtures.ts';
import type { KubeClient } from './client.ts';
import type { EventInput } from './event-series.ts';
import { createEventRecorder } from './events.ts';
import type { KubeObject } from './objects.ts';
import { events } from './resource-types.ts';

interface Event extends KubeObject {
  readonly type: string;
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string; readonly uid: string };
  readonly reportingController: string;
  readonly series?: { readonly count: number };
}

let client: KubeClient;
let namespace: string;
let object: ConfigMap;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
});

beforeEach(async () => {
  namespace = await createNamespace(client);
  object = await createConfigMap(client, namespace, 'subject');
});

afterAll(() => client.close());

function record(overrides: Partial<EventInput> = {}): EventInput {
  return { regarding: object, type: 'Normal', reason: 'Tried', action: 'Try', note: 'it was tried', ...overrides };
}

function start(errors: unknown[] = []) {
  const clock = createManualClock(new Date());
  const stop = new AbortController();
  const recorder = createEventRecorder({
    client,
    controller: 'example.org/test',
    instance: 'test-1',
    signal: stop.signal,
    clock,
    onError: (error) => errors.push(error),
  });
  return { recorder, clock, stop };
}

async function written(): Promise<readonly Event[]> {
  return (await client.list<Event>(events, { namespace })).items;
}

describe('events', () => {
  test('say who, what and about what', async () => {
    const { recorder } = start();

    recorder.record(record({ type: 'Warning', note: `ü${'x'.repeat(2_000)}` }));
    await recorder.flush();

    const [event] = await written();
    expect(event).toMatchObject({
      type: 'Warning',
      reason: 'Tried',
      action: 'Try',
      regarding: { kind: 'ConfigMap', name: 'subject', uid: object.metadata.uid },
      reportingController: 'example.org/test',
    });
    expect(Buffer.byteLength(event?.note ?? '')).toBeLessThanOrEqual(1_024);
    expect(event?.series).toBeUndefined();
  });

  test('do not keep what they are about', async () => {
    const { recorder } = start();
    const tell = async () => {
      const large = { ...object, data: { text: 'x'.repeat(1_000) } };
      recorder.record(record({ regarding: large }));
      await recorder.flush();
      return new WeakRef(large);
    };
    const told = await tell();

    // Whoever makes a WeakRef keeps its object to the end of the turn.
    await setImmediate();
    collectGarbage();

    expect(recorder.stats().written).toBe(1);
    expect(told.deref()).toBeUndefined();
  });

  test('that repeat are counted in one object, written with a delay', async () => {
    const { recorder, clock } = start();

    recorder.record(record());
    await recorder.flush();
    for (let left = 99; left > 0; left -= 1) {
      recorder.record(record());
    }
    expect(recorder.stats()).toMatchObject({ written: 1, waiting: 1 });
    await clock.advance(30_000);
    await recorder.flush();

    expect((await written()).map((event) => event.series?.count)).toEqual([100]);
    expect(recorder.stats()).toEqual({ written: 2, dropped: 0, waiting: 0 });
    expect(clock.timers).toBe(0);
  });

  test('that come again much later are a new object', async () => {
    const { recorder, clock } = start();

    recorder.record(record());
    await recorder.flush();
    await clock.advance(7 * 60_000);
    recorder.record(record());
    await recorder.flush();

    expect((await written()).map((event) => event.series?.count)).toEqual([undefined, undefined]);
  });

  test('of a series whose object has expired are written anew', async () => {
    const { recorder } = start();
    recorder.record(record());
    await recorder.flush();
    const [first] = await written();
    await client.delete(events, { namespace, name: first?.metadata.name ?? '' });

    recorder.record(record());
    await recorder.flush();

    expect((await written()).map((event) => event.series?.count)).toEqual([2]);
  });

  test('too many different ones about one object are cut off, those about others are not', async () => {
    const { recorder, clock } = start();
    const other = await createConfigMap(client, namespace, 'other');

    for (let index = 0; index < 100; index += 1) {
      recorder.record(record({ note: `try ${index}` }));
    }
    recorder.record(record({ regarding: other }));
    await recorder.flush();
    expect(recorder.stats()).toEqual({ written: 26, dropped: 75, waiting: 0 });
    await clock.advance(60_000);
    recorder.record(record({ note: 'after a minute' }));
    await recorder.flush();

    expect((await written()).map((event) => event.note)).toContain('after a minute');
  });

  test('that the server refuses are told to onError and nobody else', async () => {
    const errors: unknown[] = [];
    const { recorder } = start(errors);

    recorder.record(
      record({ regarding: { ...object, metadata: { ...object.metadata, namespace: 'no-such-namespace' } } }),
    );
    await recorder.flush();

    expect(errors).toMatchObject([{ code: 'API_NOT_FOUND' }]);
    expect(recorder.stats()).toEqual({ written: 0, dropped: 1, waiting: 0 });
  });

  test('about objects with names that are no DNS names are written too', async () => {
    const { recorder } = start();
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'system:node.', namespace },
    };

    recorder.record(record({ regarding: role }));
    await recorder.flush();

    expect((await written()).map((event) => event.regarding.name)).toEqual(['system:node.']);
  });
});
