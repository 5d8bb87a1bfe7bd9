import { describe, expect, test } from 'vitest';
import { type FieldPath, parseFieldPath } from '../field-path.ts';
import { setValues } from './set-values.ts';

function path(text: string): FieldPath {
  const parsed = parseFieldPath(text);
  if (parsed.kind === 'Invalid') {
    throw new Error(parsed.reason);
  }
  return parsed.path;
}

const set = (text: string, at: string, value = 'v2') => setValues(text, [{ path: path(at), value }]);

describe('the scalar at a path', () => {
  test.each([
    { at: 'image.tag', text: 'image:\n  tag: v1 # keep\n', becomes: 'image:\n  tag: v2 # keep\n' },
    { at: 'image.tag', text: 'image: {repo: a, tag: "v1"}\n', becomes: 'image: {repo: a, tag: "v2"}\n' },
    { at: 'list[1]', text: 'list: [v1, v1]\n', becomes: 'list: [v1, v2]\n' },
    { at: 'list[1].tag', text: 'list:\n- tag: v1\n- tag: v1\n', becomes: 'list:\n- tag: v1\n- tag: v2\n' },
    {
      at: 'c[name=web].image',
      text: 'c:\n- {name: db, image: x}\n- {name: web, image: x}\n',
      becomes: 'c:\n- {name: db, image: x}\n- {name: web, image: v2}\n',
    },
    { at: 'a\\.b', text: 'a.b: v1\n', becomes: 'a.b: v2\n' },
    { at: '[0]', text: '- v1\n', becomes: '- v2\n' },
    { at: 'tag', text: 'a: 1\n---\ntag: v1\n', becomes: 'a: 1\n---\ntag: v2\n' },
    { at: 'tag', text: 'other: *x\ntag: &x v1\n', becomes: 'other: *x\ntag: &x v2\n' },
    { at: 'tag', text: 'tag: |\n  v1\nb: 1\n', becomes: 'tag: |-\n  v2\nb: 1\n' },
    { at: 'tag', text: 'tag: ""\r\nb: 1\r\n', becomes: 'tag: "v2"\r\nb: 1\r\n' },
    { at: 'tag', text: 'tag: ~\n', becomes: 'tag: v2\n' },
  ])('$at of $text', ({ at, text, becomes }) => {
    expect(set(text, at)).toMatchObject({ kind: 'Written', text: becomes });
  });

  test.each([
    { value: '1.20', becomes: 'tag: "1.20"\n' },
    { value: '1.2.3+build', becomes: 'tag: 1.2.3+build\n' },
    { value: "it's", becomes: "tag: 'it''s'\n" },
    { value: 'a: b', becomes: "tag: 'a: b'\n" },
    { value: 'a:', becomes: "tag: 'a:'\n" },
    { value: 'a #b', becomes: "tag: 'a #b'\n" },
    { value: 'a\nb', becomes: 'tag: "a\\nb"\n' },
    { value: '', becomes: 'tag: ""\n' },
  ])('becomes $value', ({ value, becomes }) => {
    expect(set('tag: v1\n', 'tag', value)).toMatchObject({ kind: 'Written', text: becomes });
  });

  test('tells line, path and both values', () => {
    expect(set('a: 1\nimage:\n  tag: v1\n', 'image.tag')).toEqual({
      kind: 'Written',
      text: 'a: 1\nimage:\n  tag: v2\n',
      changes: [{ line: 3, path: 'image.tag', old: 'v1', new: 'v2' }],
      named: new Set(['image.tag']),
    });
  });
});

describe('what cannot be set is said, with its line', () => {
  test.each([
    { at: 'image.tag', text: 'a: 1\n', line: 1, reason: 'it has no image' },
    { at: 'image.tag', text: 'image: v1\n', line: 1, reason: 'it has no image.tag' },
    { at: 'list[2]', text: 'list: [a]\n', line: 1, reason: 'it has no list[2]' },
    { at: 'image', text: 'a: 1\nimage:\n  tag: v1\n', line: 3, reason: 'image is no single value' },
    { at: 'tag', text: 'b: &x v1\ntag: *x\n', line: 2, reason: 'tag is an alias; name the path of its anchor' },
    { at: 'a.tag', text: 'b: &x {tag: v1}\na: *x\n', line: 2, reason: 'a is an alias; name the path of its anchor' },
    { at: 'tag', text: 'tag: v1\ntag: v1\n', line: 2, reason: 'tag is there twice' },
    { at: 'tag', text: 'tag: v1\n---\ntag: v1\n', line: 3, reason: 'tag is in two documents of the file' },
    { at: 'tag', text: 'tag: !!int 5\n', line: 1, reason: 'tag:yaml.org,2002:int' },
    { at: 'tag', text: 'tag: v1\nb: [\n', line: 3, reason: '' },
  ])('$at of $text', ({ at, text, line, reason }) => {
    expect(set(text, at)).toEqual({ kind: 'Broken', line, reason: expect.stringContaining(reason) });
  });
});
