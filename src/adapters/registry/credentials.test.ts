import { describe, expect, test } from 'vitest';
import { parseRepository } from '../../core/image/reference.ts';
import { type PullSecret, readPullSecrets } from './credentials.ts';

const foo = { username: 'foo', password: 'bar' };
const auth = base64('foo:bar');

/** Rows of keyring_test.go of Kubernetes. */
describe('the place of an entry', () => {
  test.each([
    ['https://hello.kubernetes.io', 'hello.kubernetes.io/foo/bar', true],
    ['*.kubernetes.io', 'prefix.kubernetes.io/app', true],
    ['prefix.*.io', 'prefix.kubernetes.io/app', true],
    ['prefix.kubernetes.*', 'prefix.kubernetes.io/app', true],
    ['*-good.kubernetes.io', 'prefix-good.kubernetes.io/app', true],
    ['*.kubernetes.io/blah', 'prefix.kubernetes.io/blah', true],
    ['prefix.*.io/foo', 'prefix.kubernetes.io/foo/bar', true],
    ['*.kubernetes.io:1111/blah', 'prefix.kubernetes.io:1111/blah', true],
    ['prefix.*.io:1111/foo', 'prefix.kubernetes.io:1111/foo/bar', true],
    ['https://*.docker.io/v1/', 'prefix.docker.io/path/foo', true],
    ['https://*.docker.io/v2/', 'prefix.docker.io/path/foo', true],
    ['http://registry:5000', 'registry:5000/app', true],
    ['registry:5000/v2', 'registry:5000/app', true],
    ['ghcr.io/', 'ghcr.io/org/app', true],
    ['h?llo.io', 'hello.io/app', true],
    ['*.kubernetes.io', 'kubernetes.io/app', false],
    ['*.*.kubernetes.io', 'prefix.kubernetes.io/app', false],
    ['*', 'kubernetes.io/app', false],
    ['kubernetes.io', 'kubernetes.com/app', false],
    ['k*.io', 'quay.io/app', false],
    ['*.kubernetes.io:1234/blah', 'prefix.kubernetes.io:1111/blah', false],
    ['prefix.*.io/foo', 'prefix.kubernetes.io:1111/foo/bar', false],
    ['https://prefix.docker.c*', 'prefix.docker.io/foo', false],
    ['ghcr.io/org', 'ghcr.io/other/app', false],
    ['https://index.docker.io/v1/', 'world.mesos.org/foo/bar', false],
    ['myhostdocker.io', 'foo/bar', false],
    ['https://index.docker.io/v1/', 'google/docker-registry', true],
    ['https://index.docker.io/v1/', 'jenkins', true],
    ['index.docker.io', 'index.docker.io/google/docker-registry', true],
    ['docker.io', 'jenkins', true],
    ['docker.io/library', 'jenkins', true],
    ['docker.io/org', 'jenkins', false],
    [`${'*a'.repeat(60)}b.io`, `${'a'.repeat(63)}.io/app`, false],
  ])('%s fits %s: %s', (place, repository, fits) => {
    const secret = makeSecret({ auths: { [place]: { auth } } });

    expect(read(secret, repository)).toEqual(fits ? foo : undefined);
  });

  test.each([
    ['ghcr.io/org/app', 'app'],
    ['ghcr.io/org/other', 'org'],
    ['ghcr.io/else', 'host'],
    ['quay.io/org', 'wildcard'],
  ])('that is the most exact wins: %s', (repository, username) => {
    const places = { '*.io': 'wildcard', 'ghcr.io': 'host', 'ghcr.io/org/app': 'app', 'ghcr.io/org': 'org' };
    const auths = Object.entries(places).map(([place, name]) => [place, { username: name, password: 'x' }]);

    expect(read(makeSecret({ auths: Object.fromEntries(auths) }), repository)?.username).toBe(username);
  });
});

