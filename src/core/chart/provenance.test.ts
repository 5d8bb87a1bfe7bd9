import { expect, test } from 'vitest';
import { findProvenanceFault, readProvenance } from './provenance.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const chart = 'apiVersion: v2\nname: web\nversion: 1.2.0\n';
const files = `files:\n  web-1.2.0.tgz: ${digest}\n`;
const nothing = 'the signed text is no provenance of a chart';

test.each([
  [`${chart}\n...\n${files}`, { name: 'web', version: '1.2.0', digests: [digest] }],
  [`${chart}...\n${files}`, { name: 'web', version: '1.2.0', digests: [digest] }],
  [`${chart}\n...\nfiles: {}\n`, { name: 'web', version: '1.2.0', digests: [] }],
  [`${chart}\n...\nfiles: {a: 7, b: [c]}\n`, { name: 'web', version: '1.2.0', digests: [] }],
  [chart, nothing],
  [`name: web\nversion: 1.20\n...\n${files}`, nothing],
  [`name: web\n...\n${files}`, nothing],
  [`${chart}\n...\n${digest}`, nothing],
  [`a: &a [x]\nname: *a\n...\n${files}`, nothing],
  ['\n...\n', nothing],
  ['{', nothing],
])('reads %j', (text, expected) => {
  expect(readProvenance(text)).toEqual(expected);
});

test.each([
  [{ name: 'web', version: '1.2.0', archiveDigest: digest }, undefined],
  [{ name: 'web', version: '1.3.0', archiveDigest: digest }, 'its provenance is that of web 1.2.0'],
  [{ name: 'api', version: '1.2.0', archiveDigest: digest }, 'its provenance is that of web 1.2.0'],
  [
    { name: 'web', version: '1.2.0', archiveDigest: `sha256:${'b'.repeat(64)}` },
    'its provenance is that of another archive',
  ],
])('of %j its fault is %j', (wanted, fault) => {
  expect(findProvenanceFault({ name: 'web', version: '1.2.0', digests: [digest] }, wanted)).toBe(fault);
});
