/** The tags of a repository in a registry. */
import type { Repository } from '../../core/image/reference.ts';
import type { Registry, RegistryAccess } from '../ports/registry.ts';
import type { Shelf } from './shelf.ts';

export function registryShelf(
  registry: Registry,
  { repository, repositoryText }: { readonly repository: Repository; readonly repositoryText: string },
  access: RegistryAccess,
): Shelf {
  return {
    name: repositoryText,
    noun: 'tags',
    listTags: (signal) => registry.listTags(repository, access, signal),
    async find(tag, signal) {
      const digest = await registry.findDigest(repository, tag, access, signal);
      return digest === undefined ? { kind: 'Gone' } : { kind: 'There', digest };
    },
  };
}