describe('several that fit', () => {
  const login = (username: string) => ({ username, password: 'x' });
  const secret = (name: string, auths: Record<string, unknown>) => ({ ...makeSecret({ auths }), name });

  test.each([
    ['of one secret: the most exact place first', [{ 'ghcr.io': 'b', '*.io': 'c', 'ghcr.io/org': 'a' }], 'a,b,c'],
    ['of two secrets: the place decides', [{ 'ghcr.io': 'b' }, { 'ghcr.io/org': 'a' }], 'a,b'],
    ['of two secrets with one place: the first secret', [{ 'ghcr.io': 'a' }, { 'ghcr.io': 'b' }], 'a,b'],
    ['in two spellings of one place: as given', [{ 'https://ghcr.io/v2/': 'a' }, { 'ghcr.io': 'b' }], 'a,b'],
    ['and one that does not', [{ 'quay.io': 'x', 'ghcr.io/other': 'y', 'ghcr.io': 'a' }], 'a'],
  ])('%s', (_, secrets, order) => {
    const objects = secrets.map((places, at) => {
      const auths = Object.entries(places).map(([place, name]) => [place, login(name)]);
      return secret(`s${at}`, Object.fromEntries(auths));
    });

    const found = readPullSecrets(objects, parseRepository('ghcr.io/org/app'));

    expect(found.map(({ username }) => username).join()).toBe(order);
  });
});

describe('an entry', () => {
  test.each([
    [{ auth }, foo],
    [{ auth: auth.replace(/=+$/, '') }, foo],
    [{ auth: base64('foo:a:b') }, { username: 'foo', password: 'a:b' }],
    [{ auth: base64('foo:') }, { username: 'foo', password: '' }],
    [{ auth: base64('fü:bär') }, { username: 'fü', password: 'bär' }],
    [{ username: 'foo', password: 'bar' }, foo],
    [{ auth, username: 'other', password: 'other' }, foo],
    [{ auth: '', username: 'foo', password: 'bar' }, foo],
    [{ identitytoken: 'token' }, { username: '', password: '', identityToken: 'token' }],
    [
      { auth: base64('00000000-0000-0000-0000-000000000000:'), identitytoken: 'token' },
      { username: '00000000-0000-0000-0000-000000000000', password: '', identityToken: 'token' },
    ],
    [{ auth, identitytoken: '' }, foo],
    [{ email: 'foo@bar.baz' }, undefined],
    [{}, undefined],
  ])('%j holds %j', (fields, credentials) => {
    expect(read(makeSecret({ auths: { 'ghcr.io': fields } }), 'ghcr.io/org/app')).toEqual(credentials);
  });

  test('may be in the old form', () => {
    const data = { '.dockercfg': base64(JSON.stringify({ 'ghcr.io': { auth } })) };

    expect(read({ name: 'old', type: 'kubernetes.io/dockercfg', data }, 'ghcr.io/org/app')).toEqual(foo);
  });
});

describe('a malformed secret', () => {
  const type = 'kubernetes.io/dockerconfigjson';
  const json = (value: unknown) => ({ '.dockerconfigjson': base64(JSON.stringify(value)) });

  test.each([
    ['Opaque', { token: 'x' }, 'type "Opaque" with keys token; it must be of type'],
    [type, {}, 'with keys (none)'],
    [type, { '.dockerconfigjson': base64('{"auths": hunter2') }, 'key .dockerconfigjson holds no JSON object'],
    [type, json('hunter2'), 'key .dockerconfigjson holds no JSON object'],
    [type, json({ auths: ['hunter2'] }), 'key .dockerconfigjson holds no JSON object'],
    [type, json({ auths: { 'ghcr.io': 'hunter2' } }), 'entry "ghcr.io" is not an object'],
    [type, json({ auths: { 'ghcr.io': { auth: 'hunter2!' } } }), 'entry "ghcr.io": "auth" is not base64'],
    [type, json({ auths: { 'ghcr.io': { auth: base64('hunter2') } } }), '"auth" is not base64 of username:password'],
    [type, json({ auths: { 'ghcr.io': { username: 'a', password: 2 } } }), 'needs username and password'],
    ['constructor', { constructor: 'x' }, 'type "constructor"'],
  ])('of type %s with %j: %s', (secretType, data, part) => {
    const secret = { name: 'regcred', type: secretType, data };

    const error = failureOf(() => read(secret, 'ghcr.io/org/app'));

    expect(error).toMatchObject({ code: 'SECRET_INVALID', context: { secret: 'regcred' } });
    expect(String(error)).toContain('read pull secret "regcred": ');
    expect(String(error)).toContain(part);
    expect(JSON.stringify([error, String(error)])).not.toContain('hunter2');
  });
});

function read(secret: PullSecret, repository: string) {
  return readPullSecrets([secret], parseRepository(repository))[0];
}

function makeSecret(config: unknown) {
  const data = { '.dockerconfigjson': base64(JSON.stringify(config)) };
  return { name: 'regcred', type: 'kubernetes.io/dockerconfigjson', data };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function failureOf(action: () => unknown): unknown {
  try {
    return new Error(`it went well: ${JSON.stringify(action())}`);
  } catch (error) {
    return error;
  }
}
