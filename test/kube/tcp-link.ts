/** For tests and measurements: a TCP connection through this process, which can be counted, frozen and cut. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpLink {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Connections that were opened so far. */
  readonly opened: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Nothing passes any more, and nobody is told: a firewall that forgot the connection, a node without power. New connections freeze too. */
  freeze(): void;
  /** New connections pass again. Frozen ones stay frozen. */
  thaw(): void;
  /** Cuts what is open and refuses what comes, until `restore`. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

/** Listens on a free loopback port and passes everything on to `targetPort` of 127.0.0.1. */
export async function openTcpLink(targetPort: number): Promise<TcpLink> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let opened = 0;
  let mode: 'pass' | 'freeze' | 'cut' = 'pass';

  const server = createServer((near) => {
    opened += 1;
    if (mode === 'cut') {
      near.destroy();
      return;
    }
    const pair = [near, connect(targetPort, '127.0.0.1')] as const;
    pairs.add(pair);
    endTogether(pair, () => pairs.delete(pair));
    if (mode === 'pass') {
      near.pipe(pair[1]);
      pair[1].pipe(near);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function endAll(): void {
    for (const [near] of pairs) {
      near.destroy();
    }
  }

  return {
    port: (server.address() as AddressInfo).port,
    get opened() {
      return opened;
    },
    get open() {
      return pairs.size;
    },
    freeze() {
      mode = 'freeze';
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        near.pause();
        far.pause();
      }
    },
    thaw() {
      mode = 'pass';
    },
    cut() {
      mode = 'cut';
      endAll();
    },
    restore() {
      mode = 'pass';
    },
    async close() {
      endAll();
      server.close();
      await once(server, 'close');
    },
  };
}

function endTogether(pair: readonly [Socket, Socket], onEnd: () => void): void {
  const end = () => {
    onEnd();
    for (const socket of pair) {
      socket.destroy();
    }
  };
  for (const socket of pair) {
    socket.setNoDelay(true);
    socket.on('error', end);
    socket.on('close', end);
  }
}
