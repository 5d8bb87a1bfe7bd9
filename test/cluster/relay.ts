/** Ways between clusters that have a node each: this machine forwards no packets, but both reach it, and it reaches both. */
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

export interface Relay {
  /** `host:port`. */
  readonly address: string;
  close(): Promise<void>;
}

/** Passes TCP connections to a free port of `host`, an address of this machine, on to `target` (`host:port`). */
export async function openRelay(host: string, target: string): Promise<Relay> {
  const { hostname, port } = new URL(`http://${target}`);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) });
    for (const socket of [near, far]) {
      sockets.add(socket);
      // Whoever is gone takes the other along.
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
    }
    near.pipe(far).pipe(near);
  });
  server.listen({ host, port: 0 });
  await once(server, 'listening');
  const own = server.address() as AddressInfo;
  return {
    address: `${host}:${own.port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) {
        socket.destroy();
      }
      await closed;
    },
  };
}

/**
 * Tells the containerd of a node that a registry speaks plain http, and where it is reached; it reads this at each pull.
 *
 * @param directory of the node
 * @param registry `host:port` as images name it
 */
export async function nameRegistry(directory: string, registry: string, reachedAt = registry): Promise<void> {
  const folder = join(directory, 'registries', registry);
  await mkdir(folder, { recursive: true });
  const text = `server = "http://${reachedAt}"\n[host."http://${reachedAt}"]\n  capabilities = ["pull", "resolve"]\n`;
  await writeFile(join(folder, 'hosts.toml'), text);
}
