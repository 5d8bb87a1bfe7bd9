import { expect, test } from 'vitest';
import { commitOfDigest, digestOfCommit, isCommitId, isRefName } from './names.ts';

test.each(['main', 'release/1.x', 'v1.2.3', 'feature/a-b_c', 'ü', '1', 'a@b', 'v1.0.0+build'])(
  '%s is a name of a branch or tag',
  (name) => {
    expect(isRefName(name)).toBe(true);
  },
);

test.each([
  '',
  '-x',
  '--upload-pack=x',
  '/a',
  'a/',
  'a//b',
  'a..b',
  '.a',
  'a/.b',
  'a.',
  'a.lock',
  'a.lock/b',
  'a b',
  'a~1',
  'a^{}',
  'a:b',
  'a?',
  'a*',
  'a[b',
  'a\\b',
  'a@{1}',
  '@',
  'a\nb',
  'a\u007f',
  'x'.repeat(256),
])('%j is none', (name) => {
  expect(isRefName(name)).toBe(false);
});

test.each([
  { commit: '1'.repeat(40), digest: `sha1:${'1'.repeat(40)}` },
  { commit: 'ab'.repeat(32), digest: `sha256:${'ab'.repeat(32)}` },
])('commit $commit is $digest and back', ({ commit, digest }) => {
  expect(isCommitId(commit)).toBe(true);
  expect(digestOfCommit(commit)).toBe(digest);
  expect(commitOfDigest(digest)).toBe(commit);
});

test.each([`sha1:${'1'.repeat(64)}`, `sha256:${'1'.repeat(40)}`, '1'.repeat(40), `sha1:${'G'.repeat(40)}`])(
  '%s is the digest of no commit',
  (digest) => {
    expect(commitOfDigest(digest)).toBeUndefined();
  },
);
