import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { connectTo, createConfigMap, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { OperationError } from '../../core/errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps } from '../../kube/resource-types.ts';
import { type Watched, watch } from './watched.ts';

interface Colour {
  readonly name: string;
  readonly colour: string;
}

let client: KubeClient;
let namespaces: readonly string[];
let stop: AbortController;
let changes: string[];
let problems: string[];

beforeEach(async () => {
  client = await connectTo(inject('kubeconfig'));
  namespaces = [await createNamespace(client), await createNamespace(client)];
  stop = new AbortController();
  changes = [];
  problems = [];
});

afterEach(async () => {
  stop.abort();
  await client.close();
});

/** ConfigMaps as colours; one without a colour does not decode. */
function decode(object: KubeObject & { readonly data?: Readonly<Record<string, string>> }): Colour {
  const colour = object.data?.['colour'];
  if (colour === undefined) {
    const message = `ConfigMap ${object.metadata.name}: data.colour is missing`;
    throw new OperationError(message, { code: 'OBJECT_INVALID', retry: 'never' });
  }
  return { name: object.metadata.name, colour };
}

function watchColours(): Watched<Colour> {
  return watch<Colour>({
    client,
    type: configMaps,
    namespaces,
    decode,
    indexBy: ({ colour }) => [colour],
    onChange: ({ value, previous }) => changes.push(`${previous?.colour ?? '-'} -> ${value?.colour ?? '-'}`),
    onError: () => undefined,
    onProblem: ({ message }) => problems.push(message),
    signal: stop.signal,
  });
}

async function paint(name: string, colour: string | null): Promise<void> {
  const key = { namespace: namespaces[0] ?? '', name };
  await client.patch(configMaps, key, { kind: 'merge', body: { data: { colour } } });
}

describe('a watched copy', () => {
  test('is that of all its namespaces, and no other', async () => {
    const [first = '', second = ''] = namespaces;
    await createConfigMap(client, first, 'a', { colour: 'red' });
    await createConfigMap(client, second, 'b', { colour: 'red' });
    await createConfigMap(client, await createNamespace(client), 'c', { colour: 'red' });

    const watched = watchColours();
    await watched.synced;

    const names = (colours: readonly Colour[]) => colours.map(({ name }) => name).sort();
    expect(names(watched.listAll())).toEqual(['a', 'b']);
    expect(names(watched.list(second))).toEqual(['b']);
    expect(names(watched.listBy('red'))).toEqual(['a', 'b']);
    expect(watched.listBy('blue')).toEqual([]);
    expect(watched.find(first, 'a')).toEqual({ name: 'a', colour: 'red' });
    expect(watched.find(first, 'b')).toBeUndefined();
  });

  test('leaves out what does not decode, says so, and takes it in once it does', async () => {
    const [first = ''] = namespaces;
    await createConfigMap(client, first, 'good', { colour: 'red' });
    await createConfigMap(client, first, 'odd');
    const watched = watchColours();
    await watched.synced;

    expect(watched.list(first)).toEqual([{ name: 'good', colour: 'red' }]);
    expect(problems).toEqual(['ConfigMap odd: data.colour is missing']);

    await paint('odd', 'blue');
    await expect.poll(() => watched.find(first, 'odd'), { timeout: 15_000 }).toEqual({ name: 'odd', colour: 'blue' });

    await paint('odd', null);
    await expect.poll(() => problems.length, { timeout: 15_000 }).toBe(2);
    expect(watched.find(first, 'odd')).toBeUndefined();
    expect(watched.listBy('blue')).toEqual([]);
    expect(changes.slice(-2)).toEqual(['- -> blue', 'blue -> -']);
  });

  test('stopped before its first answer harms nobody', async () => {
    const watched = watchColours();
    stop.abort();

    await expect(watched.synced).rejects.toBe(stop.signal.reason);
  });
});
