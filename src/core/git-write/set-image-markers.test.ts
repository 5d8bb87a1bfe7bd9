/** Rows marked with "Flux" are what the original does, run on the same text (kyaml 0.21 and the rules of its internal/update). */
import { describe, expect, test } from 'vitest';
import type { ChosenImage } from './marker.ts';
import { setImageMarkers, type WrittenMarkers } from './set-image-markers.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const images: ReadonlyMap<string, ChosenImage> = new Map<string, ChosenImage>([
  ['ns:p', { name: 'ghcr.io/org/app', tag: 'v2' }],
  ['ns:pinned', { name: 'r/app', tag: 'v3', digest }],
  ['ns:number', { name: 'r/app', tag: '1.20' }],
  ['ns:ipv6', { name: '[::1]:5000/app', tag: '1' }],
]);

const marked = (policy: string) => `# {"$imagepolicy": "${policy}"}`;
const m = marked('ns:p');

function written(text: string): Extract<WrittenMarkers, { kind: 'Written' }> {
  const result = setImageMarkers(text, images);
  if (result.kind === 'Broken') {
    throw new Error(`line ${result.line}: ${result.reason}`);
  }
  return result;
}

describe('the part that the marker asks for', () => {
  test.each([
    { line: `image: a:1 ${marked('ns:p')}`, becomes: `image: ghcr.io/org/app:v2 ${marked('ns:p')}` },
    { line: `newName: a ${marked('ns:p:name')}`, becomes: `newName: ghcr.io/org/app ${marked('ns:p:name')}` },
    { line: `newTag: v1 ${marked('ns:p:tag')}`, becomes: `newTag: v2 ${marked('ns:p:tag')}` },
    { line: `digest: sha256:1 ${marked('ns:p:digest')}`, becomes: `digest: "" ${marked('ns:p:digest')}` },
    { line: `digest: '' ${marked('ns:pinned:digest')}`, becomes: `digest: '${digest}' ${marked('ns:pinned:digest')}` },
    { line: `image: a ${marked('ns:pinned')}`, becomes: `image: r/app:v3@${digest} ${marked('ns:pinned')}` },
    { line: `tag: "v1" ${marked('ns:pinned:tag')}`, becomes: `tag: "v3" ${marked('ns:pinned:tag')}` },
  ])('$line', ({ line, becomes }) => {
    expect(written(`a: x\n${line}\nb: y\n`).text).toBe(`a: x\n${becomes}\nb: y\n`);
  });
});

describe('style of the scalar', () => {
  test.each([
    { name: 'single quotes', text: `t: 'v1' ${m}\n`, becomes: `t: 'ghcr.io/org/app:v2' ${m}\n` },
    { name: 'double quotes', text: `t: "v1"   ${m}\n`, becomes: `t: "ghcr.io/org/app:v2"   ${m}\n` },
    { name: 'several lines, plain', text: `t: b\n  c ${m}\nz: 1\n`, becomes: `t: ghcr.io/org/app:v2 ${m}\nz: 1\n` },
    { name: 'several lines, quoted', text: `t: "b\n  c" ${m}\n`, becomes: `t: "ghcr.io/org/app:v2" ${m}\n` },
    { name: 'escapes', text: `t: "a\\"\\u0041" ${m}\n`, becomes: `t: "ghcr.io/org/app:v2" ${m}\n` },
    { name: 'anchor', text: `t: &i b ${m}\nu: *i\n`, becomes: `t: &i ghcr.io/org/app:v2 ${m}\nu: *i\n` },
    { name: 'tag !!str', text: `t: !!str b ${m}\n`, becomes: `t: !!str ghcr.io/org/app:v2 ${m}\n` },
    { name: 'own tag', text: `t: !x b ${m}\n`, becomes: `t: !x ghcr.io/org/app:v2 ${m}\n` },
    { name: 'null (Flux writes !!null v2)', text: `t: ~ ${m}\n`, becomes: `t: ghcr.io/org/app:v2 ${m}\n` },
    { name: 'number (Flux writes !!int v2)', text: `t: 5 ${m}\n`, becomes: `t: ghcr.io/org/app:v2 ${m}\n` },
    {
      name: 'a number is quoted',
      text: `t: v1 ${marked('ns:number:tag')}\n`,
      becomes: `t: "1.20" ${marked('ns:number:tag')}\n`,
    },
    {
      name: 'a bracket is quoted',
      text: `t: b ${marked('ns:ipv6')}\n`,
      becomes: `t: '[::1]:5000/app:1' ${marked('ns:ipv6')}\n`,
    },
    { name: 'literal', text: `t: | ${m}\n  b\nz: 1\n`, becomes: `t: |- ${m}\n  ghcr.io/org/app:v2\nz: 1\n` },
    {
      name: 'literal, kept lines',
      text: `t: |+ ${m}\n  b\n  c\n\nz: 1\n`,
      becomes: `t: |- ${m}\n  ghcr.io/org/app:v2\n\nz: 1\n`,
    },
    {
      name: 'folded, CRLF',
      text: `t: >-  ${m}\r\n   b\r\nz: 1\r\n`,
      becomes: `t: >-  ${m}\r\n   ghcr.io/org/app:v2\r\nz: 1\r\n`,
    },
    { name: 'indented by a number', text: `t: |2- ${m}\n    b\n`, becomes: `t: |- ${m}\n    ghcr.io/org/app:v2\n` },
    { name: 'empty block', text: `t: |- ${m}\nz: 1\n`, becomes: `t: ghcr.io/org/app:v2 ${m}\nz: 1\n` },
    {
      name: 'block made empty',
      text: `t: | ${marked('ns:p:digest')}\n  b\nz: 1\n`,
      becomes: `t: "" ${marked('ns:p:digest')}\nz: 1\n`,
    },
  ])('$name', ({ text, becomes }) => {
    expect(written(text).text).toBe(becomes);
    expect(written(becomes)).toMatchObject({ text: becomes, changes: [] });
  });
});

