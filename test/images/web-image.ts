/**
 * Small real images for tests and the demo: a web server that answers with its version, good or bad in a chosen way.
 *
 * The server is busybox httpd from Debian's busybox-static, so that an image is about 1 MB and needs no builder.
 */
import { readFileSync } from 'node:fs';
import { type Image, makeImage, makeIndex } from '../../scripts/oci/image.ts';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';

/**
 * `good` becomes ready at once; `never-ready` serves but is never ready; `crash` ends at start with exit code 1;
 * `unready-later` is good for 20 seconds and then no longer ready.
 */
export const webBehaviours = ['good', 'never-ready', 'crash', 'unready-later'] as const;

export type WebBehaviour = (typeof webBehaviours)[number];

export interface WebImageOptions {
  readonly version: string;
  readonly behaviour?: WebBehaviour;
  /** More that it serves, by path; a script below `cgi-bin/` is run. */
  readonly pages?: Readonly<Record<string, string>>;
  /** A static busybox; Debian's when absent. */
  readonly busybox?: string;
}

/** Where the server listens in the pod. */
export const webPort = 8080;

const unreadyAfterSeconds = 20;
const webUser = 65532;

/** An image whose `/` answers `web <version>` and whose `/ready` answers 200 while it is ready. */
export function makeWebImage(options: WebImageOptions): Image {
  return makeImage({
    layers: [busyboxLayer(options.busybox ?? '/bin/busybox'), versionLayer(options)],
    config: {
      Entrypoint: ['/bin/sh', '/start'],
      Env: ['PATH=/bin'],
      User: `${webUser}:${webUser}`,
      ExposedPorts: { [`${webPort}/tcp`]: {} },
      Labels: { 'org.opencontainers.image.title': 'web', 'org.opencontainers.image.version': options.version },
    },
    platform: { os: 'linux', architecture: nodeArchitecture() },
  });
}

/** The same as an index of two platforms, of which only this machine's can run. */
export function makeWebIndex(options: WebImageOptions): Image {
  const own = makeWebImage(options);
  const other = makeImage({
    layers: [versionLayer(options)],
    config: { Entrypoint: ['/bin/sh', '/start'] },
    platform: { os: 'linux', architecture: nodeArchitecture() === 'arm64' ? 'amd64' : 'arm64' },
  });
  return makeIndex([own, other]);
}

function nodeArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

function busyboxLayer(busybox: string): TarEntry[] {
  const applets = ['cat', 'echo', 'httpd', 'ls', 'nc', 'ps', 'rm', 'sh', 'sleep', 'wget'];
  return [
    { kind: 'file', path: 'bin/busybox', content: readFileSync(busybox), mode: 0o755 },
    ...applets.map((applet): TarEntry => ({ kind: 'link', path: `bin/${applet}`, target: 'busybox' })),
    { kind: 'file', path: 'etc/passwd', content: Buffer.from(`web:x:${webUser}:${webUser}::/:/bin/sh\n`) },
  ];
}

function versionLayer({ version, behaviour = 'good', pages = {} }: WebImageOptions): TarEntry[] {
  const page = Buffer.from(`web ${version}\n`);
  const ready: TarEntry = { kind: 'file', path: 'www/ready', content: Buffer.from('ready\n'), owner: webUser };
  return [
    { kind: 'file', path: 'start', content: Buffer.from(startScript(version, behaviour)), mode: 0o755 },
    { kind: 'folder', path: 'www', owner: webUser },
    { kind: 'file', path: 'www/index.html', content: page },
    ...(behaviour === 'never-ready' ? [] : [ready]),
    ...Object.entries(pages).map(
      ([path, text]): TarEntry => ({ kind: 'file', path: `www/${path}`, content: Buffer.from(text), mode: 0o755 }),
    ),
  ];
}

/**
 * What runs as pid 1. The kernel gives pid 1 no default action for SIGTERM and httpd installs none, so httpd itself
 * would only end by SIGKILL after the grace period; the shell passes the signal on and reaps what is left to it.
 */
function startScript(version: string, behaviour: WebBehaviour): string {
  if (behaviour === 'crash') {
    return `echo "web ${version}: configuration is missing" >&2\nexit 1\n`;
  }
  return [
    `trap 'kill "$server"; wait "$server"; exit 0' TERM INT`,
    `echo "web ${version}: listening on ${webPort}"`,
    `httpd -f -p ${webPort} -h /www &`,
    'server=$!',
    ...(behaviour === 'unready-later' ? [`(sleep ${unreadyAfterSeconds} && rm /www/ready) &`] : []),
    'wait "$server"',
    '',
  ].join('\n');
}
