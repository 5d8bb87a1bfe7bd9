/** `status.git` of an Update <-> its plan. */
import type { Static } from 'typebox';
import type { GitPlan, VersionWrite } from '../../core/deploy/git-plan.ts';
import type { GitPlanSchema } from '../app/git-deploy.ts';

type GitPlanWire = Static<typeof GitPlanSchema>;

export function decodeGitPlan({ writes, ...rest }: GitPlanWire): GitPlan {
  return { kind: 'Git', ...rest, writes: writes.map(decodeWrite) };
}

export function encodeGitPlan({ kind: _, writes, supersededCommits, ...rest }: GitPlan): GitPlanWire {
  return { ...rest, writes: writes.map((write) => ({ ...write })), supersededCommits: [...supersededCommits] };
}

/** What a kind of place does not have was never written; an empty text stands for it. */
function decodeWrite(wire: GitPlanWire['writes'][number]): VersionWrite {
  const { kind, place = '', file = '', name = '', tag = '', digest, value = '' } = wire;
  const image = { name, tag, ...(digest !== undefined && { digest }) };
  switch (kind) {
    case 'Marker':
      return { kind, place, ...image };
    case 'Kustomization':
      return { kind, ...image };
    case 'Chart':
      return { kind, name, tag };
    case 'Value':
      return { kind, file, place, value };
  }
}
