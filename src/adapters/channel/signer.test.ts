import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { newKey, signal } from '../../../test/channels/channel-ground.ts';
import { type Statement, statementType, testResultType } from '../../core/channel/evidence.ts';
import { signerOfPem } from './signer.ts';
import { openStatements, signStatements } from './statements.ts';

const pem = (key: ReturnType<typeof generateKeyPairSync>['privateKey']) =>
  key.export({ format: 'pem', type: 'pkcs8' }).toString();

const statement: Statement = {
  _type: statementType,
  subject: [{ name: 'a', digest: { sha256: '1' } }],
  predicateType: testResultType,
  predicate: { result: 'PASSED', configuration: [], passedTests: ['a'], failedTests: [] },
};

const ecdsa = () => pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);

test.each([
  { kind: 'Ed25519', key: newKey },
  { kind: 'ECDSA P-256', key: ecdsa },
])('a statement signed with $kind is read, and no other key or text is believed', async ({ key }) => {
  const signer = signerOfPem(key(), 'key');
  const file = await signStatements([statement], [signer], signal);
  expect(openStatements(file, [signer.key], 'evidence')).toEqual([statement]);
  const other = signerOfPem(key(), 'other');
  expect(() => openStatements(file, [other.key], 'evidence')).toThrow('is signed by none of its keys');

  const [envelope] = JSON.parse(Buffer.from(file).toString());
  const text = JSON.stringify({ ...statement, predicate: { ...statement.predicate, passedTests: ['b'] } });
  const tampered = Buffer.from(JSON.stringify([{ ...envelope, payload: Buffer.from(text).toString('base64') }]));
  expect(() => openStatements(tampered, [signer.key], 'evidence')).toThrow('is signed by none of its keys');
  expect(() => openStatements(Buffer.from('[{}]'), [signer.key], 'evidence')).toThrow('payloadType');
});

test.each([
  {
    title: 'RSA',
    key: () => pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
    says: 'is of type rsa',
  },
  {
    title: 'P-384',
    key: () => pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
    says: 'is of type secp384r1',
  },
  { title: 'text', key: () => 'secret-text', says: 'is no private key in PEM' },
  {
    title: 'a public key',
    key: () => generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    says: 'is no private key in PEM',
  },
])('$title is refused, and not shown', ({ key, says }) => {
  const text = key();
  const read = () => signerOfPem(text, 'targets.pem of Secret "keys"');
  expect(read).toThrow(says);
  expect(read).toThrow('targets.pem of Secret "keys"');
  expect(read).not.toThrow(text.split('\n')[1] ?? text);
});
