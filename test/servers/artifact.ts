/** OCI artifacts as flux and helm push them, for scripts/oci/push.ts. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Image, mediaTypes } from '../../scripts/oci/image.ts';
import { writeTar } from '../../src/adapters/channel/write-tar.ts';

export interface ArtifactContent {
  readonly configType: string;
  readonly config: Buffer;
  readonly layerType: string;
  readonly layer: Buffer;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function makeArtifact(content: ArtifactContent): Image {
  const describe = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: describe(content.configType, content.config),
      layers: [describe(content.layerType, content.layer)],
      annotations: content.annotations ?? {},
    }),
  );
  const blobs = new Map([content.config, content.layer, manifest].map((bytes) => [digestOf(bytes), bytes]));
  return { root: { mediaType: mediaTypes.manifest, digest: digestOf(manifest), size: manifest.length }, blobs };
}

/** What `flux push artifact` makes of a folder. */
export function makeFluxArtifact(files: Readonly<Record<string, string>>): Image {
  return makeArtifact({
    configType: 'application/vnd.cncf.flux.config.v1+json',
    config: Buffer.from('{}'),
    layerType: 'application/vnd.cncf.flux.content.v1.tar+gzip',
    layer: packFiles(files),
  });
}

/** What `helm push` makes of a chart. */
export function makeHelmArtifact(chart: Readonly<Record<string, unknown>>, archive: Buffer): Image {
  return makeArtifact({
    configType: 'application/vnd.cncf.helm.config.v1+json',
    config: Buffer.from(JSON.stringify(chart)),
    layerType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
    layer: archive,
    annotations: { 'org.opencontainers.image.created': '2026-05-01T10:00:00Z' },
  });
}

/** A tar.gz, for example a chart's archive. */
export function packFiles(files: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(files).map(
    ([path, text]) => ({ kind: 'file', path, content: Buffer.from(text) }) as const,
  );
  return gzipSync(writeTar(entries));
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
