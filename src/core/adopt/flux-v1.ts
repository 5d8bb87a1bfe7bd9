/** Annotations of Flux v1 on a workload (flux `pkg/policy`), under its present and its former domain. */
import { OperationError } from '../errors.ts';
import { parseFluxV1Pattern } from '../policy/flux-v1-pattern.ts';
import type { Adoption, FollowedContainer, FollowedPolicy, MarkedWorkload } from './adoption.ts';
import { attempt, type Marks, taggedImage, valueUnder } from './marks.ts';

export const fluxV1Keys = {
  automated: 'fluxcd.io/automated',
  ignore: 'fluxcd.io/ignore',
  locked: 'fluxcd.io/locked',
  tag: 'fluxcd.io/tag.CONTAINER',
  filter: 'filter.fluxcd.io/CONTAINER',
} as const;

/** Undefined when Flux would leave the workload alone. */
export function readFluxV1({ annotations, containers }: MarkedWorkload): Adoption | undefined {
  if (mark(annotations, 'automated') !== 'true' || mark(annotations, 'ignore') === 'true') {
    return undefined;
  }
  const problems: string[] = [];
  const followed = containers
    .filter((container) => !container.init)
    .flatMap((container): readonly FollowedContainer[] => {
      const image = taggedImage(container);
      const pattern = patternOf(annotations, container.name);
      const policy = pattern && attempt(problems, () => policyOf(pattern));
      return image && policy ? [{ name: container.name, repository: image.repository, policy }] : [];
    });
  if (followed.length === 0 && problems.length === 0) {
    problems.push(nothingFollowed(containers.map((container) => container.name)).message);
  }
  return {
    system: 'flux',
    problems,
    followed,
    trigger: { kind: 'Interval' },
    locked: mark(annotations, 'locked') === 'true',
  };
}

function mark(annotations: Marks, name: string): string | undefined {
  return valueUnder(annotations, `fluxcd.io/${name}`, `flux.weave.works/${name}`);
}

interface WrittenPattern {
  readonly key: string;
  readonly text: string;
}

function patternOf(annotations: Marks, container: string): WrittenPattern | undefined {
  const key = [
    `fluxcd.io/tag.${container}`,
    `filter.fluxcd.io/${container}`,
    `flux.weave.works/tag.${container}`,
    `filter.flux.weave.works/${container}`,
  ].find((name) => Object.hasOwn(annotations, name));
  return key === undefined ? undefined : { key, text: annotations[key] ?? '' };
}

function policyOf({ key, text }: WrittenPattern): FollowedPolicy {
  const policy = parseFluxV1Pattern(text, key);
  switch (policy.kind) {
    case 'semver':
      return { semver: { range: policy.range } };
    case 'regexp':
      return { regexp: { pattern: policy.pattern } };
    case 'glob':
      return { glob: { pattern: policy.pattern } };
    default:
      throw new OperationError(`${key}: "${text}" is no pattern of Flux v1`, { code: 'INVARIANT', retry: 'never' });
  }
}

/** Flux itself would take the image that was built last; tag lists do not tell that, and a guess would be worse than none. */
function nothingFollowed(names: readonly string[]): OperationError {
  return new OperationError(
    `${fluxV1Keys.tag}: no container has a pattern; write for example fluxcd.io/tag.${names[0] ?? 'app'}: semver:~1.2`,
    { code: 'OBJECT_INVALID', retry: 'never' },
  );
}
