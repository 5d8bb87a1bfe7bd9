/**
 * Generated files as people write them, and samples of real ones: only the marked scalars change, byte for byte, and every
 * other value means the same to a parser as before.
 */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { loadAll } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type ChosenImage, type MarkerField, markedValue } from './marker.ts';
import { formatPlain } from './plain-text.ts';
import { setImageMarkers } from './set-image-markers.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

const chosenImages = fc.record(
  {
    name: fc.constantFrom('nginx', 'ghcr.io/org/app', 'localhost:5000/a_b/c--d.e', '[::1]:5000/app'),
    tag: fc.oneof(
      fc.constantFrom('v2', '1.20', '1e3', '0777', 'on', 'null', '2024-01-01', '1.2.3-alpine', '_x', '20240101'),
      // `e6` is a text to go-yaml and in YAML 1.1, and no number (NaN) to the library `yaml`.
      fc.stringMatching(/^\w[\w.-]{0,20}$/).filter((tag) => !/^e[0-9]+$/i.test(tag)),
    ),
    digest: fc.constant(digest),
  },
  { requiredKeys: ['name', 'tag'] },
);

/** A file in pieces: fixed bytes, and marked scalars in one style each. */
type Piece = string | { readonly style: 'plain' | 'single' | 'double'; readonly marker: string; readonly old: string };

const fieldOf: Readonly<Record<string, MarkerField>> = {
  '': 'image',
  ':tag': 'tag',
  ':name': 'name',
  ':digest': 'digest',
};

function render(pieces: readonly Piece[], newValueOf: (marker: string, old: string) => string): string {
  return pieces
    .map((piece) => {
      if (typeof piece === 'string') {
        return piece;
      }
      const value = newValueOf(piece.marker, piece.old);
      const quote = { plain: '', single: "'", double: '"' }[piece.style];
      return piece.style === 'plain' && value !== piece.old ? formatPlain(value) : `${quote}${value}${quote}`;
    })
    .join('');
}

const comments = [
  '# a word',
  '#',
  '# {"$imagepolicy": "other:p"}',
  '# see {"$imagepolicy": "ns:p"}',
  '## a: b',
  '# "it\'s',
];
const scalars = [
  'text',
  '\'# {"$imagepolicy": "ns:p"}\'',
  '"a\\n\\u00e9 # {"',
  '5',
  'true',
  'a b  c',
  'https://example.org/#x',
  `"${'long '.repeat(60)}"`,
  '""',
  '~',
  'Grüße👋',
  '{a: 1, "b": [c, d]}',
  '[ ]',
  '[a,b , "c"]',
];
const fragments = ['', ':tag', ':name', ':digest'];
const olds = ['a:1', 'v1', 'ghcr.io/org/app:1.2.3', `r/app:v1@${digest}`, 'x'];

/** Writes one file; fast-check chooses, and finds the smallest file that fails. */
class Writer {
  readonly pieces: Piece[] = [];
  readonly #gen: fc.GeneratorValue;
  readonly #lineBreak: string;

  constructor(gen: fc.GeneratorValue) {
    this.#gen = gen;
    this.#lineBreak = this.one(['\n', '\n', '\r\n']);
  }

