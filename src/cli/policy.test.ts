import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Options } from './command.ts';
import { policyCommandReading } from './policy.ts';

const encoder = new TextEncoder();

/** What the command prints, without a process around it. */
async function tell(values: Readonly<Record<string, unknown>>, ...chunks: readonly string[]): Promise<string> {
  const input = (async function* () {
    yield* chunks.map((chunk) => encoder.encode(chunk));
  })();
  let printed = '';
  await policyCommandReading(() => input).run({
    arguments: [],
    options: new Options({ output: 'table', ...values }),
    warn: () => undefined,
    print: (text) => {
      printed += `${text}\n`;
    },
    signal: new AbortController().signal,
  });
  return printed;
}

async function choose(values: Readonly<Record<string, unknown>>, tags: string): Promise<unknown> {
  const report: unknown = JSON.parse(await tell({ output: 'json', ...values }, tags.replaceAll(' ', '\n')));
  return report;
}

describe('chooses by', () => {
  const builds = 'main-ab-12 main-ff-9 latest';
  const flux =
    '{filterTags: {pattern: "^main-[a-f0-9]+-(?P<ts>[0-9]+)", extract: "$ts"}, policy: {numerical: {order: asc}}}';
  test.each<[Readonly<Record<string, unknown>>, string, string | null]>([
    [{ policy: 'semver: {range: "1.x"}' }, '1.0.0 1.2.0 2.0.0', '1.2.0'],
    [{ policy: 'semver: {range: "1.x"}', current: '1.2.0' }, '1.0.0 1.2.0 2.0.0', null],
    [{ policy: 'semver: {range: "1.x"}' }, '', null],
    [{ policy: 'step: patch', current: '1.0.0' }, '1.0.1 1.2.0', '1.0.1'],
    [{ policy: 'semver:\n  range: ">=1"\nexclude: ["^1.2"]\n' }, '1.0.0 1.2.0', '1.0.0'],
    [{ policy: flux }, builds, 'main-ab-12'],
    [{ policy: flux.replace('{', '{imageRepositoryRef: {name: web}, interval: 5m, ') }, builds, 'main-ab-12'],
    [
      {
        policy: [
          'apiVersion: image.toolkit.fluxcd.io/v1',
          'kind: ImagePolicy',
          'metadata: {name: web}',
          'spec:',
          '  imageRepositoryRef: {name: web}',
          '  policy: {semver: {range: 5.x}}',
        ].join('\n'),
      },
      '4.0.0 5.1.0 6.0.0',
      '5.1.0',
    ],
    [{ policy: 'keel:minor', current: '1.4.5' }, '1.5.5 2.0.0', '1.5.5'],
    [{ policy: 'keel:patch', current: '1.4.5-xx' }, '1.4.5-yy', null],
    [{ policy: 'keel:patch', current: '1.4.5-xx', matchPreRelease: 'false' }, '1.4.5-yy', '1.4.5-yy'],
    [{ policy: 'keel:patch', current: '1.4.5-xx', matchPreRelease: true }, '1.4.5-yy', null],
    [{ policy: 'keel:force', current: 'latest' }, 'main', 'main'],
    [{ policy: 'keel:force', current: 'latest', matchTag: true }, 'main latest', 'latest'],
    [{ policy: 'keel:force', current: 'latest', matchTag: 'true' }, 'main', null],
    [{ policy: 'keel:force', current: 'latest', matchTag: 'false' }, 'main', 'main'],
    [
      { policy: 'keel:regexp:^build-.*-(?P<compare>.+)$' },
      'build-1a-1696801785 build-3a-1695801785',
      'build-1a-1696801785',
    ],
    [{ policy: 'keel:never', current: '1.0.0' }, '1.0.1', null],
    [{ policy: 'keel:', current: '1.0.0' }, '1.0.1', null],
    [{ policy: 'keel: {policy: minor, matchPreRelease: false}', current: '1.0.0' }, '1.0.1-a', '1.0.1-a'],
    [{ policy: 'digest: {tag: latest}', current: 'latest' }, 'latest 1.0', 'latest'],
    [{ policy: 'digest: {tag: latest}' }, '1.0', null],
  ])('%o over [%s]: %s', async (values, tags, choice) => {
    expect(await choose(values, tags)).toMatchObject({ choice });
  });
});

