/** Fulfils the engine's ManifestRenderer: plain files are parsed here, kustomizations by the real kubectl, encrypted files by the real sops. */
import { isOperationError, OperationError } from '../../core/errors.ts';
import type { ReadObject } from '../../core/manifest/desired-set.ts';
import type { ManifestRenderer, RenderRequest } from '../../engine/ports/manifest-files.ts';
import type { SourceFile } from '../../engine/ports/source-tree.ts';
import { parseManifests } from '../../kube/manifest-text.ts';
import { buildKustomization } from './kustomize.ts';
import { decryptFile, isEncrypted } from './sops.ts';

export interface RendererOptions {
  /** Programs to run, by name or path. */
  readonly kubectl: string;
  readonly sops: string;
  /** PATH for them. */
  readonly path: string;
}

/** Larger ones are refused before they are parsed; etcd takes objects of 1.5 MiB. */
const largestFileBytes = 10 * 2 ** 20;
const kustomizations = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/**
 * What a file means, by the very content: most files are the same in the next version. Kept as JSON of its objects, which takes a quarter of the
 * memory of the objects as YAML was read into: these hold on to pieces of the text, and to room for 16 items in each list.
 */
type ParseCache = WeakMap<Buffer, string>;

export function createManifestRenderer(options: RendererOptions): ManifestRenderer {
  const cache: ParseCache = new WeakMap();
  return {
    async render(request, signal) {
      const files = below(request);
      refuseLeftOut(request);
      const readable = await decryptAll(options, files, request, signal);
      const kustomization = readable.find(({ path }) => isKustomization(path, request.path));
      if (kustomization) {
        // A kustomization may refer to what lies beside its folder, never to what lies outside of the tree.
        const tree = await decryptAll(options, request.tree.files, request, signal);
        const text = await buildKustomization(options, { files: tree, path: request.path }, signal);
        return parseText(text, `kustomization in ${request.path || 'the root'}`);
      }
      const manifests = readable.filter(({ path }) => /\.(ya?ml|json)$/.test(path));
      if (manifests.length === 0) {
        throw invalid(
          `read ${request.path || 'the source'}: no YAML or JSON file and no kustomization is in it`,
          request.path,
        );
      }
      return manifests.flatMap((file) => parseFile(cache, file));
    },
  };
}

function below({ tree, path }: RenderRequest): readonly SourceFile[] {
  const inside = path.replace(/\/+$/, '');
  return inside === ''
    ? tree.files
    : tree.files.filter((file) => file.path === inside || file.path.startsWith(`${inside}/`));
}

/** A link or submodule where a manifest is expected means that something else was meant than what would be applied. */
function refuseLeftOut({ tree, path }: RenderRequest): void {
  const missing = tree.leftOut.find(
    (one) => (path === '' || one.path.startsWith(path)) && /\.(ya?ml|json)$/.test(one.path),
  );
  if (missing) {
    throw invalid(
      `read ${missing.path}: it is a ${missing.reason}, which is not followed; put the file itself there`,
      missing.path,
    );
  }
}

function isKustomization(path: string, folder: string): boolean {
  const inside = folder.replace(/\/+$/, '');
  return kustomizations.some((name) => path === (inside === '' ? name : `${inside}/${name}`));
}

async function decryptAll(
  options: RendererOptions,
  files: readonly SourceFile[],
  { ageKeys }: RenderRequest,
  signal: AbortSignal,
): Promise<readonly SourceFile[]> {
  const readable: SourceFile[] = [];
  for (const file of files) {
    if (!isEncrypted(file)) {
      readable.push(file);
    } else if (ageKeys === undefined) {
      throw invalid(
        `read ${file.path}: SOPS encrypted it; name the Secret with its age key in deploy.manifests.decryption`,
        file.path,
      );
    } else {
      readable.push(await decryptFile(options, file, ageKeys, signal));
    }
  }
  return readable;
}

function parseFile(cache: ParseCache, file: SourceFile): readonly ReadObject[] {
  const known = cache.get(file.content);
  if (known !== undefined) {
    return JSON.parse(known) as readonly ReadObject[];
  }
  if (file.content.length > largestFileBytes) {
    throw invalid(`read ${file.path}: ${file.content.length} bytes, of ${largestFileBytes} at most`, file.path);
  }
  const json = toJson(parseText(decode(file), file.path), file.path);
  cache.set(file.content, json);
  return JSON.parse(json) as readonly ReadObject[];
}

/** A list or map can contain itself through an alias. */
function toJson(objects: readonly ReadObject[], path: string): string {
  try {
    return JSON.stringify(objects);
  } catch (cause) {
    throw new OperationError(`read ${path}: followed through its aliases it has no end, or far too many characters`, {
      code: 'MANIFEST_INVALID',
      retry: 'never',
      context: { file: path },
      cause,
    });
  }
}

function decode({ content, path }: SourceFile): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch (cause) {
    throw new OperationError(`read ${path}: its bytes are no UTF-8`, {
      code: 'MANIFEST_INVALID',
      retry: 'never',
      context: { file: path },
      cause,
    });
  }
}

function parseText(text: string, source: string): readonly ReadObject[] {
  try {
    return parseManifests(text, source) ?? [];
  } catch (error) {
    if (isOperationError(error, 'OBJECT_INVALID')) {
      const { message, context } = error;
      throw new OperationError(message, { code: 'MANIFEST_INVALID', retry: 'never', context, cause: error.cause });
    }
    throw error;
  }
}

function invalid(message: string, file: string): OperationError {
  return new OperationError(message, { code: 'MANIFEST_INVALID', retry: 'never', context: { file } });
}
