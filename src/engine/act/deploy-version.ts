/**
 * A version that somebody names, for CI: it is set whatever the policy would choose, and passes everything else that a version passes.
 * What was rejected or lacks its signatures is not taken, and the Update waits for its gates.
 */
import type { AppSpec, Source } from '../../core/app/app.ts';
import { locationOf } from '../../core/app/app.ts';
import { OperationError } from '../../core/errors.ts';
import { isDigest } from '../../core/image/reference.ts';
import { rankTags } from '../../core/policy/rank-tags.ts';
import type { VersionChange } from '../../core/update/version-change.ts';
import { type AppObjectWire, decodeAppSpec } from '../../resources/app/decode-app.ts';
import { decodeFirstSeen } from '../../resources/app/first-seen.ts';
import { changesOf, hasEnded } from '../../resources/update/decode-update.ts';
import type { CheckContext } from '../check/app-check.ts';
import type { Survey } from '../deploy/deployer.ts';
import { detect } from '../detect/detect.ts';
import type { Finding } from '../detect/finding.ts';
import { startUpdate } from '../update/start-update.ts';
import type { ActContext, Actor, ObjectName } from './record-action.ts';

export interface DeployContext extends CheckContext, ActContext {
  readonly assertLeading: () => void;
}

export interface DeployRequest {
  /** Needed where the App has several sources. */
  readonly source?: string;
  /** One of both, or both: then the version must have the digest. */
  readonly version?: string;
  readonly digest?: string;
}

export type DeployAnswer =
  | { readonly kind: 'Started'; readonly update: string }
  /** Another call has started it, or this one did before. */
  | { readonly kind: 'UnderWay'; readonly update: string }
  /** It is what runs. */
  | { readonly kind: 'UpToDate' };

interface Asked {
  readonly request: DeployRequest;
  readonly actor: Actor;
}

/**
 * @throws USAGE when it cannot be done: no such App, source or version, another Update is under way, the version may not be taken;
 *   errors of the registry, and those of startUpdate
 */
export async function deployVersion(
  context: DeployContext,
  name: ObjectName,
  { request, actor }: Asked,
  signal: AbortSignal,
): Promise<DeployAnswer> {
  const app = context.records.findApp(name.namespace, name.name);
  if (!app) {
    throw refuse(name, request, 'there is no such App');
  }
  const spec = decodeAppSpec(app);
  const survey = await context.deployers[spec.deploy.kind].survey(app, spec, signal);
  const source = chooseSource(name, request, spec);
  const tag = await tagOf(context, { name, source, request, survey }, signal);
  const finding = await look(context, { app, source: withTag(source, tag), survey }, signal);
  const digest = digestOf(finding);
  if (digest !== undefined && request.digest !== undefined && digest !== request.digest) {
    throw refuse(name, request, `${tag} is ${digest} and not ${request.digest}`);
  }
  const open = context.records.listUpdates(name.namespace, name.name).find((update) => !hasEnded(update));
  if (open) {
    const brings = changesOf(open.spec).some(({ source: of, to }) => of === source.name && to.tag === tag);
    if (brings) {
      return { kind: 'UnderWay', update: open.metadata.name };
    }
    throw refuse(name, request, `Update ${open.metadata.name} is under way`);
  }
  if (finding.kind === 'UpToDate') {
    return { kind: 'UpToDate' };
  }
  const change = changeOf(name, request, finding);
  context.assertLeading();
  const trigger = { kind: 'Deploy' as const, by: actor.caller.name, reason: actor.reason || `deploy ${tag}` };
  const update = await startUpdate(context, app, { changes: [change], survey, trigger }, signal);
  if (!update) {
    throw refuse(name, request, 'an Update was started meanwhile');
  }
  return { kind: 'Started', update: update.metadata.name };
}

function chooseSource(name: ObjectName, request: DeployRequest, { sources }: AppSpec): Source {
  const fitting = sources.filter((source) => request.source === undefined || source.name === request.source);
  const [source] = fitting;
  if (!source || fitting.length > 1) {
    throw refuse(name, request, `name one of its sources: ${sources.map((one) => one.name).join(', ')}`);
  }
  return source;
}

function withTag(source: Source, tag: string): Source {
  return source.kind === 'Image' || source.kind === 'Chart'
    ? { ...source, policy: { kind: 'digest', tag, requirements: undefined } }
    : source;
}

interface TagQuestion {
  readonly name: ObjectName;
  readonly source: Source;
  readonly request: DeployRequest;
  readonly survey: Survey;
}

/** Candidates whose digest is asked for at most. */
const maxAsked = 20;

/** The tag that was named, or that of the newest versions which has the digest. */
async function tagOf(context: DeployContext, question: TagQuestion, signal: AbortSignal): Promise<string> {
  const { name, source, request, survey } = question;
  if (source.kind !== 'Image' && source.kind !== 'Chart') {
    throw refuse(name, request, `source ${source.name} has no versions that could be named`);
  }
  if (request.version !== undefined) {
    return request.version;
  }
  const { digest } = request;
  if (source.kind !== 'Image' || digest === undefined || !isDigest(digest)) {
    throw refuse(name, request, 'give a version, or the digest of an image');
  }
  const access = await context.accesses.accessFor(name.namespace, source, signal, survey.workloads);
  const tags = await context.registry.listTags(source.repository, access, signal);
  const newest = rankTags(source.policy, { tags, current: undefined }).candidates.slice(0, maxAsked);
  for (const { tag } of newest) {
    if ((await context.registry.findDigest(source.repository, tag, access, signal)) === digest) {
      return tag;
    }
  }
  throw refuse(name, request, 'none of the newest versions has this digest; give its version too');
}

async function look(
  context: DeployContext,
  { app, source, survey }: { readonly app: AppObjectWire; readonly source: Source; readonly survey: Survey },
  signal: AbortSignal,
): Promise<Finding> {
  const name = { namespace: app.metadata.namespace, name: app.metadata.name };
  const rejections = context.records.listRejections(name.namespace);
  const firstSeenOf = (of: string) => decodeFirstSeen(app, of);
  const [finding] = await detect(context, { app: name, sources: [source], survey, rejections, firstSeenOf }, signal);
  if (!finding || finding.kind === 'Unavailable') {
    throw finding?.error ?? refuse(name, {}, 'its source cannot be asked');
  }
  return finding;
}

function digestOf(finding: Finding): string | undefined {
  return finding.kind === 'Newer' ? finding.version.digest : undefined;
}

/** @throws USAGE with the reason for which the version may not be taken */
function changeOf(name: ObjectName, request: DeployRequest, finding: Finding): VersionChange {
  switch (finding.kind) {
    case 'Newer': {
      const { source, current, version } = finding;
      return { source: source.name, repository: locationOf(source), from: current, to: version };
    }
    case 'Rejected':
      throw refuse(name, request, `it was rejected by ${finding.rejection.author}: ${finding.rejection.reason}`);
    case 'Unverified':
      throw refuse(name, request, finding.message);
    case 'Young':
    case 'Unfit':
    case 'Nothing':
      throw refuse(name, request, finding.message);
    default:
      throw refuse(name, request, 'nobody could be asked');
  }
}

function refuse({ namespace, name }: ObjectName, { version, digest }: DeployRequest, why: string): OperationError {
  return new OperationError(`deploy ${version ?? digest ?? 'a version'} to ${namespace}/${name}: ${why}`, {
    code: 'USAGE',
    retry: 'never',
    context: { app: `${namespace}/${name}` },
  });
}
