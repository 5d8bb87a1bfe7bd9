/** A workload that Imago has pinned: each of its tags is followed, and the annotation is kept as Imago would keep it. */
import type { Adoption, FollowedContainer, MarkedWorkload } from './adoption.ts';
import {
  formatImagoConfig,
  type ImagoConfig,
  isPinned,
  mergeImagoConfig,
  parseImagoConfig,
  sameImagoConfig,
} from './imago-config.ts';
import { attempt, imagoConfigKey, taggedImage } from './marks.ts';

/** Undefined when Imago never touched the workload, or has nothing left to follow in it. */
export function readImago({ annotations, containers }: MarkedWorkload): Adoption | undefined {
  const text = annotations[imagoConfigKey];
  if (text === undefined) {
    return undefined;
  }
  const problems: string[] = [];
  const stored = attempt(problems, () => parseImagoConfig(text));
  const merged = stored && mergeImagoConfig(stored, containers);
  const followed = merged ? follow(merged) : [];
  if (followed.length === 0 && problems.length === 0) {
    return undefined;
  }
  const isCurrent = !stored || !merged || sameImagoConfig(stored, merged);
  return {
    system: 'imago',
    problems,
    followed,
    trigger: { kind: 'Interval' },
    locked: false,
    annotation: isCurrent ? undefined : { key: imagoConfigKey, value: formatImagoConfig(merged) },
  };
}

function follow({ containers, initContainers }: ImagoConfig): readonly FollowedContainer[] {
  return [...containers, ...initContainers].flatMap(({ name, image }) => {
    const tagged = isPinned(image) ? undefined : taggedImage({ image });
    return tagged ? [{ name, repository: tagged.repository, policy: { digest: { tag: tagged.tag } } }] : [];
  });
}