  one<T>(choices: readonly T[]): T {
    const chosen = choices[this.#gen(fc.nat, choices.length - 1)];
    if (chosen === undefined) {
      throw new Error('nothing to choose from');
    }
    return chosen;
  }

  happens(): boolean {
    return this.#gen(fc.nat, 3) === 0;
  }

  file(): void {
    this.pieces.push(this.one(['', '', '\ufeff']), this.one(['', '# top\n', '---\n']).replace('\n', this.#lineBreak));
    for (let left = this.one([1, 1, 2, 3]); left > 0; left -= 1) {
      this.map('', 2);
      this.pieces.push(left > 1 ? `---${this.#lineBreak}` : this.one(['', '', '...', '# end']));
    }
  }

  map(indent: string, depth: number): void {
    for (let key = this.one([1, 2, 3]); key > 0; key -= 1) {
      this.between(indent);
      this.pieces.push(`${indent}${this.one(['k', '"k', 'a.b/c'])}${key}`.replace(/"k\d/, '$&"'), ':');
      this.value(indent, depth);
    }
  }

  value(indent: string, depth: number): void {
    const kinds = [
      'marked',
      'marked',
      'scalar',
      'scalar',
      'block',
      'flow',
      ...(depth > 0 ? ['map', 'list', 'list'] : []),
    ];
    const inner = `${indent}${this.one(['  ', '    '])}`;
    switch (this.one(kinds)) {
      case 'marked':
        this.marked(this.one([' ', '  ']));
        break;
      case 'block':
        this.pieces.push(this.one([' |', ' |-', ' >', ' |+']), this.#lineBreak);
        this.pieces.push(`${inner}image: a:1 # {"$imagepolicy": "ns:p"}${this.#lineBreak}`);
        break;
      case 'flow':
        this.flow(inner);
        break;
      case 'map':
        this.lineEnd();
        this.map(inner, depth - 1);
        break;
      case 'list':
        this.lineEnd();
        this.list(this.one([indent, inner]), depth - 1);
        break;
      default:
        this.pieces.push(` ${this.one(scalars)}`);
        this.lineEnd();
        break;
    }
  }

  list(indent: string, depth: number): void {
    for (let left = this.one([1, 2, 3]); left > 0; left -= 1) {
      this.between(indent);
      this.pieces.push(`${indent}-`);
      if (depth > 0 && this.happens()) {
        this.pieces.push(' n: 1', this.#lineBreak, `${indent}  m:`);
        this.value(`${indent}  `, depth - 1);
      } else {
        this.marked(this.one([' ', '   ']));
      }
    }
  }

  flow(indent: string): void {
    this.pieces.push(this.one([' {a: b, c:', ' [x,']));
    const isMap = this.pieces.at(-1) === ' {a: b, c:';
    this.marked(' ', this.one(['', ',']));
    this.pieces.push(`${indent}${isMap ? '}' : ']'}`);
    this.lineEnd();
  }

  marked(space: string, comma = ''): void {
    const marker = `ns:p${this.one(fragments)}`;
    const style = this.one(['plain', 'single', 'double'] as const);
    const anchor = this.happens() ? `&x${this.pieces.length} ` : '';
    this.pieces.push(`${space}${anchor}`, { style, marker, old: this.one(olds) });
    const json = this.one([`{"$imagepolicy": "${marker}"}`, `{"$imagepolicy":"${marker}"}`]);
    this.pieces.push(`${comma}${this.one([' ', '   ', '\t'])}# ${json}${this.one(['', ' '])}${this.#lineBreak}`);
  }

  lineEnd(): void {
    this.pieces.push(this.happens() ? ` ${this.one(comments)}` : this.one(['', '', ' ']), this.#lineBreak);
  }

  between(indent: string): void {
    if (this.happens()) {
      this.pieces.push(this.one([`${indent}${this.one(comments)}`, '', '  ']), this.#lineBreak);
    }
  }
}

const files = fc.gen().map((gen) => {
  const writer = new Writer(gen);
  writer.file();
  return writer.pieces;
});

test('only marked scalars change, and everything else means the same', () => {
  fc.assert(
    fc.property(files, chosenImages, (pieces, image) => {
      const images = new Map<string, ChosenImage>([['ns:p', image]]);
      const newValueOf = (marker: string) => markedValue(image, fieldOf[marker.slice('ns:p'.length)] ?? 'image');
      const expected = render(pieces, newValueOf);

      const result = setImageMarkers(
        render(pieces, (_, old) => old),
        images,
      );

      expect(result).toMatchObject({ kind: 'Written', text: expected });
      const placeholders = render(pieces, (marker) => `placeholder/${marker}`);
      for (const parse of [loadAll, parseAs11]) {
        expect(parse(expected)).toEqual(fillIn(parse(placeholders), newValueOf));
      }
      expect(setImageMarkers(expected, images)).toMatchObject({ text: expected, changes: [] });
    }),
    { numRuns: 1_000 },
  );
});

/** The meaning that Kubernetes gives to words such as `yes`. */
function parseAs11(text: string): unknown[] {
  return parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS());
}

/** The tree with each placeholder replaced by the value of its marker. */
function fillIn(tree: unknown, newValueOf: (marker: string) => string): unknown {
  const filled: unknown = JSON.parse(JSON.stringify(tree), (_, value: unknown) =>
    typeof value === 'string' && value.startsWith('placeholder/')
      ? newValueOf(value.slice('placeholder/'.length))
      : value,
  );
  return filled;
}

const samples = new URL('../../../test/yaml-samples/', import.meta.url);

/** Changed lines of each sample, from 1. Markers in literals, above maps and of other policies are not among them. */
const changedLines: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  'Chart.yaml': {},
  'argo-applications.yaml': {},
  'deployment.yaml': {
    14: '                image: ghcr.io/shop/web:2.0   # {"$imagepolicy": "flux-system:web"}',
    19: '                image: "ghcr.io/shop/web:2.0" # {"$imagepolicy": "flux-system:web"}',
    32: `                  value: '2.0' # {"$imagepolicy": "flux-system:web:tag"}`,
    34: '                image: docker.io/envoyproxy/envoy:v1.31.0 # {"$imagepolicy": "flux-system:envoy"}',
  },
  'flux-kustomization.yaml': {},
  'helm-release.yaml': {
    11: '      - docker.io/envoyproxy/envoy:v1.31.0',
    15: '      ghcr.io/shop/web:2.0',
  },
  'helmfile.yaml': {},
  'kustomization.yml': {
    8: '  newTag: "2.0" # {"$imagepolicy": "flux-system:web:tag"}',
    11: '  newTag: v1.31.0 # {"$imagepolicy": "flux-system:envoy:tag"}',
  },
  'values.yaml': {},
  'values-crlf.yaml': { 3: '  tag: "2.0"\t# {"$imagepolicy": "flux-system:web:tag"}\r' },
};

describe('samples', () => {
  test('each has its expected lines', () => {
    expect(readdirSync(samples).toSorted()).toEqual(Object.keys(changedLines).toSorted());
  });

  test.each(Object.entries(changedLines))('%s', (name, lines) => {
    const original = readFileSync(new URL(name, samples), 'utf8');
    const images = new Map<string, ChosenImage>([
      ['flux-system:web', { name: 'ghcr.io/shop/web', tag: '2.0' }],
      ['flux-system:envoy', { name: 'docker.io/envoyproxy/envoy', tag: 'v1.31.0' }],
    ]);

    const expected = original.split('\n').map((line, index) => lines[index + 1] ?? line);

    expect(setImageMarkers(original, images)).toMatchObject({ kind: 'Written', text: expected.join('\n') });
  });
});
