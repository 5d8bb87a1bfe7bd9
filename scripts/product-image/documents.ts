/** What the image says of itself: a bill of materials (CycloneDX 1.6), a list of licences, and a statement of how it was made (SLSA 1). */
import type { Descriptor } from '../oci/image.ts';
import type { Part } from './parts/part.ts';

/** CycloneDX as JSON, without times and random numbers: the same parts give the same bytes. */
export function makeBillOfMaterials(version: string, parts: readonly Part[]): string {
  const components = parts.map((part) => ({
    type: part.kind === 'generic' && part.version === '' ? 'file' : 'library',
    'bom-ref': `${part.purl}#${part.usedBy}`,
    name: part.name,
    ...(part.version !== '' && { version: part.version }),
    purl: part.purl,
    ...(part.licences.length > 0 && { licenses: part.licences.map(licenceOf) }),
    ...(part.hash && { hashes: [part.hash] }),
    properties: [{ name: 'headgate:used-by', value: part.usedBy }],
  }));
  return json({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'container',
        'bom-ref': 'headgate',
        name: 'headgate',
        version,
        licenses: [licenceOf('Apache-2.0')],
      },
    },
    components,
    dependencies: [{ ref: 'headgate', dependsOn: components.map((one) => one['bom-ref']) }],
  });
}

/** Identifiers of SPDX that npm packages and Go modules name. */
const spdxIds: ReadonlySet<string> = new Set(
  '0BSD Apache-2.0 BlueOak-1.0.0 BSD-2-Clause BSD-3-Clause CC0-1.0 ISC MIT MPL-2.0 Python-2.0 Unlicense Zlib'.split(
    ' ',
  ),
);

/** What Debian calls a licence is not always what SPDX calls it, so whatever is not known is given as a name. */
function licenceOf(text: string): object {
  return { license: spdxIds.has(text) ? { id: text } : { name: text } };
}

/** Licence -> what is under it, as text for people. */
export function makeLicenceList(parts: readonly Part[], texts: ReadonlyMap<string, string>): string {
  const byLicence = Map.groupBy(parts, ({ licences }) => licences.join(', ') || 'not said by its origin');
  const groups = [...byLicence]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([licence, group]) => {
      const names = new Set(group.map(({ name, version }) => `  ${name} ${version}`.trimEnd()));
      return `${licence}\n${[...names].toSorted().join('\n')}\n`;
    });
  const whole = [...texts].map(([name, text]) => `${'='.repeat(80)}\n${name}\n${'='.repeat(80)}\n\n${text.trim()}\n`);
  return ['Headgate is under the Apache License 2.0. Its image carries:\n', ...groups, ...whole].join('\n');
}

export interface Origin {
  readonly version: string;
  /** Path of the entry from the root of the repository. */
  readonly entry: string;
  /** Where the sources are, without credentials. */
  readonly source: string;
  /** Commit; absent where the sources are in no repository. */
  readonly revision?: string;
  /** There were changes that no commit has. */
  readonly modified: boolean;
  readonly lockDigest: string;
}

/** An in-toto statement, as `cosign attest --type slsaprovenance1` signs one. */
export function makeProvenance(image: Descriptor, parts: readonly Part[], origin: Origin): string {
  const [, sha256 = ''] = image.digest.split(':');
  const hashed = parts.filter(({ hash }) => hash?.alg === 'SHA-256');
  return json({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'headgate', digest: { sha256 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://headgate.dev/build/image/v1',
        externalParameters: { source: origin.source, entry: origin.entry, version: origin.version },
        internalParameters: {
          node: process.versions.node,
          platform: image.platform,
          sourceModified: origin.modified,
        },
        resolvedDependencies: [
          { uri: origin.source, ...(origin.revision !== undefined && { digest: { gitCommit: origin.revision } }) },
          { uri: 'package-lock.json', digest: { sha256: origin.lockDigest } },
          ...hashed.map(({ purl, hash }) => ({ uri: purl, digest: { sha256: hash?.content } })),
          ...parts.filter(({ kind }) => kind === 'deb').map(({ purl }) => ({ uri: purl })),
        ],
      },
      runDetails: { builder: { id: 'https://headgate.dev/build/scripts/image.ts' } },
    },
  });
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
