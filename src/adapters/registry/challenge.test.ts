import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseChallenges } from './challenge.ts';

describe('parseChallenges', () => {
  test.each([
    [undefined, []],
    ['', []],
    ['Basic realm="Registry"', [['basic', { realm: 'Registry' }]]],
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:samalba/my-app:pull,push"',
      [
        [
          'bearer',
          {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:samalba/my-app:pull,push',
          },
        ],
      ],
    ],
    [
      'Basic realm="a, b", Bearer Realm = "https://x/y" , service=plain',
      [
        ['basic', { realm: 'a, b' }],
        ['bearer', { realm: 'https://x/y', service: 'plain' }],
      ],
    ],
    [
      ['Basic realm="one"', 'Bearer realm="two"'],
      [
        ['basic', { realm: 'one' }],
        ['bearer', { realm: 'two' }],
      ],
    ],
    ['Basic realm="say \\"hi\\" \\\\ there"', [['basic', { realm: 'say "hi" \\ there' }]]],
    [
      'Negotiate, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'Bearer realm="never closed',
      [
        ['bearer', { realm: '' }],
        ['never', {}],
        ['closed', {}],
      ],
    ],
  ] as const)('%j', (header, expected) => {
    const challenges = parseChallenges(header);

    expect(challenges.map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])).toEqual(expected);
  });

  test('reads any text in time that grows with its length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: fc.constantFrom('a', '"', '\\', '=', ',', ' ') }), (text) => {
        expect(parseChallenges(text).length).toBeLessThanOrEqual(text.length);
      }),
    );
    const start = performance.now();
    parseChallenges(`Basic ${'a="\\'.repeat(100_000)}`);
    expect(performance.now() - start).toBeLessThan(500);
  });
});
