import type { Part } from '../parts/part.ts';

/** Architectures that the image is made for, as Go and OCI call them. */
const architectures = ['amd64', 'arm64'] as const;

export type Architecture = (typeof architectures)[number];

/**
 * @param text platforms with commas between them, for example `linux/amd64,linux/arm64`
 * @throws Error that names the platform no image is made for, or that is there twice
 */
export function readPlatforms(text: string): readonly Architecture[] {
  const read = text.split(',').map((platform) => {
    const found = architectures.find((architecture) => platform === `linux/${architecture}`);
    if (found === undefined) {
      const known = architectures.map((architecture) => `linux/${architecture}`).join(', ');
      throw new Error(`read platforms: no image is made for "${platform}"; known: ${known}`);
    }
    return found;
  });
  if (new Set(read).size < read.length) {
    throw new Error(`read platforms: "${text}" names one twice`);
  }
  return read;
}

/** Where the programs of an image come from: this machine, or packages of another architecture. */
export interface SystemFiles {
  readonly architecture: Architecture;
  /** The program `node`, as a file of this machine. */
  readonly node: string;
  /** Where a file that the image has at `path` (absolute) lies here. */
  fileOf(path: string): Promise<string>;
  /**
   * What the dynamic linker loads for a program, itself included, as absolute paths in the image.
   *
   * @param program as a file of this machine
   * @throws Error that names the library which cannot be found
   */
  librariesOf(program: string): Promise<readonly string[]>;
  /** The packages that files of the image (absolute paths) come from. */
  partsOf(paths: readonly string[]): Promise<readonly Part[]>;
}

export interface System extends SystemFiles {
  /** As files of this machine. */
  readonly tools: Readonly<Record<'helm' | 'kubectl', string>>;
}
