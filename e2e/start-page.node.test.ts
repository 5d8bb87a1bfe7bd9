/** The Start page of the documentation, followed to the letter: each of its commands, in its order, in one shell. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(`${root}docs/start/index.md`, 'utf8');
/** Begins a section in the output of the shell. */
const mark = '## section: ';

test('whoever follows docs/start/index.md sees what it says', { timeout: 900_000 }, async () => {
  // The page ends by removing this cluster, which then must not be somebody's.
  expect(
    existsSync(`${root}.cluster/cluster.json`),
    'a cluster runs in .cluster: end it with `make cluster-down`',
  ).toBe(false);
  const said = new Map<string, string>();
  try {
    const { output, code } = await followPage();
    for (const part of output.split(mark).slice(1)) {
      said.set(part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1));
    }
    expect(code, output).toBe(0);
  } finally {
    await runScript('make cluster-down');
  }

  expect([...said.keys()]).toEqual(sections().map(({ title }) => title));
  expect(said.get('4. Say what to look after')).toContain(promised('4. Say what to look after'));
  expect(said.get('5. A good version')).toMatch(/web:1\.1\.0@sha256:/);
  const bad = said.get('6. A bad version') ?? '';
  expect(bad).toContain('web-2 did not succeed');
  expect(bad).toMatch(/web-2\s+web 1\.1\.0 -> 1\.2\.0\s+RolledBack/);
  expect(bad).toMatch(/CrashLoop/);
});

interface Section {
  readonly title: string;
  readonly script: string;
}

/** Sections with something to run. */
function sections(): readonly Section[] {
  const parts = page.split(/^## /m).slice(1);
  return parts
    .map((part) => ({ title: part.slice(0, part.indexOf('\n')), script: blocksOf(part, 'sh').join('\n') }))
    .filter(({ script }) => script !== '');
}

/** What a section says that its commands print. */
function promised(title: string): string {
  const part = page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
  return blocksOf(part, 'text')[0]?.trim() ?? 'a block of text on the page';
}

function blocksOf(text: string, language: string): readonly string[] {
  const blocks = text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'));
  return [...blocks].map(([, block = '']) => block);
}

async function followPage(): Promise<Outcome> {
  const parts = sections().map(({ title, script }) => `echo '${mark}${title}'\n${script}`);
  return await runScript(`set -eu\n${parts.join('\n')}`);
}

interface Outcome {
  /** Both streams, in the order of their lines. */
  readonly output: string;
  readonly code: number | null;
}

async function runScript(script: string): Promise<Outcome> {
  const shell = spawn('bash', ['-c', `exec 2>&1\n${script}`], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  shell.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = await once(shell, 'close');
  return { output: Buffer.concat(chunks).toString(), code };
}