test('gives a reason for each other tag, in the order given, each once', async () => {
  const policy = { policy: 'semver: {range: 1.x}', current: '1.2.3' };

  expect(await choose(policy, '2.0.0 1.2.3 1.4.0  1.3.0 2.0.0 latest')).toEqual({
    choice: '1.4.0',
    rejected: [
      { tag: '2.0.0', reason: 'OutsideRange: is outside 1.x' },
      { tag: '1.2.3', reason: 'SameAsCurrent: is what runs' },
      { tag: '1.3.0', reason: 'NotTheBest: 1.4.0 is better' },
      { tag: 'latest', reason: 'NotAVersion: is not a version' },
    ],
  });
});

test('prints a table', async () => {
  const policy = { policy: 'semver: {range: 1.x}' };

  expect(await tell(policy, '1.0.0\r\n2.0.0\n')).toBe(
    'choice: 1.0.0\n\nTAG     NOT TAKEN\n2.0.0   OutsideRange: is outside 1.x\n',
  );
  expect(await tell(policy, '2.0.0')).toMatch(/^choice: none\n/);
  expect(await tell(policy, '1.0.0')).toBe('choice: 1.0.0\n');
  expect(await tell(policy, '\u001b[31m')).toContain('\\x1b[31m');
});

test('reads tags across chunks', async () => {
  expect(await tell({ policy: 'semver: {range: "*"}', output: 'json' }, '1.0', '.0\n1.', '1.0')).toContain(
    '"choice": "1.1.0"',
  );
});

describe('refuses as wrong use', () => {
  test.each<[Readonly<Record<string, unknown>>, string]>([
    [{}, '--policy is missing'],
    [{ policy: 'newest' }, 'this is no policy; write for example'],
    [{ policy: '' }, 'the policy is no YAML: '],
    [{ policy: '- semver' }, 'this is no policy'],
    [{ policy: 'semver: {' }, 'the policy is no YAML: '],
    [{ policy: '['.repeat(1_000) }, 'the policy is no YAML: '],
    [{ policy: 'a: &a [1]\nb: *a' }, 'the policy is no YAML: aliases'],
    [{ policy: 'x'.repeat(65_537) }, 'the policy has 65537 characters; 65536 are the most'],
    [{ policy: '{}' }, 'policy: no policy given; write exactly one'],
    [{ policy: 'semvr: {range: 1.x}' }, 'policy: policy.semvr is no field of a policy'],
    [{ policy: 'semver: {rang: 1.x}' }, 'policy: policy.semver.rang is no field of a policy'],
    [{ policy: 'semver: {range: 1.0}' }, 'policy: semver.range 1 must be string'],
    [{ policy: 'semver: {range: 1x}' }, 'policy.semver.range: "1x" is not a semver range'],
    [
      { policy: 'numerical: {order: up}' },
      'policy: numerical.order "up" must be equal to one of the allowed values: asc, desc',
    ],
    [{ policy: 'semver: {range: 1.x}\nnumerical: {}' }, 'policy: both semver and numerical given'],
    [{ policy: 'regexp: {pattern: "(?=a)"}' }, 'policy.regexp.pattern: "(?=a)" is not a pattern'],
    [{ policy: 'keel:newest' }, 'policy.keel.policy: "newest" is no policy of Keel'],
    [{ policy: 'keel:minor', current: 'main' }, 'keel:minor: the current tag "main" is no version'],
    [{ policy: 'step: minor', current: 'main' }, 'step minor: the current tag "main" is no version'],
    [{ policy: 'semver: {range: 1.x}', current: 'a b' }, '--current: "a b" is not a tag'],
    [{ policy: 'semver: {range: 1.x}', current: '' }, '--current: "" is not a tag'],
    [{ policy: 'semver: {range: 1.x}', current: 'web:1.0' }, '--current: "web:1.0" is not a tag'],
    [{ policy: 'semver: {range: 1.x}', matchTag: true }, '--match-pre-release and --match-tag only say something'],
  ])('%o: %s', async (values, message) => {
    await expect(tell(values, '1.0.0')).rejects.toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(message) }),
    );
  });

  test('more bytes than any registry has', async () => {
    const chunks = Array.from({ length: 65 }, () => 'x'.repeat(1024 * 1024));

    await expect(tell({ policy: 'semver: {range: "*"}' }, ...chunks)).rejects.toThrow('has more than 67108864 bytes');
  });

  test('more tags than any registry has', async () => {
    const tags = Array.from({ length: 1_000_001 }, (_, at) => at.toString(36)).join('\n');

    await expect(tell({ policy: 'semver: {range: "*"}' }, tags)).rejects.toThrow(
      'has 1000001 tags; 1000000 are the most',
    );
  });
});

