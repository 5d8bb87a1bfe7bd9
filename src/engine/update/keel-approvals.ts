/** Keel's approvals over Headgate's own records: what waits for people, and their votes. */
import {
  type KeelAction,
  type KeelTarget,
  keelIdentifier,
  keelPerson,
  keelTargetsOf,
} from '../../core/adopt/keel-approval.ts';
import type { Rejection } from '../../core/app/rejection.ts';
import { OperationError } from '../../core/errors.ts';
import { type AppObjectWire, readAppSpec } from '../../resources/app/decode-app.ts';
import { archivedAnnotation } from '../../resources/metadata.ts';
import { changesOf, journalOf, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { AccessReviews } from '../ports/access-reviews.ts';
import type { Clock } from '../ports/clock.ts';
import type { DirectRecords } from '../ports/records.ts';
import { approveUpdate, rejectUpdate } from './approve.ts';

export interface KeelApprovalsContext {
  readonly records: DirectRecords;
  readonly clock: Clock;
  /** Empty: all. */
  readonly namespaces: readonly string[];
}

/** One thing to be approved, as Keel tells it. */
export interface KeelApproval {
  readonly id: string;
  readonly archived: boolean;
  readonly provider: KeelTarget['provider'];
  readonly identifier: string;
  readonly message: string;
  readonly currentVersion: string;
  readonly newVersion: string;
  readonly digest: string;
  readonly votesRequired: number;
  /** People by the time of their vote. */
  readonly voters: ReadonlyMap<string, Date>;
  readonly rejected: boolean;
  readonly deadline: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly update: UpdateObjectWire;
}

export interface KeelVote {
  readonly action: KeelAction;
  /** One of both is enough. */
  readonly identifier: string | undefined;
  readonly id: string | undefined;
  readonly person: string;
}

/** Newest first, and no more. */
const mostListed = 500;

/** Every Update of an App that asks people, also those that have begun or ended: they are archived. */
export async function listKeelApprovals(
  context: KeelApprovalsContext,
  signal: AbortSignal,
): Promise<readonly KeelApproval[]> {
  const scopes = context.namespaces.length === 0 ? [undefined] : context.namespaces;
  const lists = await Promise.all(scopes.map(async (namespace) => await listIn(context, namespace, signal)));
  const all = lists.flat().toSorted((one, other) => other.createdAt.getTime() - one.createdAt.getTime());
  return all.slice(0, mostListed);
}

async function listIn(
  context: KeelApprovalsContext,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<readonly KeelApproval[]> {
  const { records } = context;
  const [apps, updates, rejections] = await Promise.all([
    records.readApps(namespace, signal),
    records.readUpdates({ namespace }, signal),
    records.readRejections(namespace, signal),
  ]);
  const byName = new Map(apps.map((app) => [`${app.metadata.namespace}/${app.metadata.name}`, app]));
  return updates.flatMap((update) => {
    const app = byName.get(`${update.metadata.namespace}/${update.spec.app}`);
    return app ? approvalsOf(context, { app, update, rejections }) : [];
  });
}

interface Found {
  readonly app: AppObjectWire;
  readonly update: UpdateObjectWire;
  readonly rejections: readonly Rejection[];
}

function approvalsOf({ clock }: KeelApprovalsContext, { app, update, rejections }: Found): readonly KeelApproval[] {
  const read = readAppSpec(app);
  const [change] = changesOf(update.spec);
  if (read.kind === 'Invalid' || read.value.gates.approvals === undefined || change === undefined) {
    return [];
  }
  const { required, deadlineMs } = read.value.gates.approvals;
  const { namespace, name, uid, creationTimestamp, annotations = {} } = update.metadata;
  const journal = journalOf(update, clock.now());
  const { deploy } = read.value;
  const release = deploy.kind === 'Helm' ? deploy.release : undefined;
  const targets = keelTargetsOf(namespace, { objects: app.status?.workloads ?? [], release });
  const newVersion = change.to.tag ?? change.to.digest ?? '';
  const voters = new Map((journal.approvals ?? []).map(({ by, at }) => [by, at]));
  return targets.map((target, index) => ({
    id: index === 0 ? uid : `${uid}-${index}`,
    archived: journal.phase !== 'Pending' || annotations[archivedAnnotation] !== undefined,
    provider: target.provider,
    identifier: keelIdentifier(target, newVersion),
    message: journal.waiting?.message ?? update.spec.trigger.reason ?? '',
    currentVersion: change.from.tag ?? change.from.digest ?? '',
    newVersion,
    digest: change.to.digest ?? '',
    votesRequired: required,
    voters,
    rejected: rejections.some((one) => one.update === name && one.namespace === namespace),
    deadline: new Date(journal.startedAt.getTime() + deadlineMs),
    createdAt: new Date(creationTimestamp),
    updatedAt: [...voters.values()].at(-1) ?? journal.startedAt,
    update,
  }));
}

/**
 * Votes for one person. Identifiers say a tag; the vote is for the digest that the Update has.
 *
 * @returns the approval after it; undefined when there is none of that name that waits for people
 * @throws errors of the API server, USAGE when it has begun meanwhile
 */
export async function voteAsKeel(
  context: KeelApprovalsContext,
  vote: KeelVote,
  signal: AbortSignal,
): Promise<KeelApproval | undefined> {
  const isMeant = ({ id, identifier }: KeelApproval) => id === vote.id || identifier === vote.identifier;
  const all = await listKeelApprovals(context, signal);
  const found = all.find((one) => isMeant(one) && !one.archived) ?? all.find(isMeant);
  if (found === undefined) {
    return undefined;
  }
  await cast(context, found, vote, signal);
  return (await listKeelApprovals(context, signal)).find(({ id }) => id === found.id) ?? { ...found, archived: true };
}

async function cast(
  context: KeelApprovalsContext,
  { update, archived, identifier }: KeelApproval,
  { action, person }: KeelVote,
  signal: AbortSignal,
): Promise<void> {
  const { records } = context;
  const { namespace, name } = update.metadata;
  const acting = { ...context, reviews: reviewsOf(person) };
  switch (action) {
    case 'approve':
      await approveUpdate(acting, { namespace, name }, signal);
      return;
    case 'reject':
      await rejectUpdate(acting, { namespace, name }, `rejected by ${person}`, signal);
      return;
    case 'archive':
      await records.annotateUpdate({ namespace, name }, { [archivedAnnotation]: 'true' }, signal);
      return;
    case 'delete':
      if (archived) {
        throw new OperationError(`delete ${identifier}: it has begun or ended, and its record is kept`, {
          code: 'USAGE',
          retry: 'never',
        });
      }
      await records.deleteUpdate(update, signal);
  }
}

/** Who may vote here is said by the file of users, not by the cluster: whoever is in it may. */
function reviewsOf(person: string): AccessReviews {
  return { whoAmI: () => Promise.resolve(keelPerson(person)), may: () => Promise.resolve(true) };
}
