import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatImageReference,
  formatRepository,
  isDigest,
  parseImageReference,
  parseRepository,
  sameRepository,
  setImage,
} from './reference.ts';

const hex64 = '86e0e091d0da6bde2456dbb48306f3956bbeb2eae1b5b9a43045843f69fe4aaa';
const sha256 = `sha256:${hex64}`;
const sha512 = `sha512:${hex64}${hex64}`;

describe('parseImageReference', () => {
  test.each([
    ['alpine', 'docker.io', 'library/alpine', {}],
    ['alpine:3.20', 'docker.io', 'library/alpine', { tag: '3.20' }],
    [`busybox:latest@${sha256}`, 'docker.io', 'library/busybox', { tag: 'latest', digest: sha256 }],
    [`busybox@${sha512}`, 'docker.io', 'library/busybox', { digest: sha512 }],
    ['fooo/bar', 'docker.io', 'fooo/bar', {}],
    ['docker.io/ubuntu', 'docker.io', 'library/ubuntu', {}],
    ['docker.io/library/foo/bar', 'docker.io', 'library/foo/bar', {}],
    ['index.docker.io/debian', 'docker.io', 'library/debian', {}],
    ['index.docker.io/docker/docker', 'docker.io', 'docker/docker', {}],
    ['test_com/foo', 'docker.io', 'test_com/foo', {}],
    ['localhost/foo', 'localhost', 'foo', {}],
    ['test-com:8080/foo', 'test-com:8080', 'foo', {}],
    ['xn--n3h.com:18080/foo', 'xn--n3h.com:18080', 'foo', {}],
    ['127.0.0.1:5000/docker/docker:v1', '127.0.0.1:5000', 'docker/docker', { tag: 'v1' }],
    ['host:4567/a/b:0.0.1', 'host:4567', 'a/b', { tag: '0.0.1' }],
    ['192.168.0.1:80', 'docker.io', 'library/192.168.0.1', { tag: '80' }],
    ['[fc00::1]:5000/docker', '[fc00::1]:5000', 'docker', {}],
    ['DOCKER/docker', 'DOCKER', 'docker', {}],
    ['docker---rules/dock__er', 'docker.io', 'docker---rules/dock__er', {}],
    [`docker.io/${hex64}`, 'docker.io', `library/${hex64}`, {}],
    ['foo/bar:1.1', 'docker.io', 'foo/bar', { tag: '1.1' }],
    [`ghcr.io/org/app:${'t'.repeat(128)}`, 'ghcr.io', 'org/app', { tag: 't'.repeat(128) }],
  ])('%s -> %s %s %o', (text, registry, path, rest) => {
    const reference = parseImageReference(text);

    expect(reference).toStrictEqual({ registry, path, ...rest });
  });

  test.each([
    ['', 'each part between slashes'],
    [':tag', 'each part'],
    ['/x', 'each part'],
    ['x/', 'each part'],
    ['docker///docker', 'each part'],
    ['-docker/docker', 'each part'],
    ['docker-/docker', 'each part'],
    ['____/____', 'each part'],
    ['ghcr.io/dock..er/docker', 'each part'],
    ['ghcr.io/dock-.er/docker', 'each part'],
    ['dock..er/docker', 'is not a registry host'],
    ['dock..er/docker', 'is not a registry host'],
    [' alpine', 'each part'],
    ['alpine\n', 'each part'],
    ['docker/Docker:V1', 'write docker/docker:V1'],
    ['Alpine', 'write alpine'],
    ['-docker.io/docker/docker', 'is not a registry host'],
    ['host:port/app', 'is not a registry host'],
    ['fc00::1:5000/debian', 'is not a registry host'],
    ['[fe80::1%eth0]:5000/debian', 'is not a registry host'],
    ['[2001:db8:3:4::192.0.2.33]:5000/debian', 'is not a registry host'],
    ['[fc00::1]', 'is not a tag'],
    ['app:', 'is not a tag'],
    ['app:-x', 'is not a tag'],
    ['app:1.0+build', 'is not a tag'],
    [`app:${'t'.repeat(129)}`, 'is not a tag'],
    ['app@', 'is not a digest'],
    ['app@sha256:abc', 'is not a digest'],
    [`app@sha256:${hex64.toUpperCase()}`, 'is not a digest'],
    [`app@md5:${hex64.slice(32)}`, 'is not a digest'],
    [`app@${sha256}@${sha256}`, 'is not a digest'],
    ['https://github.com/docker/docker', 'write github.com/docker/docker'],
    [hex64, 'image id'],
    [`ghcr.io/${'a'.repeat(256)}`, '255 are the most'],
    ['a'.repeat(100_000), '1024 are the most'],
  ])('refuses %s: %s', (text, part) => {
    expect(() => parseImageReference(text)).toThrow(
      expect.objectContaining({ code: 'REFERENCE_INVALID', retry: 'never', message: expect.stringContaining(part) }),
    );
  });

  test('never throws anything but REFERENCE_INVALID, and answers what it can read again', () => {
    const piece = fc.constantFrom('a', 'B', '.', '-', '_', '/', ':', '@', '5000', 'sha256', hex64, '[', ']', '::', ' ');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          const reference = parseImageReference(pieces.join(''));
          expect(parseImageReference(formatImageReference(reference))).toStrictEqual(reference);
        } catch (error) {
          expect(error).toMatchObject({ code: 'REFERENCE_INVALID' });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('parseRepository', () => {
  test.each([
    ['alpine', 'docker.io/library/alpine'],
    ['ghcr.io/org/app', 'ghcr.io/org/app'],
    ['registry:5000/app', 'registry:5000/app'],
  ])('%s -> %s', (text, whole) => {
    expect(formatRepository(parseRepository(text))).toBe(whole);
  });

  test.each([
    ['alpine:3', 'write alpine'],
    [`ghcr.io/org/app@${sha256}`, 'write ghcr.io/org/app'],
    ['https://ghcr.io/org/app', 'write ghcr.io/org/app'],
  ])('refuses %s: %s', (text, part) => {
    expect(() => parseRepository(text)).toThrow(
      expect.objectContaining({ code: 'REFERENCE_INVALID', message: expect.stringContaining(part) }),
    );
  });
});

test.each([
  ['docker.io/library/alpine:3', 'alpine:3'],
  ['docker.io/library/foo/bar', 'library/foo/bar'],
  ['docker.io/org/app', 'org/app'],
  [`ghcr.io/org/app:1@${sha256}`, `ghcr.io/org/app:1@${sha256}`],
])('familiar name of %s is %s', (text, familiar) => {
  expect(formatImageReference(parseImageReference(text), { familiar: true })).toBe(familiar);
});

test.each([
  ['alpine', 'index.docker.io/library/alpine', true],
  ['GHCR.io/org/app', 'ghcr.io/org/app', true],
  ['ghcr.io/org/app', 'ghcr.io/org/app2', false],
  ['registry:5000/app', 'registry:5001/app', false],
])('%s and %s are the same repository: %s', (left, right, same) => {
  expect(sameRepository(parseRepository(left), parseRepository(right))).toBe(same);
});

describe('setImage', () => {
  test.each([
    ['alpine', { tag: '3.20', digest: sha256 }, `alpine:3.20@${sha256}`],
    ['alpine:3.19', { tag: '3.20' }, 'alpine:3.20'],
    [`alpine:3.19@${sha256}`, { tag: '3.20' }, 'alpine:3.20'],
    [`index.docker.io/alpine@${sha256}`, { digest: sha512 }, `index.docker.io/alpine@${sha512}`],
    ['host:5000/app', { tag: '1' }, 'host:5000/app:1'],
    ['host:5000/app:1', {}, 'host:5000/app'],
  ])('%s with %o -> %s', (original, change, image) => {
    expect(setImage(original, change)).toBe(image);
  });

  test.each([
    ['Alpine', { tag: '1' }],
    ['alpine', { tag: 'a b' }],
    ['alpine', { tag: '' }],
    ['alpine', { digest: 'sha256:1' }],
  ])('refuses %s with %o', (original, change) => {
    expect(() => setImage(original, change)).toThrow(expect.objectContaining({ code: 'REFERENCE_INVALID' }));
  });
});

test.each([
  [sha256, true],
  [sha512, true],
  [`sha384:${hex64}${hex64.slice(32)}`, true],
  [hex64, false],
  [`${sha256}:`, false],
  ['constructor:', false],
])('%s is a digest: %s', (text, expected) => {
  expect(isDigest(text)).toBe(expected);
});
