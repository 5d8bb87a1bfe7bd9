import { expect, test } from 'vitest';
import { defaultIndexBounds, readIndex } from './read-index.ts';

test('others have their turn every 128 KiB, also when 30 MB are there at once', async () => {
  const chunks = indexOf(40, 950);
  let read = 0;
  let since = 0;
  let longest = 0;
  const body = async function* () {
    for (const chunk of chunks) {
      read += chunk.length;
      since += chunk.length;
      longest = Math.max(longest, since);
      yield chunk;
    }
  };
  const turn = () => {
    since = 0;
    immediate = setImmediate(turn);
  };
  let immediate = setImmediate(turn);

  const charts = await readIndex(body(), new Set(['c20']), { isGzip: false, bounds: defaultIndexBounds });

  clearImmediate(immediate);
  expect(read).toBeGreaterThan(30_000_000);
  expect(longest).toBeLessThanOrEqual(2 ** 17 + 2 ** 16);
  expect(charts.get('c20')?.map(({ version }) => version)).toHaveLength(950);
});

const small = `entries: {web: [{version: 1.10, digest: ${'a'.repeat(64)}}, {version: 1.9.0}], other: []}\n`;

test.each([
  ['all in flow style', small, ['1.10', '1.9.0']],
  ['a chart in flow style', 'entries:\n  web: [{version: 1.0.0}]\n', ['1.0.0']],
  ['a chart by an alias', 'entries:\n  a: &a\n  - version: 1.0.0\n  web: *a\n', ['1.0.0']],
])('%s is read where it is small', async (_, text, versions) => {
  const charts = await read(text);
  expect(charts.get('web')?.map(({ version }) => version)).toEqual(versions);
});

test.each([
  ['more than 1 MiB', `#${'x'.repeat(60)}\n`.repeat(20_000) + small, 'is not written in block style'],
  ['more than 1 MiB after it', small + `#${'x'.repeat(60)}\n`.repeat(20_000), 'is not written in block style'],
  ['a bomb', `a: &a [x,x]\nb: &b [*a,*a]\nentries: {web: [*b`, 'it is not readable as YAML'],
  ['what is nested without end', `entries: ${'['.repeat(200_000)}`, 'it is not readable as YAML'],
  ['no list', 'entries: {web: {version: 1.0.0}}\n', '"web" is no list'],
])('in flow style %s is refused', async (_, text, message) => {
  await expect(read(text)).rejects.toThrow(message);
});

async function read(text: string) {
  const bytes = Buffer.from(text);
  const body = async function* () {
    for (let at = 0; at < bytes.length; at += 65_536) {
      yield bytes.subarray(at, at + 65_536);
    }
  };
  return await readIndex(body(), new Set(['web']), { isGzip: false, bounds: defaultIndexBounds });
}

/** As helm writes it, in pieces as they come from a socket. */
function indexOf(chartCount: number, versionCount: number): readonly Buffer[] {
  const description = 'a description of what the chart is good for, in many words. '.repeat(11);
  const one = (chart: number, at: number) => `  - apiVersion: v2
    appVersion: "1"
    description: ${description}
    name: c${chart}
    urls:
    - https://x.example/c${chart}-1.${chart}.${at}.tgz
    version: 1.${chart}.${at}
`;
  const charts = Array.from(
    { length: chartCount },
    (_, chart) => `  c${chart}:\n${Array.from({ length: versionCount }, (_each, at) => one(chart, at)).join('')}`,
  );
  const index = Buffer.from(`apiVersion: v1\nentries:\n${charts.join('')}`);
  const pieceBytes = 2 ** 16;
  return Array.from({ length: Math.ceil(index.length / pieceBytes) }, (_, at) =>
    index.subarray(at * pieceBytes, (at + 1) * pieceBytes),
  );
}
