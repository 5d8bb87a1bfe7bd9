/** The Artifacts port: what `flux push artifact` puts into a registry. */
import { OperationError } from '../../core/errors.ts';
import { formatRepository } from '../../core/image/reference.ts';
import type {
  ArtifactDescriptor,
  ArtifactManifest,
  ArtifactPlace,
  ArtifactRegistry,
  Artifacts,
} from '../../engine/ports/artifacts.ts';
import type { SourceTree } from '../../engine/ports/source-tree.ts';
import { type ArchiveBounds, ArchiveFault, readArchive } from './read-archive.ts';

export interface ArtifactsOptions {
  readonly registry: ArtifactRegistry;
  readonly bounds?: ArchiveBounds;
  /** Of the layer as it is sent. Default 16 MiB. */
  readonly maxLayerBytes?: number;
}

const defaultBounds: ArchiveBounds = { maxFiles: 10_000, maxBytes: 64 * 2 ** 20 };
const defaultMaxLayerBytes = 16 * 2 ** 20;

/** Of Flux, and what oras and others push an archive as. */
const archiveTypes: ReadonlySet<string> = new Set([
  'application/vnd.cncf.flux.content.v1.tar+gzip',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.docker.image.rootfs.diff.tar.gzip',
]);

export function createArtifacts(options: ArtifactsOptions): Artifacts {
  const { registry, bounds = defaultBounds, maxLayerBytes = defaultMaxLayerBytes } = options;

  return {
    async readTree(place, { digest, path }, signal) {
      const manifest = await registry.findArtifact(place, digest, signal);
      if (manifest === undefined) {
        throw fault(place, digest, 'the registry has it no more');
      }
      const descriptor = archiveOf(place, manifest);
      const archive = await registry.fetchBlob(place, { descriptor, maxBytes: maxLayerBytes }, signal);
      return await unpack(archive, { place, digest, path, bounds });
    },
  };
}

/** As Flux does without a layer selector: the first layer, which must be an archive. */
function archiveOf(place: ArtifactPlace, { digest, layers }: ArtifactManifest): ArtifactDescriptor {
  const [first] = layers;
  if (first === undefined || !archiveTypes.has(first.mediaType)) {
    const found = first === undefined ? 'it has no layer' : `its first layer is ${first.mediaType}`;
    throw fault(place, digest, `${found}; push it with flux push artifact, which makes a tar+gzip layer`);
  }
  return first;
}

interface Unpacking {
  readonly place: ArtifactPlace;
  readonly digest: string;
  readonly path: string;
  readonly bounds: ArchiveBounds;
}

async function unpack(archive: Buffer, { place, digest, path, bounds }: Unpacking): Promise<SourceTree> {
  const tree = await readArchive(archive, path, bounds).catch((error: unknown) => {
    throw error instanceof ArchiveFault ? fault(place, digest, error.message) : error;
  });
  if (tree.files.length === 0 && tree.leftOut.length === 0) {
    throw fault(place, digest, path === '' ? 'it has no files' : `it has nothing at "${path}"`);
  }
  return tree;
}

function fault({ repository }: ArtifactPlace, digest: string, line: string): OperationError {
  const name = formatRepository(repository);
  return new OperationError(`read artifact ${name}@${digest}: ${line}`, {
    code: 'ARTIFACT_INVALID',
    retry: 'backoff',
    context: { repository: name },
  });
}
