/** Objects as former releases stored them in a real API server: still taken by the definitions, and still understood. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import type { KubeClient } from '../src/kube/client.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { decodeApp, decodeAppSpec } from '../src/resources/app/decode-app.ts';
import { decodeChannel, decodeChannelSpec } from '../src/resources/channel/decode-channel.ts';
import { decodeReleaseObject } from '../src/resources/channel/decode-release.ts';
import { decodeSubscription, decodeSubscriptionSpec } from '../src/resources/channel/decode-subscription.ts';
import { kinds } from '../src/resources/kinds.ts';
import { decodeRejection } from '../src/resources/update/decode-rejection.ts';
import { decodeUpdate } from '../src/resources/update/decode-update.ts';
import { connectTo, createNamespace } from './kube/server-fixtures.ts';

const folder = new URL('releases/', import.meta.url);
const dumps = readdirSync(folder).filter((name) => name.startsWith('objects-'));

const decoders: Readonly<Record<string, (object: unknown) => unknown>> = {
  App: (object) => decodeAppSpec(decodeApp(object, 'the App')),
  Channel: (object) => decodeChannelSpec(decodeChannel(object, 'the Channel')),
  Rejection: (object) => decodeRejection(object, 'the Rejection'),
  Release: (object) => decodeReleaseObject(object, 'the Release'),
  Subscription: (object) => decodeSubscriptionSpec(decodeSubscription(object, 'the Subscription')),
  Update: (object) => decodeUpdate(object, 'the Update'),
};

let client: KubeClient;
let namespace: string;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  namespace = await createNamespace(client);
  return () => client.close();
});

test('there is a dump', () => {
  expect(dumps.length).toBeGreaterThan(0);
});

describe.each(dumps)('%s', (dump) => {
  const objects: readonly KubeObject[] = JSON.parse(gunzipSync(readFileSync(new URL(dump, folder))).toString('utf8'));

  test('has Apps, a rejected version, and Updates that succeeded and went back', () => {
    const text = JSON.stringify(objects);

    expect(new Set(objects.map(({ kind }) => kind))).toContain('Rejection');
    expect(text).toContain('"phase":"Succeeded"');
    expect(text).toContain('"phase":"RolledBack"');
  });

  test.each(objects.map((object) => [`${object.kind} ${object.metadata.name}`, object] as const))(
    '%s is understood, and the API server keeps every field of it',
    async (_, object) => {
      expect(decoders[object.kind]?.(object)).toBeDefined();
      const kind = kinds.find((one) => one.kind === object.kind);
      if (kind === undefined) {
        throw new Error(`${object.kind}: no such kind any more`);
      }
      const { resourceVersion: _version, uid: _uid, ...metadata } = { ...object.metadata, namespace };
      const { ownerReferences: _owners, ...own } = metadata;

      await client.create(
        { ...kind, namespaced: true },
        { ...object, metadata: own },
        {
          dryRun: true,
          fieldValidation: 'Strict',
        },
      );
    },
  );
});
