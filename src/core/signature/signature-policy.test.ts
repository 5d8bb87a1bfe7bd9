import { describe, expect, test } from 'vitest';
import { describeOpen, isWanted, predicateTypeOf, requirementsOf, without } from './requirements.ts';
import { describePolicy, exactly, isTrustedIdentity, matching, type SignaturePolicy } from './signature-policy.ts';

const issuer = exactly('https://issuer.test');

test.each([
  { by: 'text', written: 'a@org.test', text: 'a@org.test', isTrusted: true },
  { by: 'text', written: 'a@org.test', text: 'aa@org.test', isTrusted: false },
  { by: 'text', written: '.*', text: 'a@org.test', isTrusted: false },
  { by: 'pattern', written: '.*@org\\.test', text: 'a@org.test', isTrusted: true },
  { by: 'pattern', written: '.*@org\\.test', text: 'a@org.test.evil', isTrusted: false },
  {
    by: 'pattern',
    written: 'https://github\\.com/org/.*',
    text: 'https://evil.test/?https://github.com/org/app',
    isTrusted: false,
  },
  { by: 'pattern', written: 'a|b', text: 'ab', isTrusted: false },
  { by: 'pattern', written: 'a|ab', text: 'ab', isTrusted: true },
  { by: 'pattern', written: '^a$', text: 'a', isTrusted: true },
  { by: 'pattern', written: '(?m)^a$', text: 'a\nb', isTrusted: false },
  { by: 'pattern', written: 'a.*', text: 'a\nb', isTrusted: false },
  { by: 'pattern', written: '', text: 'a', isTrusted: false },
])('$by $written trusts $text: $isTrusted', ({ by, written, text, isTrusted }) => {
  const subject = by === 'text' ? exactly(written) : matching(written, '');
  expect(isTrustedIdentity([{ issuer, subject }], { issuer: 'https://issuer.test', subject: text })).toBe(isTrusted);
  expect(isTrustedIdentity([{ issuer, subject }], { issuer: 'https://issuer.test.evil', subject: text })).toBe(false);
});

test.each(['a)(b', '(?=a)', '(a)\\1'])('%s is no pattern', (pattern) => {
  expect(() => matching(pattern, 'subjectPattern')).toThrow(/subjectPattern/);
});

const provenance = 'https://slsa.dev/provenance/v1';
const policy: SignaturePolicy = {
  signers: { kind: 'Keys', secret: 'keys' },
  signature: 'Required',
  transparencyLog: 'Ignored',
  predicateTypes: [provenance, provenance],
  trustedRoot: undefined,
};

describe('what is still open', () => {
  const all = requirementsOf(policy);

  test('is told', () => {
    expect(describeOpen(all)).toBe(`no trusted signature, no trusted attestation ${provenance}`);
    expect(describeOpen(requirementsOf({ ...policy, signature: 'Ignored' }))).toBe(
      `no trusted attestation ${provenance}`,
    );
  });

  test.each([
    { predicateType: undefined, left: `no trusted attestation ${provenance}` },
    { predicateType: 'https://sigstore.dev/cosign/sign/v1', left: `no trusted attestation ${provenance}` },
    { predicateType: provenance, left: 'no trusted signature' },
    { predicateType: 'https://spdx.dev/Document', left: describeOpen(all) },
  ])('after a claim of type $predicateType is $left', ({ predicateType, left }) => {
    expect(describeOpen(without(all, { digests: [], predicateType }))).toBe(left);
  });

  test.each([
    { predicateType: undefined, isOfUse: true },
    { predicateType: 'https://sigstore.dev/cosign/sign/v1', isOfUse: true },
    { predicateType: provenance, isOfUse: true },
    { predicateType: 'https://spdx.dev/Document', isOfUse: false },
  ])('may be shown by $predicateType: $isOfUse', ({ predicateType, isOfUse }) => {
    expect(isWanted(all, predicateType)).toBe(isOfUse);
  });
});

test.each([
  { text: 'slsaprovenance1', type: provenance },
  { text: 'spdxjson', type: 'https://spdx.dev/Document' },
  { text: 'https://example.test/own', type: 'https://example.test/own' },
  { text: 'toString', type: 'toString' },
])('$text is $type', ({ text, type }) => {
  expect(predicateTypeOf(text)).toBe(type);
});

test('policies that decide differently are told apart', () => {
  const identities = (subject: ReturnType<typeof exactly>): SignaturePolicy => ({
    ...policy,
    signers: { kind: 'Identities', identities: [{ issuer, subject }] },
  });
  const different = [
    policy,
    { ...policy, signature: 'Ignored' as const },
    { ...policy, transparencyLog: 'Required' as const },
    { ...policy, predicateTypes: [] },
    identities(exactly('a')),
    identities(matching('a', '')),
  ];

  expect(new Set(different.map(describePolicy)).size).toBe(different.length);
});
