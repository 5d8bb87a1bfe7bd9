/** Where tests of channels play: a real channel in a folder with keys of its own, served over HTTP by a server that may be told to lie. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderStore } from '../../src/adapters/channel/folder-store.ts';
import { type ChannelKeys, createChannelPublisher } from '../../src/adapters/channel/publisher.ts';
import { createChannelReader } from '../../src/adapters/channel/reader.ts';
import { makeRoot, publishRoot, type RootPlan } from '../../src/adapters/channel/root-ceremony.ts';
import { type Signer, signerOfPem } from '../../src/adapters/channel/signer.ts';
import type { ChannelStore } from '../../src/adapters/channel/store.ts';
import type { ChannelContent, Publication } from '../../src/engine/ports/channel-publisher.ts';
import type { ChannelReader, ChannelView, TrustedFiles } from '../../src/engine/ports/channel-reader.ts';
import { createManualClock, type ManualClock } from '../kube/manual-clock.ts';
import { startHttpServer, type TestServer } from '../servers/http-server.ts';
import { openOutbound } from '../servers/open-outbound.ts';

/** What the server answers in place of a file; undefined: the file. */
export type Lie = (path: string, response: ServerResponse) => Buffer | 'missing' | 'handled' | undefined;

export interface Keyring extends ChannelKeys {
  readonly root: readonly Signer[];
}

export interface ChannelGround {
  readonly folder: string;
  readonly store: ChannelStore;
  readonly clock: ManualClock;
  readonly keys: Keyring;
  readonly server: TestServer;
  /** root.json of the first root. */
  readonly trustedRoot: Buffer;
  /** Undefined: the server is honest. */
  lie: Lie | undefined;
  publish(files: Readonly<Record<string, string>>, keys?: ChannelKeys): Promise<Publication>;
  /** A client of its own, that has seen what is given. */
  client(trusted?: TrustedFiles): ChannelClient;
  file(path: string): Buffer;
  stop(): Promise<void>;
}

export interface ChannelClient {
  readonly reader: ChannelReader;
  /** Looks, and reads the index. */
  look(caller?: AbortSignal): Promise<ChannelView>;
  /** What the index says. */
  index(): Promise<string>;
  trusted(): TrustedFiles;
}

export const signal = new AbortController().signal;

export const lifetimes = {
  timestampMs: 24 * 3_600_000,
  snapshotMs: 7 * 24 * 3_600_000,
  targetsMs: 90 * 24 * 3_600_000,
};

export function newKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

export function newSigner(name = 'a key of the test'): Signer {
  return signerOfPem(newKey(), name);
}

export function newKeyring(): Keyring {
  return {
    root: [newSigner(), newSigner()],
    targets: [newSigner()],
    snapshot: [newSigner()],
    timestamp: [newSigner()],
  };
}

export function planFor(keys: Keyring, expires: Date, rootThreshold = 2): RootPlan {
  const role = (signers: readonly Signer[], threshold = 1) => ({ keys: signers.map(({ key }) => key), threshold });
  return {
    roles: {
      root: role(keys.root, rootThreshold),
      targets: role(keys.targets),
      snapshot: role(keys.snapshot),
      timestamp: role(keys.timestamp),
    },
    expires,
  };
}

export function contentOf(files: Readonly<Record<string, string>>): ChannelContent {
  const bytes = Object.entries(files).map(([path, text]) => [path, Buffer.from(text)] as const);
  return { files: new Map(bytes), added: new Map(), graph: {} };
}

function readOrNothing(path: string): Buffer | 'missing' {
  try {
    return readFileSync(path);
  } catch {
    return 'missing';
  }
}

function answer(response: ServerResponse, known: string | undefined, bytes: Buffer | 'missing'): void {
  if (bytes === 'missing') {
    response.writeHead(404).end();
    return;
  }
  const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`;
  response.writeHead(known === etag ? 304 : 200, { etag }).end(known === etag ? undefined : bytes);
}

const yearMs = 365 * 24 * 3_600_000;

/** With `1.root.json` and nothing published yet. */
export async function openChannelGround(): Promise<ChannelGround> {
  const top = await mkdtemp(join(tmpdir(), 'channel-'));
  const folder = join(top, 'published');
  const clock = createManualClock(new Date());
  const keys = newKeyring();
  const store = createFolderStore(folder);
  const root = await makeRoot(planFor(keys, new Date(clock.now().getTime() + yearMs)), undefined, keys.root, signal);
  await publishRoot(store, root, undefined, signal);
  const outbound = openOutbound();
  let clients = 0;
  const file = (path: string) => readFileSync(join(folder, path));
  const server = await startHttpServer((request, response, url) => {
    const path = url.pathname.slice(1);
    const told = ground.lie?.(path, response);
    if (told !== 'handled') {
      answer(response, request.headers['if-none-match'], told === undefined ? readOrNothing(join(folder, path)) : told);
    }
  });
  const ground: ChannelGround = {
    ...{ folder, store, clock, keys, server, file, lie: undefined, trustedRoot: root.bytes },
    publish: (files, by = keys) =>
      createChannelPublisher({ store, keys: by, lifetimes, clock }).publish(() => contentOf(files), signal),
    client(seen = new Map()) {
      clients += 1;
      const place = { owner: `client ${clients}`, urls: [`${server.origin}/`], trustedRoot: root.bytes };
      const reader = createChannelReader({
        ...{ folder: join(top, `client-${clients}`), outbound, clock },
        openFiles: () => undefined,
      });
      const look = (caller = signal) => reader.look({ ...place, login: undefined, caBundle: undefined }, seen, caller);
      return {
        ...{ reader, look },
        index: async () => (await (await look()).read('releases/index.json', 65_536, signal)).toString(),
        trusted: () => reader.trustedAfter(place.owner) ?? new Map(),
      };
    },
    async stop() {
      await server.stop();
      await outbound.close();
      await rm(top, { recursive: true, force: true });
    },
  };
  return ground;
}
