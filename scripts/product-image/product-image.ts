/** The container image of Headgate, made from this working tree and the Node that runs this. */
import { readFile } from 'node:fs/promises';
import { type Image, makeImage } from '../oci/image.ts';
import { makeGitLayer } from './git-layer.ts';
import { makePagesLayer } from './pages-layer.ts';
import { makeProgramLayer, nodeEnvironment, nodeFlags, programPath } from './program-layer.ts';
import { makeRuntimeLayer, userId } from './runtime-layer.ts';
import { makeToolLayer } from './tool-layer.ts';

const packageFile = new URL('../../package.json', import.meta.url);

/** Same sources, same Node, same C library: same digest. There is no creation time in it. */
export async function makeProductImage(entry: string): Promise<Image> {
  const about: { version: string; description: string; license: string } = JSON.parse(
    await readFile(packageFile, 'utf8'),
  );
  return makeImage({
    layers: [
      await makeRuntimeLayer(),
      await makeGitLayer(),
      await makeToolLayer(),
      await makePagesLayer(),
      await makeProgramLayer(entry),
    ],
    config: {
      Entrypoint: ['/nodejs/node', ...nodeFlags, programPath],
      Env: [
        'PATH=/nodejs:/usr/local/bin:/usr/bin:/bin',
        'HOME=/home/nonroot',
        'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt',
        ...Object.entries(nodeEnvironment).map(([name, value]) => `${name}=${value}`),
      ],
      User: `${userId}:${userId}`,
      WorkingDir: '/home/nonroot',
      Labels: {
        'org.opencontainers.image.title': 'headgate',
        'org.opencontainers.image.description': about.description,
        'org.opencontainers.image.version': about.version,
        'org.opencontainers.image.licenses': about.license,
      },
    },
    platform: { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch },
  });
}
