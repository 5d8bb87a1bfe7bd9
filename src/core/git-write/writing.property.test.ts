/** Real-world texts: whatever a writer sets, every byte outside that scalar stays, and the rest means the same. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isMap, isScalar, isSeq, type ParsedNode, parseAllDocuments } from 'yaml';
import { type FieldPath, formatFieldPath } from '../field-path.ts';
import { setValues } from './set-values.ts';
import { type Writing, writeText } from './writing.ts';

const folder = new URL('../../../test/yaml-samples/', import.meta.url);
const samples = readdirSync(folder).map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }));

interface Place {
  readonly path: FieldPath;
  readonly start: number;
  readonly end: number;
}

/** Every scalar that a path leads to, found by the library alone. */
function placesOf(text: string): readonly Place[] {
  return parseAllDocuments(text, { uniqueKeys: false, schema: 'failsafe' }).flatMap(({ contents }) => {
    return [...walk(contents, [])];
  });
}

function* walk(node: ParsedNode | null, path: FieldPath): Generator<Place> {
  if (isScalar(node)) {
    yield { path, start: node.range[0], end: node.range[1] };
  } else if (isMap<ParsedNode, ParsedNode | null>(node)) {
    for (const { key, value } of node.items) {
      yield* walk(value, [...path, { kind: 'Key', key: isScalar(key) ? String(key.value) : '' }]);
    }
  } else if (isSeq<ParsedNode | null>(node)) {
    for (const [index, item] of node.items.entries()) {
      yield* walk(item, [...path, { kind: 'Index', index }]);
    }
  }
}

const values = fc.oneof(
  fc.constantFrom(
    '2.0',
    '1.2.3+build.7',
    'on',
    '~',
    '',
    'v1',
    '0777',
    'a: b',
    "it's",
    '"',
    'a #b',
    '- a',
    'x\ny',
    '{}',
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.stringMatching(/^[\w.+-]{1,20}$/),
);

describe.each(samples)('$name', ({ text }) => {
  const places = placesOf(text);
  const isOnly = ({ path }: Place) =>
    places.filter((one) => formatFieldPath(one.path) === formatFieldPath(path)).length === 1;
  const unique = places.filter(isOnly);

  const meanings = readAll(text, unique);

  test('any scalar by its path, to any text', () => {
    expect(unique.length).toBeGreaterThan(1);
    fc.assert(
      fc.property(fc.constantFrom(...unique), values, ({ path, start, end }, value) => {
        const written = setValues(text, [{ path, value }]);

        if (written.kind === 'Broken') {
          throw new Error(`${formatFieldPath(path)}: ${written.reason}`);
        }
        const behind = text.slice(end);
        expect(written.text.slice(0, start)).toBe(text.slice(0, start));
        expect(written.text.slice(written.text.length - behind.length)).toBe(behind);
        const expected = meanings.map((one, index) => (unique[index]?.path === path ? [value] : one));
        expect(readAll(written.text, unique)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });
});

/** What the library reads at each place, over all documents. */
function readAll(text: string, places: readonly Place[]): readonly (readonly unknown[])[] {
  const documents = parseAllDocuments(text, { uniqueKeys: false, schema: 'failsafe' });
  return places.map(({ path }) => {
    const keys = path.map((step) => (step.kind === 'Index' ? step.index : step.key));
    return documents.flatMap((document) => {
      const node = document.getIn(keys, true);
      return isScalar(node) ? [node.value ?? node.source] : [];
    });
  });
}

const digest = `sha256:${'c'.repeat(64)}`;
const writing: Writing = {
  markers: new Map([['flux-system:envoy', { name: 'docker.io/envoyproxy/envoy', tag: 'v1.31.0' }]]),
  images: [
    { name: 'ghcr.io/shop/web', tag: '2.0' },
    { name: 'envoyproxy/envoy', tag: 'v1.31.0', digest },
  ],
  charts: [
    { name: 'ingress-nginx', version: '4.11.3' },
    { name: 'postgresql', version: '16.0.0+r1' },
  ],
  values: [
    {
      file: 'values.yaml',
      path: [
        { kind: 'Key', key: 'web' },
        { kind: 'Key', key: 'image' },
        { kind: 'Key', key: 'tag' },
      ],
      value: '2.0',
    },
    {
      file: 'values.yaml',
      path: [
        { kind: 'Key', key: 'worker' },
        { kind: 'Key', key: 'containers' },
        { kind: 'Item', key: 'name', value: 'main' },
        { kind: 'Key', key: 'image' },
      ],
      value: `ghcr.io/shop/worker:2.0@${digest}`,
    },
  ],
};

/** Changed lines of each sample, from 1, when all writers have their turn. */
const changedLines: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  'Chart.yaml': {
    13: '  version: 4.11.3   # patch releases only',
    15: `- {name: postgresql, version: "16.0.0+r1", repository: "oci://registry-1.docker.io/bitnamicharts", alias: db, tags: [data, 'db']}`,
  },
  'argo-applications.yaml': {
    13: '    targetRevision: 4.11.3',
    27: '      targetRevision: "16.0.0+r1"',
  },
  'deployment.yaml': {
    34: '                image: docker.io/envoyproxy/envoy:v1.31.0 # {"$imagepolicy": "flux-system:envoy"}',
  },
  'flux-kustomization.yaml': {
    14: '          newTag: "2.0"',
    16: `            digest: ${digest}   # v1.30.0`,
  },
  'helm-release.yaml': { 11: '      - docker.io/envoyproxy/envoy:v1.31.0' },
  'helmfile.yaml': {
    10: '    version: 4.11.3',
    15: "    version: '16.0.0+r1'",
  },
  'kustomization.yml': {
    8: '  newTag: "2.0" # {"$imagepolicy": "flux-system:web:tag"}',
    11: '  newTag: v1.31.0 # {"$imagepolicy": "flux-system:envoy:tag"}',
  },
  'values-crlf.yaml': {},
  'values.yaml': {
    12: "    tag: '2.0'",
    30: `      image: ghcr.io/shop/worker:2.0@${digest}`,
  },
};

describe('all writers together', () => {
  test.each(samples)('$name', ({ name, text }) => {
    const lines = changedLines[name] ?? {};
    const expected = text.split('\n').map((line, index) => lines[index + 1] ?? line);

    const written = writeText(name, text, writing);

    expect(written).toMatchObject({ kind: 'Written', text: expected.join('\n') });
    expect(writeText(name, expected.join('\n'), writing)).toMatchObject({ changes: [] });
  });

  test('each sample has its expected lines', () => {
    expect(samples.map(({ name }) => name).toSorted()).toEqual(Object.keys(changedLines).toSorted());
  });
});
