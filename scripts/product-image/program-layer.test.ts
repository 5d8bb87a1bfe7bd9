import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';
import { makeProgramLayer, programPath } from './program-layer.ts';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

function folderForTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function contentOf([entry]: readonly TarEntry[]): Uint8Array {
  return entry?.kind === 'file' ? entry.content : Buffer.alloc(0);
}

test('the bundle runs alone, CommonJS dependencies included, and is the same each time', async () => {
  const folder = folderForTest();
  const entry = join(folder, 'entry.ts');
  writeFileSync(
    entry,
    `import { pino } from '${modules}/pino/pino.js';
     import { parse } from '${modules}/semver/index.js';
     const answer: string = String(parse('1.2.3')?.major) + pino({ level: 'warn' }).level;
     process.stdout.write(answer);`,
  );
  const bundle = join(folder, 'headgate.mjs');

  const [layer, again] = [await makeProgramLayer(entry), await makeProgramLayer(entry)];

  expect(layer.map((file) => `/${file.path}`)).toEqual([programPath]);
  expect(Buffer.from(contentOf(layer)).equals(contentOf(again))).toBe(true);
  writeFileSync(bundle, contentOf(layer));
  expect(execFileSync(process.execPath, [bundle], { encoding: 'utf8' })).toBe('1warn');
});

test('the bundle is ASCII, means what was written, and names functions in a stack trace', async () => {
  const folder = folderForTest();
  const entry = join(folder, 'entry.ts');
  writeFileSync(
    entry,
    `/* café */ const words = ['µs', '😀', \`…\${1}\`];
     function nameOfThePlace(): string { return new Error('x').stack?.split('\\n')[1] ?? ''; }
     const found = [...'5µs 😀'.matchAll(/[0-9](µs)|😀/gu)].length;
     process.stdout.write(JSON.stringify([words, found, nameOfThePlace().includes('nameOfThePlace')]));`,
  );
  const bundle = join(folder, 'headgate.mjs');

  writeFileSync(bundle, contentOf(await makeProgramLayer(entry)));

  expect(contentOf(await makeProgramLayer(entry)).every((byte) => byte < 0x80)).toBe(true);
  expect(JSON.parse(execFileSync(process.execPath, [bundle], { encoding: 'utf8' }))).toEqual([
    ['µs', '😀', '…1'],
    2,
    true,
  ]);
});

test('an import that does not exist is named', async () => {
  const entry = join(folderForTest(), 'entry.ts');
  writeFileSync(entry, `import { missing } from './not-there.ts';\nmissing();`);

  await expect(makeProgramLayer(entry)).rejects.toThrow('not-there.ts');
});
