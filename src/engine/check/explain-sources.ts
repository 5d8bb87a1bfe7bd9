/** Every version that the sources of an App have, and why each is or is not taken; for people who wonder. */
import type { Source } from '../../core/app/app.ts';
import { describeError, isOperationError } from '../../core/errors.ts';
import { type ImagePolicy, needsTagList } from '../../core/policy/policy.ts';
import { rankTags } from '../../core/policy/rank-tags.ts';
import { type AppObjectWire, decodeAppSpec } from '../../resources/app/decode-app.ts';
import { atChart, type ChartAccessContext } from '../chart-access.ts';
import type { Deployers, Survey } from '../deploy/deployer.ts';
import { newestRunning } from '../detect/offered-tags.ts';
import type { RegistryAccesses, SharedRegistry } from '../ports/registry.ts';

export interface ExplainContext extends ChartAccessContext {
  readonly deployers: Deployers;
  readonly registry: SharedRegistry;
  readonly accesses: RegistryAccesses;
}

export interface ExplainedSource {
  readonly source: string;
  /** Best first. */
  readonly candidates: readonly string[];
  readonly rejected: readonly { readonly tag: string; readonly reason: string; readonly message: string }[];
  /** Why nothing can be said, or nothing is taken. */
  readonly message?: string;
}

/** Whoever looks at a page wants an answer now; what a check found within the day will do. */
const maxAgeMs = 86_400_000;
/** A repository may have a hundred thousand tags; nobody reads so many. */
const maxShown = 1_000;

/**
 * What cannot be asked is said in the source's message.
 *
 * @throws OBJECT_INVALID for an App that cannot be understood
 */
export async function explainSources(
  context: ExplainContext,
  app: AppObjectWire,
  signal: AbortSignal,
): Promise<readonly ExplainedSource[]> {
  const spec = decodeAppSpec(app);
  const survey = await context.deployers[spec.deploy.kind].survey(app, spec, signal);
  return await Promise.all(
    spec.sources.map(async (source) => {
      try {
        return await explain(context, { app, source, survey }, signal);
      } catch (error) {
        if (isOperationError(error) && error.code !== 'INVARIANT') {
          return { source: source.name, candidates: [], rejected: [], message: describeError(error) };
        }
        throw error;
      }
    }),
  );
}

interface Asked {
  readonly app: AppObjectWire;
  readonly source: Source;
  readonly survey: Survey;
}

async function explain(context: ExplainContext, asked: Asked, signal: AbortSignal): Promise<ExplainedSource> {
  const { source, survey } = asked;
  const nothing = { source: source.name, candidates: [], rejected: [] };
  if (source.kind !== 'Image' && source.kind !== 'Chart') {
    return { ...nothing, message: 'a source of this kind has no list of versions' };
  }
  if (!needsTagList(source.policy)) {
    return { ...nothing, message: 'the policy names its version, so no list is read' };
  }
  const current = newestRunning(source.policy, survey.versions.get(source.name) ?? []).tag;
  return { source: source.name, ...rank(source.policy, await listVersions(context, asked, signal), current) };
}

async function listVersions(
  context: ExplainContext,
  { app, source, survey }: Asked,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { namespace } = app.metadata;
  if (source.kind === 'Image') {
    const access = await context.accesses.accessFor(namespace, source, signal, survey.workloads);
    return await context.registry.within(maxAgeMs).listTags(source.repository, access, signal);
  }
  if (source.kind === 'Chart') {
    return await atChart(context, { namespace, source }, (place) => context.charts.listVersions(place, signal), signal);
  }
  return [];
}

function rank(
  policy: ImagePolicy,
  tags: readonly string[],
  current: string | undefined,
): Omit<ExplainedSource, 'source'> {
  const { candidates, rejected, obstacle } = rankTags(policy, { tags, current });
  const hidden = Math.max(0, candidates.length - maxShown) + Math.max(0, rejected.length - maxShown);
  const notes = [obstacle, hidden > 0 ? `${hidden} more are not shown` : undefined].filter(
    (note) => note !== undefined,
  );
  return {
    candidates: candidates.slice(0, maxShown).map(({ tag }) => tag),
    rejected: rejected.slice(0, maxShown),
    ...(notes.length > 0 && { message: notes.join('; ') }),
  };
}
