import { expect, test } from 'vitest';
import { inTotoPayloadType, readSimpleSigning, readStatement } from './claim.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const type = 'cosign container image signature';
const image = { 'docker-manifest-digest': digest };

test.each<{ text: string; claim: unknown }>([
  { text: JSON.stringify({ critical: { type, image }, optional: null }), claim: { digests: [digest] } },
  { text: JSON.stringify({ critical: { type: 'atomic container signature', image } }), claim: { digests: [digest] } },
  { text: JSON.stringify({ critical: { type, image: {} } }), claim: 'the signed text names no digest' },
  {
    text: JSON.stringify({ critical: { type, image: { 'docker-manifest-digest': 7 } } }),
    claim: 'the signed text names no digest',
  },
  { text: JSON.stringify({ critical: { image } }), claim: 'the signed text is no signature of an image' },
  { text: JSON.stringify({ critical: { type: [type], image } }), claim: 'the signed text is no signature of an image' },
  { text: JSON.stringify([{ critical: { type, image } }]), claim: 'the signed text is no signature of an image' },
  { text: 'null', claim: 'the signed text is no signature of an image' },
  { text: '{"critical":', claim: 'the signed text is no signature of an image' },
  { text: '', claim: 'the signed text is no signature of an image' },
])('the first layout reads $text', ({ text, claim }) => {
  const read = readSimpleSigning(Buffer.from(text));

  expect(typeof read === 'string' ? read : { digests: read.digests }).toEqual(claim);
});

const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  predicateType: 'https://slsa.dev/provenance/v1',
  subject: [{ digest: { sha256: 'a'.repeat(64) } }],
};
const about = { digests: [digest], predicateType: statement.predicateType };

test.each<{ name: string; text: unknown; payloadType?: string; claim: unknown }>([
  { name: 'a statement', text: statement, claim: about },
  {
    name: 'one of the former version',
    text: { ...statement, _type: 'https://in-toto.io/Statement/v0.1' },
    claim: about,
  },
  {
    name: 'one about several',
    text: { ...statement, subject: [{ digest: { sha512: 'b' } }, ...statement.subject, { name: 'no digest' }] },
    claim: { ...about, digests: ['sha512:b', digest] },
  },
  {
    name: 'digests that are no text',
    text: { ...statement, subject: [{ digest: { sha256: {} } }] },
    claim: { ...about, digests: [] },
  },
  {
    name: 'another version',
    text: { ...statement, _type: 'https://in-toto.io/Statement/v2' },
    claim: 'the signed text is no in-toto statement',
  },
  {
    name: 'no type of predicate',
    text: { ...statement, predicateType: undefined },
    claim: 'the signed text is no in-toto statement',
  },
  {
    name: 'no subjects',
    text: { ...statement, subject: {} },
    claim: 'the statement has no list of subjects, or too long a one',
  },
  {
    name: 'a subject that is none',
    text: { ...statement, subject: [null] },
    claim: 'the statement has no list of subjects, or too long a one',
  },
  {
    name: 'endless subjects',
    text: { ...statement, subject: Array.from({ length: 1_001 }, () => ({})) },
    claim: 'the statement has no list of subjects, or too long a one',
  },
  { name: 'a list', text: [statement], claim: 'the signed text is no in-toto statement' },
  {
    name: 'another type of text',
    text: statement,
    payloadType: 'application/json',
    claim: `the signed text is of type "application/json", not ${inTotoPayloadType}`,
  },
])('an envelope with $name', ({ text, payloadType = inTotoPayloadType, claim }) => {
  expect(readStatement(payloadType, Buffer.from(JSON.stringify(text)))).toEqual(claim);
});
