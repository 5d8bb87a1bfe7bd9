/** Every object of headgate.dev in the documentation is one that Headgate takes. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { expect, test } from 'vitest';
import { decodeApp, decodeAppSpec } from '../src/resources/app/decode-app.ts';
import { decodeChannel, decodeChannelSpec } from '../src/resources/channel/decode-channel.ts';
import { decodeReleaseObject } from '../src/resources/channel/decode-release.ts';
import { decodeSubscription, decodeSubscriptionSpec } from '../src/resources/channel/decode-subscription.ts';
import { decodeRejection } from '../src/resources/update/decode-rejection.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Example {
  readonly page: string;
  readonly number: number;
  readonly kind: string;
  readonly object: Readonly<Record<string, unknown>>;
}

const decoders: Readonly<Record<string, (object: unknown) => unknown>> = {
  App: (object) => decodeAppSpec(decodeApp(object, 'the example')),
  Channel: (object) => decodeChannelSpec(decodeChannel(object, 'the example')),
  Rejection: (object) => decodeRejection(object, 'the example'),
  Release: (object) => decodeReleaseObject(object, 'the example'),
  Subscription: (object) => decodeSubscriptionSpec(decodeSubscription(object, 'the example')),
};

const examples = ['README.md', ...pagesBelow('docs')].flatMap(examplesIn);

test.each(examples)('$page, example $number: $kind', ({ kind, object }) => {
  const metadata = { namespace: 'default', uid: 'uid', creationTimestamp: '2026-05-04T12:00:00Z' };
  const named = isMap(object['metadata']) ? object['metadata'] : {};

  expect(() => decoders[kind]?.({ ...object, metadata: { ...metadata, ...named } })).not.toThrow();
});

test('each kind in an example is one that there is', () => {
  expect(examples.map(({ kind }) => kind).filter((kind) => !(kind in decoders))).toEqual([]);
});

test.each([
  ['docs/guide/moving-from-flux.md', 3],
  ['docs/guide/moving-from-helm-operator.md', 1],
  ['docs/guide/manifests.md', 1],
  ['docs/guide/helm.md', 1],
  ['docs/guide/git.md', 1],
])('%s has examples', (page, count) => {
  expect(examples.filter((example) => example.page === page && example.kind === 'App')).toHaveLength(count);
});

function examplesIn(page: string): readonly Example[] {
  const blocks = [...readFileSync(`${root}${page}`, 'utf8').matchAll(/^```ya?ml\n(.*?)^```/gms)];
  const objects = blocks
    .flatMap(([, text = '']) => (text.includes('headgate.dev/') ? loadAll(text) : []))
    .filter(isOurs);
  return objects.map((object, index) => ({ page, number: index + 1, kind: String(object['kind']), object }));
}

function isOurs(value: unknown): value is Readonly<Record<string, unknown>> {
  return isMap(value) && String(value['apiVersion']).startsWith('headgate.dev/') && isMap(value['spec']);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pagesBelow(folder: string): readonly string[] {
  const names = readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.md')).map((name) => `${folder}/${name}`);
}
