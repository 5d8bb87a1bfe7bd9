/** This machine as the place where an image's programs come from. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { locateTools } from '../../../test/cluster/binaries.ts';
import { debianParts } from '../parts/debian-parts.ts';
import type { Architecture, System, SystemFiles } from './system.ts';

/** Undefined on a machine that no image is made for. */
function ownArchitecture(): Architecture | undefined {
  const names: Readonly<Record<string, Architecture>> = { x64: 'amd64', arm64: 'arm64' };
  return names[process.arch];
}

/** The Node that runs this; helm and kubectl in the versions of the tests (test/cluster/tools.ts); everything else as it is installed. */
export async function ownSystem(): Promise<System> {
  return { ...ownFiles(), tools: await locateTools(['helm', 'kubectl']) };
}

/** All of it but helm and kubectl. */
export function ownFiles(): SystemFiles {
  const architecture = ownArchitecture();
  if (architecture === undefined) {
    throw new Error(`make an image on ${process.arch}: only amd64 and arm64 are known`);
  }
  return {
    architecture,
    node: process.execPath,
    fileOf: (path) => Promise.resolve(path),
    librariesOf: linkedLibraries,
    partsOf: debianParts,
  };
}

/** By the dynamic linker itself, which knows the folders that this machine is configured for. */
async function linkedLibraries(program: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('ldd', [program]);
  const paths = [...stdout.matchAll(/(?:^|=>)\s+(\/\S+) \(0x[0-9a-f]+\)$/gm)].map((match) => match[1] ?? '');
  if (!paths.some((path) => path.includes('/libc.so'))) {
    throw new Error(`read the libraries of ${program} by ldd: no libc in ${stdout}`);
  }
  return [...new Set(paths)];
}
