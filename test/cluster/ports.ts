import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';

/**
 * Below the range from which Linux takes the ports of outgoing connections (32768 and up). A port from that range could be taken
 * while a server restarts, even by a client that tries to reach the server: it would connect to itself.
 */
const lowest = 20_000;
const highest = 32_000;

/** Finds a port on which nothing listens at `host`. The caller tries again with another when someone else is quicker. */
export async function freePort(host: string): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(lowest, highest);
    if (await isFree(host, port)) {
      return port;
    }
  }
  throw new Error(`find a free port on ${host}: 100 ports between ${lowest} and ${highest} were taken`);
}

/** Whether something accepts connections there. */
export function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const answer = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
    socket.once('timeout', () => answer(false));
  });
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
