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
