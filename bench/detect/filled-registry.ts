/** A real registry with many repositories, filled in its storage: pushing tens of thousands of tags would take the time of the bench. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pushImage } from '../../scripts/oci/push.ts';
import { makeWebImage } from '../../test/images/web-image.ts';
import { type AccessLogLine, type RunningRegistry, startRegistry } from '../../test/servers/registry.ts';

export interface FilledRegistry {
  readonly host: string;
  /** Makes repositories `<prefix>-<number>` with these tags, all of one image. */
  fill(prefix: string, count: number, tags: readonly string[]): Promise<void>;
  /** Adds a tag of another image. */
  addTag(repository: string, tag: string): Promise<void>;
  accessLog(): Promise<readonly AccessLogLine[]>;
  stop(): Promise<void>;
}

const model = 'model';

export async function startFilledRegistry(): Promise<FilledRegistry> {
  const registry = await startRegistry();
  const push = (tag: string) =>
    pushImage(makeWebImage({ version: tag }), { host: registry.host, repository: model, tag, insecure: true });
  const digests = { first: await push('1.0.0'), second: await push('2.0.0') };
  return {
    host: registry.host,
    async fill(prefix, count, tags) {
      const first = `${prefix}-0`;
      await cp(folderOf(registry, model), folderOf(registry, first), { recursive: true });
      for (const tag of tags) {
        await writeTag(registry, first, tag, digests.first);
      }
      for (let at = 1; at < count; at += 1) {
        await cp(folderOf(registry, first), folderOf(registry, `${prefix}-${at}`), { recursive: true });
      }
    },
    addTag: (repository, tag) => writeTag(registry, repository, tag, digests.second),
    accessLog: registry.accessLog,
    stop: registry.stop,
  };
}

function folderOf({ storage }: RunningRegistry, repository: string): string {
  return join(storage, 'docker/registry/v2/repositories', repository);
}

/** As the registry itself keeps it. The model's tag 2.0.0 stays hidden: policies of the bench end below it. */
async function writeTag(registry: RunningRegistry, repository: string, tag: string, digest: string): Promise<void> {
  const folder = join(folderOf(registry, repository), '_manifests/tags', tag, 'current');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'link'), digest);
}