test('200,000 tags are printed', async () => {
  const tags = Array.from({ length: 200_000 }, (_, at) => `1.0.${at}`).join('\n');

  expect(await tell({ policy: 'semver: {range: "*"}' }, tags)).toMatch(/^choice: 1\.0\.199999\n/);
});

test('a tag that makes other engines explode costs nothing', async () => {
  const start = performance.now();

  await tell({ policy: 'regexp: {pattern: "^(a+)+$"}' }, `${'a'.repeat(30_000)}!`);

  expect(performance.now() - start).toBeLessThan(2_000);
});

describe('prints what docs/guide/policies.md says', () => {
  const guide = readFileSync(new URL('../../docs/guide/policies.md', import.meta.url), 'utf8');
  const examples = [...guide.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((example) => [example.slice(0, example.indexOf('\n')), example.slice(example.indexOf('\n') + 1).trimEnd()]),
  );

  test.each(examples)('%s', async (line = '', output = '') => {
    const [, tags = '', flags = ''] = /^printf '%s\\n' (.+) \| headgate policy (.+)$/.exec(line) ?? [];
    const values = [...flags.matchAll(/--([a-z-]+)(?:[ =](?:'([^']*)'|([^-]\S*)))?/g)].map(
      ([, name = '', quoted, plain]) => [
        name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
        quoted ?? plain ?? true,
      ],
    );

    expect((await tell(Object.fromEntries(values), tags.replaceAll(' ', '\n'))).trimEnd()).toBe(output);
  });

  test('and there are many', () => {
    expect(examples.length).toBeGreaterThan(15);
  });
});

describe('as a process', () => {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const run = (words: readonly string[], input: string) =>
    spawnSync(process.execPath, [main, 'policy', ...words], { input, encoding: 'utf8', timeout: 20_000 });

  test('ends with 0 and prints the choice', () => {
    const { status, stdout, stderr } = run(
      [
        '--policy',
        'keel:minor',
        '--current',
        '1.2.0-dev',
        '--match-pre-release=false',
        '--match-tag',
        '--output',
        'json',
      ],
      '1.3.0-dev\n1.5.0\n1.8.0-alpha\n',
    );

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      choice: '1.8.0-alpha',
      rejected: [
        { tag: '1.3.0-dev', reason: 'NotTheBest: 1.8.0-alpha is better' },
        { tag: '1.5.0', reason: 'NotTheBest: 1.8.0-alpha is better' },
      ],
    });
  });

  test.each([
    [['--policy', 'semver: {range: 1x}'], 'policy.semver.range: "1x" is not a semver range'],
    [['--policy', 'keel:all', '--current', 'main'], 'the current tag "main" is no version'],
    [['--policy', 'keel:all', '--match-tag=perhaps'], 'Allowed choices are true, false'],
  ])('%o ends with 2', (words, message) => {
    const { status, stdout, stderr } = run(words, '1.0.0\n');

    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
