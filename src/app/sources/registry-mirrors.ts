/** Mirrors as given on the command line: `docker.io=https://mirror.example.com/hub`. */
import type { Mirroring } from '../../adapters/registry/mirrored-registry.ts';
import { OperationError } from '../../core/errors.ts';
import { parseRepository } from '../../core/image/reference.ts';

/** @throws USAGE naming the option and what is wrong with it */
export function parseMirrorings(before: readonly string[], instead: readonly string[]): readonly Mirroring[] {
  const mirrorings = [
    ...before.map((text) => parseOne('--registry-mirror', text, 'Before')),
    ...instead.map((text) => parseOne('--registry-substitute', text, 'Instead')),
  ];
  const both = mirrorings.find(({ host, place }) =>
    mirrorings.some((other) => other.host === host && other.place !== place),
  );
  if (both !== undefined) {
    throw unusable(`${both.host} has a mirror and a substitute; choose one`);
  }
  return mirrorings;
}

function parseOne(option: string, text: string, place: Mirroring['place']): Mirroring {
  const equals = text.indexOf('=');
  const host = text.slice(0, Math.max(0, equals));
  const url = URL.parse(text.slice(equals + 1));
  const isAddress = url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
  if (!isAddress || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    // It may hold a password, which is not shown.
    throw unusable(
      `${option}: the mirror of "${host}" is no plain address; write for example docker.io=https://mirror.example.com/hub`,
    );
  }
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '');
  checkName(option, host.includes('/') ? '/app' : `${host}/app`);
  checkName(option, `${url.host}/${prefix === '' ? '' : `${prefix}/`}app`);
  const registry = host === 'index.docker.io' ? 'docker.io' : host;
  return { host: registry, place, endpoint: { registry: url.host, prefix, insecure: url.protocol === 'http:' } };
}

/** What is made of it must be the name of a repository, whose first part is its registry. */
function checkName(option: string, name: string): void {
  const written = name.slice(0, name.indexOf('/'));
  try {
    const { registry } = parseRepository(name);
    if (registry === written || written === 'index.docker.io') {
      return;
    }
  } catch {
    // Told below, in the words of the option.
  }
  throw unusable(
    `${option}: "${name.replace(/\/?app$/, '')}" is no registry; write for example docker.io=https://mirror.example.com/hub`,
  );
}

function unusable(message: string): OperationError {
  return new OperationError(message, { code: 'USAGE', retry: 'never' });
}
