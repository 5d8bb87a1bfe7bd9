import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isProven, type Proof } from './proof.ts';

const secret = 'it is a secret';
const body = Buffer.from('{"name":"web"}');
const authorization: Proof = { kind: 'authorization' };
const named: Proof = { kind: 'hmac', header: 'x-signature', form: 'named' };
const nexus: Proof = { kind: 'hmac', header: 'x-signature', form: 'sha1' };
const token: Proof = { kind: 'token', header: 'x-gitlab-token' };

function hmac(algorithm: string, key = secret, text: string | Buffer = body): string {
  return createHmac(algorithm, key).update(text).digest('hex');
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

interface Row {
  readonly name: string;
  readonly proof: Proof;
  readonly header?: string;
  readonly queryToken?: string;
}

function prove({ proof, header, queryToken }: Row, secrets = [secret]): boolean {
  const name = proof.kind === 'authorization' ? 'authorization' : proof.header;
  const headers = header === undefined ? {} : { [name]: header };
  return isProven([proof], { headers, body, queryToken }, secrets);
}

describe('believed', () => {
  test.each<Row>([
    { name: 'sha256', proof: named, header: `sha256=${hmac('sha256')}` },
    { name: 'sha512', proof: named, header: `sha512=${hmac('sha512')}` },
    { name: 'capital hex', proof: named, header: `sha256=${hmac('sha256').toUpperCase()}` },
    { name: 'the bare sha1 of Nexus', proof: nexus, header: hmac('sha1') },
    { name: 'the token of GitLab', proof: token, header: secret },
    { name: 'bearer', proof: authorization, header: `Bearer ${secret}` },
    { name: 'the bare header of Harbor', proof: authorization, header: secret },
    { name: 'basic with the secret as password', proof: authorization, header: basic(`anybody:${secret}`) },
    { name: 'a token in the URL', proof: authorization, queryToken: secret },
  ])('$name', (row) => {
    expect(prove(row)).toBe(true);
  });

  test('basic with a secret of user and password', () => {
    const row = { name: '', proof: authorization, header: basic('admin:pass:word') };

    expect(prove(row, ['admin:pass:word'])).toBe(true);
    expect(prove(row, ['user:pass:word'])).toBe(false);
  });

  test('the old and the new secret while it is changed', () => {
    const row = { name: '', proof: named, header: `sha256=${hmac('sha256')}` };

    expect(prove(row, ['new', secret])).toBe(true);
    expect(prove(row, ['new'])).toBe(false);
  });

  // The example of GitHub's own documentation.
  test('a signature that GitHub made', () => {
    const headers = {
      'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    };
    const proof: Proof = { kind: 'hmac', header: 'x-hub-signature-256', form: 'named' };
    const signed = { headers, body: Buffer.from('Hello, World!'), queryToken: undefined };

    expect(isProven([proof], signed, ["It's a Secret to Everybody"])).toBe(true);
  });
});

describe('not believed', () => {
  test.each<Row>([
    { name: 'nothing', proof: named },
    { name: 'no algorithm', proof: named, header: hmac('sha256') },
    { name: 'an algorithm that is too weak', proof: named, header: `sha1=${hmac('sha1')}` },
    { name: 'an algorithm that there is not', proof: named, header: `sha257=${hmac('sha256')}` },
    { name: 'another secret', proof: named, header: `sha256=${hmac('sha256', 'other')}` },
    { name: 'another body', proof: named, header: `sha256=${hmac('sha256', secret, '{}')}` },
    { name: 'half a signature', proof: named, header: `sha256=${hmac('sha256').slice(0, 32)}` },
    { name: 'a signature and more', proof: named, header: `sha256=${hmac('sha256')}0` },
    { name: 'the secret where a signature should be', proof: named, header: secret },
    { name: 'a token in the URL where a signature should be', proof: named, queryToken: secret },
    { name: 'no header for Nexus', proof: nexus },
    { name: 'the secret beginning right', proof: token, header: `${secret}!` },
    { name: 'an empty token', proof: token, header: '' },
    { name: 'no authorization', proof: authorization },
    { name: 'an empty authorization', proof: authorization, header: '' },
    { name: 'a wrong bearer', proof: authorization, header: 'Bearer other' },
    { name: 'basic with the secret as user', proof: authorization, header: basic(`${secret}:x`) },
    { name: 'a wrong token in the URL', proof: authorization, queryToken: 'other' },
  ])('$name', (row) => {
    expect(prove(row)).toBe(false);
    expect(prove(row, [])).toBe(false);
  });
});