describe('places of a marker that count, as in Flux', () => {
  test.each([
    { name: 'item of a list', text: `a:\n- b:1 ${m}\n- c\n` },
    { name: 'above an item', text: `a:\n- z\n${m}\n- b:1\n- c\n` },
    { name: 'above the first item', text: `a:\n  ${m}\n  - b:1\n` },
    { name: 'above an item, after an empty line', text: `a:\n- z\n\n${m}\n- b:1\n` },
    { name: 'behind the dash', text: `a:\n- ${m}\n  b:1\n` },
    { name: 'list in a list', text: `a:\n- - b:1 ${m}\n  - c\n` },
    { name: 'map in a list', text: `a:\n- image: b:1 ${m}\n  x: y\n` },
    { name: 'value on its own line', text: `a:\n  b:1 ${m}\n` },
    { name: 'above a value on its own line', text: `a:\n  ${m}\n  b:1\n` },
    { name: 'flow map, behind the comma', text: `a: {i: b:1, ${m}\n  x: y}\n` },
    { name: 'flow map, before the comma', text: `a: {i: b:1 ${m}\n  , x: y}\n` },
    { name: 'flow map, last', text: `a: {x: y,\n  i: b:1 ${m}\n}\n` },
    { name: 'flow list, behind the comma', text: `a: [y, b:1, ${m}\n  x]\n` },
    { name: 'flow list, above', text: `a: [y,\n  ${m}\n  b:1]\n` },
    { name: 'pair in a flow list', text: `a: [i: b:1 ${m}\n  ]\n` },
    { name: 'explicit value', text: `? i\n: b:1 ${m}\n` },
    { name: 'quoted key', text: `"i": b:1 ${m}\n` },
    { name: 'byte order mark', text: `\ufeffa: b:1 ${m}\n` },
    { name: 'CRLF', text: `x: y\r\na: b:1 ${m}\r\nz: 1\r\n` },
    { name: 'tab before it', text: `a: b:1\t${m}\n` },
    { name: 'no line break at the end', text: `a: b:1 ${m}` },
    { name: 'second document', text: `a: b\n---\na: b:1 ${m}\n...\n---\nc: d\n` },
    { name: 'no space in it', text: 'a: b:1 #{"$imagepolicy":"ns:p"}\n' },
    { name: 'two #', text: 'a: b:1 ## {"$imagepolicy": "ns:p"}  \n' },
    { name: 'other entries', text: 'a: b:1 # {"$imagepolicy": "ns:p", "x": "y", "z": null}\n' },
    { name: 'another comment below', text: `a: b:1 ${m}\n       # other\nz: 1\n` },
    { name: 'beside duplicate keys', text: `z: 1\nz: 2\na: b:1 ${m}\n` },
    { name: 'beside a merge', text: `x: &b {c: d}\ny:\n  <<: *b\n  a: b:1 ${m}\n` },
    { name: 'beside a number that YAML 1.1 reads otherwise', text: `x: 0777\ny: yes\na: b:1 ${m}\n` },
  ])('$name', ({ text }) => {
    const { text: after, changes } = written(text);

    expect(after).toBe(text.replace('b:1', 'ghcr.io/org/app:v2'));
    expect(changes).toMatchObject([{ policy: 'ns:p', field: 'image', old: 'b:1', new: 'ghcr.io/org/app:v2' }]);
  });

  test('a list as a whole document, which Flux leaves', () => {
    expect(written(`- b:1 ${m}\n`).text).toBe(`- ghcr.io/org/app:v2 ${m}\n`);
  });
});

