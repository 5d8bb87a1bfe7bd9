import { describe, expect, test } from 'vitest';
import { commands } from './commands.ts';
import { runProgram } from './program.ts';

interface Said {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs one command line as the process would. */
async function say(...words: readonly string[]): Promise<Said> {
  let out = '';
  let error = '';
  const code = await runProgram(words, {
    out: (text) => {
      out += text;
    },
    error: (text) => {
      error += text;
    },
    signal: new AbortController().signal,
  });
  return { code, out, error };
}

describe('help', () => {
  test('of the program lists every command with its summary', async () => {
    const { code, out, error } = await say('--help');

    expect({ code, error }).toEqual({ code: 0, error: '' });
    for (const { name, summary } of commands) {
      expect(out.replaceAll(/\s+/g, ' ')).toMatch(new RegExp(`${name}.*${summary.replaceAll('.', '\\.')}`));
    }
  });

  test.each(commands.map((command) => [command.name, command] as const))(
    'of %s tells its arguments and every option',
    async (name, command) => {
      const { code, out, error } = await say(name, '--help');

      const text = out.replaceAll(/\s+/g, ' ');
      expect({ code, error }).toEqual({ code: 0, error: '' });
      expect(text).toContain(`Usage: headgate ${[name, ...(command.aliases ?? [])].join('|')} [options]`);
      expect(text).toContain(command.summary);
      const missing = [
        ...command.arguments.flatMap(({ syntax, description }) => [syntax, description]),
        ...command.options.flatMap(({ flags, description }) => [flags, description]),
        ...command.options.flatMap(({ choices }) => choices ?? []),
        ...command.options.flatMap((option) => (option.default === undefined ? [] : [`default: "${option.default}"`])),
      ].filter((part) => !text.includes(part));
      expect(missing).toEqual([]);
    },
  );
});

describe('wrong use ends with 2 and says what is wrong', () => {
  test.each<{ words: readonly string[]; says: string }>([
    { words: [], says: 'Usage: headgate' },
    { words: ['updaet'], says: "unknown command 'updaet'" },
    { words: ['run', '--once', '--cloud-identity', 'ibm'], says: '"ibm" is none of aws, azure, gcp' },
    { words: ['controller', '--registry-mirror', 'hub'], says: 'the mirror of "" is no plain address' },
    { words: ['controller', '--cloud-identity', 'ibm'], says: '"ibm" is none of aws, azure, gcp' },
    { words: ['status', '--colour'], says: "unknown option '--colour'" },
    { words: ['status', 'web', 'api'], says: 'too many arguments' },
    { words: ['apps', '--output', 'xml'], says: 'Allowed choices are table, wide, json, yaml' },
    { words: ['status', '--namespace'], says: 'argument missing' },
    { words: ['history', 'web', 'api'], says: 'too many arguments' },
    { words: ['rollback'], says: "missing required argument 'app'" },
    { words: ['rollback', 'web', '--to'], says: 'argument missing' },
    { words: ['run'], says: 'give --once' },
    { words: ['run', '--once', '--timeout', 'soon'], says: '--timeout: "soon" is not a duration' },
    { words: ['run', '--once', '--timeout', '9999999h'], says: '--timeout: "9999999h"' },
    { words: ['run', '--once', '--timeout', '0s'], says: '--timeout: "0s"' },
    { words: ['run', '--once', '--log-level', 'loud'], says: 'Allowed choices are debug, info, warn, error' },
    { words: ['controller', '--listen', 'nonsense'], says: '--listen: "nonsense"' },
    { words: ['controller', '--listen', ':80800'], says: '--listen: ":80800"' },
    { words: ['controller', '--listen', '127.0.0.1:'], says: '--listen: "127.0.0.1:"' },
  ])('headgate $words', async ({ words, says }) => {
    const { code, out, error } = await say(...words);

    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toContain(says);
  });
});

describe('a failure ends with 1', () => {
  test('and names the kubeconfig that is not there, once', async () => {
    const { code, out, error } = await say('status', '--kubeconfig', '/nowhere/config');

    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(error).toMatch(/^headgate: read \/nowhere\/config: ENOENT/);
    expect(error.match(/\/nowhere\/config/g)?.length).toBeLessThanOrEqual(2);
    expect(error.match(/\n/g)).toHaveLength(1);
  });

  test('and shows what would move the cursor of whoever reads it', async () => {
    const { error } = await say('status', '--kubeconfig', '/no\u001b[2J\u009b31m\u202ewhere');

    expect(error).toContain('/no\\x1b[2J\\x9b31m\\u202ewhere');
    expect(error.trimEnd()).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });
});
