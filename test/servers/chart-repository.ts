/** A Helm chart repository on loopback: an index.yaml and the archives it names. */
import { createHash } from 'node:crypto';
import { startHttpServer, type TestServer } from './http-server.ts';

export interface ChartRepository {
  readonly url: string;
  /** Puts a version beside the others. `digest` is what the index says; that of the archive when absent. */
  add(chart: {
    readonly name: string;
    readonly version: string;
    readonly archive: Buffer;
    readonly digest?: string;
  }): void;
  stop(): Promise<void>;
}

export async function startChartRepository(): Promise<ChartRepository> {
  const entries = new Map<string, { version: string; digest: string; urls: string[] }[]>();
  const archives = new Map<string, Buffer>();
  const server: TestServer = await startHttpServer((request, response) => {
    const path = request.url ?? '/';
    const archive = archives.get(path);
    if (path === '/index.yaml') {
      response.end(JSON.stringify({ apiVersion: 'v1', entries: Object.fromEntries(entries) }));
    } else if (archive) {
      response.end(archive);
    } else {
      response.writeHead(404).end();
    }
  });
  return {
    url: server.origin,
    add({ name, version, archive, digest }) {
      const file = `${name}-${version}.tgz`;
      archives.set(`/${file}`, archive);
      const said = digest ?? createHash('sha256').update(archive).digest('hex');
      entries.set(name, [...(entries.get(name) ?? []), { version, digest: said, urls: [file], name } as never]);
    },
    stop: () => server.stop(),
  };
}
