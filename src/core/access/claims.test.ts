import { expect, test } from 'vitest';
import { type ClaimMapping, callerOfClaims } from './claims.ts';

const mapping: ClaimMapping = { username: 'sub', usernamePrefix: undefined, groups: 'groups', groupsPrefix: '' };
const issuer = 'https://id.example.com';

test.each<[string, Partial<ClaimMapping>, Record<string, unknown>, string, readonly string[]]>([
  ['the issuer stands before a subject', {}, { sub: 'ann' }, `${issuer}#ann`, []],
  ['nothing before an email', { username: 'email' }, { email: 'ann@example.com' }, 'ann@example.com', []],
  ['a prefix of its own', { usernamePrefix: 'oidc:' }, { sub: 'ann' }, 'oidc:ann', []],
  ['no prefix on wish', { usernamePrefix: '-' }, { sub: 'ann' }, 'ann', []],
  [
    'groups with prefix',
    { groupsPrefix: 'oidc:' },
    { sub: 'a', groups: ['x', 'y'] },
    `${issuer}#a`,
    ['oidc:x', 'oidc:y'],
  ],
  ['one group as text', {}, { sub: 'a', groups: 'x' }, `${issuer}#a`, ['x']],
  ['groups of Kubernetes itself are left out', {}, { sub: 'a', groups: ['system:masters', 'x'] }, `${issuer}#a`, ['x']],
  ['what is no group is left out', {}, { sub: 'a', groups: [1, null, '', {}] }, `${issuer}#a`, []],
])('%s', (_, part, claims, ...[name, groups]) => {
  expect(callerOfClaims(claims, { ...mapping, ...part }, issuer)).toEqual({
    kind: 'Known',
    caller: { name, groups: [...groups, 'system:authenticated'] },
  });
});

test.each<[string, Partial<ClaimMapping>, Record<string, unknown>]>([
  ['no such claim', { username: 'email' }, { sub: 'ann' }],
  ['a claim that is no text', {}, { sub: 7 }],
  ['an empty name', {}, { sub: '' }],
  ['a name without end', {}, { sub: 'x'.repeat(513) }],
  ['an email that nobody verified', { username: 'email' }, { email: 'a@b.c', email_verified: false }],
  ['a name of Kubernetes itself', { usernamePrefix: '-' }, { sub: 'system:admin' }],
  ['a prefix of Kubernetes itself', { usernamePrefix: 'system:' }, { sub: 'masters' }],
])('%s is nobody', (_, part, claims) => {
  expect(callerOfClaims(claims, { ...mapping, ...part }, issuer)).toMatchObject({ kind: 'Unknown' });
});
