/** A policy as a person writes it: on a command line, or into a page. */
import { load, YAMLException } from 'js-yaml';
import { OperationError } from '../../core/errors.ts';
import type { ImagePolicy } from '../../core/policy/policy.ts';
import { parseImagePolicy } from '../../core/policy/written-policy.ts';
import { PolicySchema } from '../../resources/app/policy.ts';
import { decoderOf, invalidObject } from '../../resources/decode.ts';

const maxTextLength = 65_536;
/** A policy has three levels; an ImagePolicy object around it one more. */
const maxDepth = 16;

/** What stands in a Flux ImagePolicy beside the policy and says nothing about tags. */
const fluxSettings = ['imageRepositoryRef', 'interval', 'digestReflectionPolicy', 'suspend'];

const decodePolicy = decoderOf(PolicySchema);

/** The two settings of Keel; undefined where they are not given. */
export interface KeelFlags {
  readonly matchPreRelease: boolean | undefined;
  readonly matchTag: boolean | undefined;
}

/**
 * Reads `keel:NAME`, or YAML of what stands under `policy:` in an App, of the spec of a Flux ImagePolicy, or of a whole
 * ImagePolicy.
 *
 * @throws OBJECT_INVALID for fields that a policy has not, POLICY_INVALID for text that is no YAML and values without meaning
 */
export function parsePolicyText(text: string, flags: KeelFlags): ImagePolicy {
  if (text.length > maxTextLength) {
    throw unreadable(`the policy has ${text.length} characters; ${maxTextLength} are the most`);
  }
  const keel = /^keel:(\S.*)?$/s.exec(text.trim());
  if (keel) {
    return parseImagePolicy({ keel: { policy: keel[1] ?? '', ...flags } }, 'policy');
  }
  if (flags.matchPreRelease !== undefined || flags.matchTag !== undefined) {
    throw unreadable('--match-pre-release and --match-tag only say something beside a policy keel:NAME');
  }
  const written = unwrap(loadYaml(text));
  const unknown = unknownFields(PolicySchema, written, 'policy');
  if (unknown.length > 0) {
    throw invalidObject(
      'policy',
      unknown.map((field) => `${field} is no field of a policy`),
    );
  }
  return parseImagePolicy(decodePolicy(written, 'policy'), 'policy');
}

function loadYaml(text: string): unknown {
  try {
    return load(text, { maxDepth, maxAliases: 0 });
  } catch (error) {
    if (error instanceof YAMLException) {
      throw unreadable(`the policy is no YAML: ${error.reason}`);
    }
    throw error;
  }
}

/** Takes off what Flux has around the policy. */
function unwrap(written: unknown): unknown {
  if (!isRecord(written)) {
    throw unreadable('this is no policy; write for example semver: {range: 1.x}, or keel:minor');
  }
  const isFlux =
    written['kind'] === 'ImagePolicy' && String(written['apiVersion']).startsWith('image.toolkit.fluxcd.io/');
  const spec = isFlux && isRecord(written['spec']) ? written['spec'] : written;
  return 'policy' in spec
    ? Object.fromEntries(Object.entries(spec).filter(([name]) => !fluxSettings.includes(name)))
    : spec;
}

/** Fields that the API server would drop, which would leave a person in the belief that they do something. */
function unknownFields(schema: unknown, value: unknown, path: string): string[] {
  const properties = isRecord(schema) ? schema['properties'] : undefined;
  if (!isRecord(value) || !isRecord(properties)) {
    return [];
  }
  return Object.entries(value).flatMap(([name, field]) =>
    Object.hasOwn(properties, name) ? unknownFields(properties[name], field, `${path}.${name}`) : [`${path}.${name}`],
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(message: string): OperationError {
  return new OperationError(message, { code: 'POLICY_INVALID', retry: 'never' });
}
