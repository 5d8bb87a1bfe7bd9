import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { commands } from './commands.ts';
import { runProgram } from './program.ts';

const run = promisify(execFile);
const scripts = new Map<string, string>();

async function completion(shell: string): Promise<{ readonly code: number; readonly out: string }> {
  let out = '';
  const write = (text: string) => {
    out += text;
  };
  const code = await runProgram(['completion', shell], {
    out: write,
    error: write,
    signal: new AbortController().signal,
  });
  return { code, out };
}

beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    scripts.set(shell, (await completion(shell)).out);
  }
});

describe('bash', () => {
  /** What a real bash offers behind these words. */
  async function offers(...words: readonly string[]): Promise<readonly string[]> {
    const script = `${scripts.get('bash')}\nCOMP_WORDS=(headgate ${words.map((word) => `'${word}'`).join(' ')})\nCOMP_CWORD=${words.length}\n_headgate\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await run('bash', ['--norc', '-c', script]);
    return stdout.trimEnd().split('\n');
  }

  test.each([
    [[''], commands.map(({ name }) => name)],
    [['ap'], ['apps', 'app', 'approve', 'apply']],
    [['apps', '--out'], ['--output']],
    [
      ['apps', '-o', ''],
      ['table', 'wide', 'json', 'yaml'],
    ],
    [['apps', '--output', 'w'], ['wide']],
    [['status', '--all'], ['--all-namespaces']],
  ])('%j', async (words, expected) => {
    expect((await offers(...words)).toSorted()).toEqual(expected.toSorted());
  });
});

test('zsh and fish know every command and its options, and no quote ends before its time', () => {
  const [zsh = '', fish = ''] = [scripts.get('zsh'), scripts.get('fish')];
  for (const { name } of commands) {
    expect(zsh).toContain(`    '${name}:`);
    expect(fish).toContain(`-n __fish_use_subcommand -a ${name} -d '`);
  }
  expect(zsh).toMatch(/^#compdef headgate\n/);
  expect(fish).toContain(
    "complete -c headgate -n '__fish_seen_subcommand_from apps' -s o -l output -x -a 'table wide json yaml'",
  );
  for (const line of [...zsh.split('\n'), ...fish.split('\n')]) {
    expect([line, (line.match(/'/g) ?? []).length % 2]).toEqual([line, 0]);
  }
});

test('another shell is wrong use', async () => {
  expect(await completion('tcsh')).toEqual({ code: 2, out: expect.stringContaining('bash, zsh, fish') });
});
