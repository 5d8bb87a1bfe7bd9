/** The files of an App's source at one version, whatever kind of source it is. */
import type { Source } from '../../../core/app/app.ts';
import { OperationError } from '../../../core/errors.ts';
import type { Version } from '../../../core/update/version-change.ts';
import type { Folders } from '../../ports/manifest-files.ts';
import type { SourceTree } from '../../ports/source-tree.ts';

export interface TreeRequest {
  readonly source: Source;
  readonly version: Version;
  /** Of the App, for the Secrets that the source names. */
  readonly namespace: string;
  readonly path: string;
}

export interface TreeReader {
  /** @throws errors of where the source is; SOURCE_UNUSABLE for one that has no files, or not those of that version any more */
  readTree(request: TreeRequest, signal: AbortSignal): Promise<SourceTree>;
}

export function createTreeReader(context: { readonly folders: Folders }): TreeReader {
  return {
    async readTree({ source, version }, signal) {
      switch (source.kind) {
        case 'Folder': {
          const tree = await context.folders.readTree(source.path, signal);
          if (tree.digest !== version.digest) {
            throw unusable(
              `read folder "${source.path}": it changed since it was looked at; the next check takes what is there then`,
            );
          }
          return tree;
        }
        case 'Image':
          throw unusable(
            `read source ${source.name}: an image has no manifests; name a folder, git or artifact source`,
          );
      }
    },
  };
}

function unusable(message: string): OperationError {
  return new OperationError(message, { code: 'SOURCE_UNUSABLE', retry: 'never' });
}
