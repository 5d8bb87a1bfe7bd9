import { describe, expect, test } from 'vitest';
import { formatJson, formatTable } from './table.ts';

describe('a table', () => {
  test('has columns as wide as their widest cell and no blanks at the end', () => {
    const rows = [
      ['web', '1.0.0', ''],
      ['a-long-name', '', 'why'],
    ];

    expect(formatTable(['APP', 'TAG', 'WHY'], rows)).toBe(
      ['APP           TAG     WHY', 'web           1.0.0', 'a-long-name           why'].join('\n'),
    );
  });

  test('without rows is its heading', () => {
    expect(formatTable(['APP', 'TAG'], [])).toBe('APP   TAG');
  });
});

const hostile = [
  { name: 'an escape sequence', text: '\u001b[2Jgone', table: '\\x1b[2Jgone', json: '\\u001b[2Jgone' },
  { name: 'a line break', text: 'one\ntwo', table: 'one\\x0atwo', json: 'one\\ntwo' },
  { name: 'a carriage return', text: 'one\rtwo', table: 'one\\x0dtwo', json: 'one\\rtwo' },
  { name: 'a C1 sequence', text: '\u009b31mred', table: '\\x9b31mred', json: '\\u009b31mred' },
  { name: 'delete', text: 'a\u007fb', table: 'a\\x7fb', json: 'a\\u007fb' },
  { name: 'text that runs backwards', text: 'a\u202eb', table: 'a\\u202eb', json: 'a\\u202eb' },
  { name: 'a line separator', text: 'a\u2028b', table: 'a\\u2028b', json: 'a\\u2028b' },
  { name: 'letters of the world', text: 'größe 版本 é', table: 'größe 版本 é', json: 'größe 版本 é' },
];

describe.each(hostile)('foreign text with $name', ({ text, table, json }) => {
  test('is shown in a table', () => {
    expect(formatTable(['X'], [[text]])).toBe(`X\n${table}`);
  });

  test('is escaped in JSON, which still says the same', () => {
    expect(formatJson({ x: text })).toBe(`{\n  "x": "${json}"\n}`);
    expect(JSON.parse(formatJson({ x: text }))).toEqual({ x: text });
  });
});