describe('left alone, as in Flux', () => {
  test.each([
    { name: 'other policy', text: `a: b:1 ${marked('ns:q')}\n` },
    { name: 'other namespace', text: `a: b:1 ${marked('other:p')}\n` },
    { name: 'unknown part', text: `a: b:1 ${marked('ns:p:version')}\n` },
    { name: 'too many parts', text: `a: b:1 ${marked('ns:p:tag:tag')}\n` },
    { name: 'words behind it', text: `a: b:1 ${m} please\n` },
    { name: 'words before it', text: `a: b:1 # see {"$imagepolicy": "ns:p"}\n` },
    { name: 'entry that is no text', text: 'a: b:1 # {"$imagepolicy": "ns:p", "x": 1}\n' },
    { name: 'list instead of object', text: 'a: b:1 # ["$imagepolicy", "ns:p"]\n' },
    { name: 'above a key', text: `x: y\n${m}\na: b:1\n` },
    { name: 'below', text: `a: b:1\n${m}\nz: 1\n` },
    { name: 'behind a key', text: `a: ${m}\n  b:1\n` },
    { name: 'behind a key without value', text: `a: ${m}\nb: c\n` },
    { name: 'behind the key of a list', text: `a: ${m}\n- b:1\n` },
    { name: 'behind a map', text: `a: {i: b:1} ${m}\n` },
    { name: 'behind a list', text: `a: [b:1] ${m}\n` },
    { name: 'above a map in a list', text: `a:\n- z\n${m}\n- i: b:1\n` },
    { name: 'above a list in a list', text: `a:\n- z\n${m}\n- - b:1\n` },
    { name: 'below another comment', text: `a:\n- z\n# hi\n${m}\n- b:1\n` },
    { name: 'above an item that has another comment', text: `a:\n- z\n${m}\n- b:1 # hi\n` },
    { name: 'above an item, with an empty line between', text: `a:\n- z\n${m}\n\n- b:1\n` },
    { name: 'behind an explicit key', text: `? i ${m}\n: b:1\n` },
    { name: 'behind an alias', text: `a: &i b:1\nc: *i ${m}\n` },
    { name: 'in a literal', text: `a: |\n  image: b:1 ${m}\n` },
    { name: 'in quotes', text: `a: 'b:1 ${m}'\n` },
    { name: 'template without a marker of these policies', text: `{{- if x }}\na: "{{ .b }}" ${marked('ns:q')}\n` },
    { name: 'no marker at all, and no YAML', text: 'a: b: c: "' },
    { name: 'empty', text: '' },
    { name: 'already so', text: `a: ghcr.io/org/app:v2 ${m}\n` },
    { name: 'a number with the same text', text: `a: 1.20 ${marked('ns:number:tag')}\n` },
  ])('$name', ({ text }) => {
    expect(written(text)).toMatchObject({ text, changes: [] });
  });
});

test('changes come in the order of the text with the line of each scalar', () => {
  const text = `# one\na: &x\n  tag: "v1" ${marked('ns:p:tag')}\n  list: [b, # two\n    c:1, ${m}\n    d]\n---\nimage: |\n  x:1\nz: >- ${m}\n  y:1\nq: 1 ${m}\n`;

  expect(written(text).changes.map(({ line, field, old }) => [line, field, old])).toEqual([
    [3, 'tag', 'v1'],
    [5, 'image', 'c:1'],
    [10, 'image', 'y:1'],
    [12, 'image', '1'],
  ]);
});

test('named says which policies some marker names, changed or not', () => {
  const text = `a: ghcr.io/org/app:v2 ${m}\nb: v1 ${marked('ns:pinned:tag')}\nc: d ${marked('ns:q')}\n`;

  expect(written(text).named).toEqual(new Set(['ns:p', 'ns:pinned']));
});

describe('a file with a marker that cannot be used is told with its line', () => {
  test.each([
    { text: `a: b:1 ${m}\n\tc: d\n`, line: 2, reason: /[Tt]abs are not allowed/ },
    { text: `a: b:1 ${m}\nb: "x\n`, line: 3, reason: /closing "quote/ },
    { text: `x: y\na: b:1 ${m}\n- c\n`, line: 3, reason: /./ },
    { text: `a: 1\n---\n{{- if .x }}\nb: b:1 ${m}\n{{- end }}\n`, line: 3, reason: /./ },
    { text: `a: 1\nb: !!int 5 ${marked('ns:p:tag')}\n`, line: 2, reason: /2002:int.*take the tag away/ },
    { text: `a: ${'['.repeat(20_000)} ${m}\n`, line: 1, reason: /nested too deeply/ },
  ])('$text', ({ text, line, reason }) => {
    const result = setImageMarkers(text, images);

    expect(result).toMatchObject({ kind: 'Broken', line });
    expect(result.kind === 'Broken' ? result.reason : '').toMatch(reason);
  });
});
