/** Imago's annotation `imago-config-spec`: which references the images of a workload had before they were pinned by digest. */
import { OperationError } from '../errors.ts';
import type { Container } from '../workload/workload.ts';
import { imagoConfigKey } from './marks.ts';

/** A container and the reference to follow; one with a digest is left as it is. */
export interface ImagoImage {
  readonly name: string;
  readonly image: string;
}

export interface ImagoConfig {
  readonly containers: readonly ImagoImage[];
  readonly initContainers: readonly ImagoImage[];
}

/** The API server takes annotations of 256 KiB in all. */
const longestText = 262_144;

/**
 * Reads the annotation.
 *
 * @throws OBJECT_INVALID naming it
 */
export function parseImagoConfig(text: string): ImagoConfig {
  if (text === '') {
    return { containers: [], initContainers: [] };
  }
  if (text.length > longestText) {
    throw invalid(`has ${text.length} characters; ${longestText} are the most`);
  }
  const json = parseJson(text);
  return { containers: imagesIn(json, 'containers'), initContainers: imagesIn(json, 'initContainers') };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid('is not JSON; remove it, and the images are followed as they are written', error);
  }
}

function imagesIn(json: unknown, key: 'containers' | 'initContainers'): readonly ImagoImage[] {
  const list = isRecord(json) ? (json[key] ?? []) : undefined;
  if (!Array.isArray(list)) {
    throw invalid(
      `has no list under ${key}; it is {"containers": [{"name": ..., "image": ...}], "initContainers": [...]}`,
    );
  }
  return list.map((entry: unknown, index) => {
    const { name, image } = isRecord(entry) ? entry : {};
    if (typeof name !== 'string' || typeof image !== 'string') {
      throw invalid(`has no name and image at ${key}[${index}]`);
    }
    return { name, image };
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The configuration that belongs to the containers as they are now (imago `mergeContainers`): an image without a digest is
 * what a person wants and is stored; behind one with a digest stands what was stored before. In the order of the containers.
 */
export function mergeImagoConfig(stored: ImagoConfig, containers: readonly Container[]): ImagoConfig {
  return {
    containers: merge(
      stored.containers,
      containers.filter((one) => !one.init),
    ),
    initContainers: merge(
      stored.initContainers,
      containers.filter((one) => one.init),
    ),
  };
}

function merge(stored: readonly ImagoImage[], containers: readonly Container[]): readonly ImagoImage[] {
  const kept = new Map(stored.map(({ name, image }) => [name, image]));
  return containers.map(({ name, image }) => ({
    name,
    image: isPinned(image) ? (kept.get(name) ?? image) : image,
  }));
}

/** Imago leaves such a reference alone. */
export function isPinned(image: string): boolean {
  return /@sha256:./.test(image);
}

/** As Imago writes it. */
export function formatImagoConfig({ containers, initContainers }: ImagoConfig): string {
  const list = (images: readonly ImagoImage[]) => images.map(({ name, image }) => ({ name, image }));
  return JSON.stringify({ containers: list(containers), initContainers: list(initContainers) });
}

/** Whether both say the same of the same containers; Imago writes them in any order. */
export function sameImagoConfig(left: ImagoConfig, right: ImagoConfig): boolean {
  return sorted(left) === sorted(right);
}

function sorted({ containers, initContainers }: ImagoConfig): string {
  const byName = (images: readonly ImagoImage[]) => images.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return formatImagoConfig({ containers: byName(containers), initContainers: byName(initContainers) });
}

function invalid(problem: string, cause?: unknown): OperationError {
  return new OperationError(`${imagoConfigKey}: ${problem}`, {
    code: 'OBJECT_INVALID',
    retry: 'never',
    context: { field: imagoConfigKey },
    cause,
  });
}
