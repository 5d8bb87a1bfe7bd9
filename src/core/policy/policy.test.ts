import { describe, expect, test } from 'vitest';
import { describeImagePolicy, parseImagePolicy } from './policy.ts';

const field = 'spec.sources[0].policy';

describe('parseImagePolicy', () => {
  test.each([
    [{ semver: { range: '>0,<2.0' } }, { kind: 'semver', range: '>0,<2.0' }, 'semver >0,<2.0'],
    [{ digest: { tag: 'latest' } }, { kind: 'digest', tag: 'latest' }, 'digest of latest'],
  ])('%o -> %o, %s', (written, policy, line) => {
    const parsed = parseImagePolicy(written, field);

    expect(parsed).toEqual(policy);
    expect(describeImagePolicy(parsed)).toBe(line);
  });

  test.each([
    [{}, `${field}: neither semver nor digest given; write exactly one`],
    [{ semver: { range: '*' }, digest: { tag: 'a' } }, `${field}: both semver and digest given; write exactly one`],
    [{ semver: { range: '1x' } }, `${field}.semver.range: "1x" is not a semver range; write for example 1.x`],
    [{ semver: { range: '' } }, `${field}.semver.range: "" is not a semver range`],
    [{ digest: { tag: 'a b' } }, `${field}.digest.tag: "a b" is not a tag`],
  ])('refuses %o: %s', (written, message) => {
    expect(() => parseImagePolicy(written, field)).toThrow(
      expect.objectContaining({ code: 'POLICY_INVALID', retry: 'never', message: expect.stringContaining(message) }),
    );
  });
});
