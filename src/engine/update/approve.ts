/** What people say to an Update that waits for them, before it begins or because a test could not tell: yes, or never. */
import { OperationError } from '../../core/errors.ts';
import { acceptedTests } from '../../core/update/transitions.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { changesOf, hasEnded, journalOf, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { AccessReviews } from '../ports/access-reviews.ts';
import type { Clock } from '../ports/clock.ts';
import type { DirectRecords } from '../ports/records.ts';

export interface ApproveContext {
  readonly records: DirectRecords;
  readonly reviews: AccessReviews;
  readonly clock: Clock;
}

export interface UpdateName {
  readonly namespace: string;
  readonly name: string;
}

export interface Approved {
  readonly by: string;
  /** Everybody who approved it, in the order in which they did. */
  readonly approvals: readonly string[];
}

/**
 * Approves an Update in the name of whoever calls, or takes for good what its tests could not tell. Doing it twice counts once.
 *
 * @throws USAGE when it is not there or has begun, API_FORBIDDEN without the right `approve` on it,
 *   API_CONFLICT when somebody else wrote it meanwhile
 */
export async function approveUpdate(
  context: ApproveContext,
  asked: UpdateName,
  signal: AbortSignal,
): Promise<Approved> {
  const { records, reviews, clock } = context;
  const update = await readAsking(context, asked, 'approve', signal);
  const by = await reviews.whoAmI(signal);
  await requireRight(context, { verb: 'approve', by, update: asked }, signal);
  const journal = journalOf(update, clock.now());
  if (journal.phase === 'Testing') {
    await records.writeJournal(update, acceptedTests(journal, by), signal);
    return { by, approvals: [by] };
  }
  const before = journal.approvals ?? [];
  const approvals = before.some((one) => one.by === by) ? before : [...before, { by, at: clock.now() }];
  if (approvals !== before) {
    await records.writeJournal(update, { ...journal, approvals }, signal);
  }
  return { by, approvals: approvals.map((one) => one.by) };
}

/**
 * Rejects the versions of an Update that waits for people, which ends it or makes it go back.
 *
 * @returns what was rejected, for people
 * @throws USAGE when it is not there or has begun: `rollback` stops that one; API_FORBIDDEN
 */
export async function rejectUpdate(
  context: ApproveContext,
  asked: UpdateName,
  reason: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const update = await readAsking(context, asked, 'reject', signal);
  const author = await context.reviews.whoAmI(signal);
  const rejected: string[] = [];
  for (const { repository, from, to } of changesOf(update.spec)) {
    if (to.digest !== undefined && to.digest !== from.digest) {
      const spec = {
        app: update.spec.app,
        repository,
        ...(to.tag === undefined ? {} : { tag: to.tag }),
        digest: to.digest,
        reason,
        author,
        update: update.metadata.name,
      };
      await context.records.reject(asked.namespace, spec, signal);
      rejected.push(to.tag ?? to.digest);
    }
  }
  return rejected;
}

async function readAsking(
  { records }: ApproveContext,
  { namespace, name }: UpdateName,
  verb: string,
  signal: AbortSignal,
): Promise<UpdateObjectWire> {
  const updates = await records.readUpdates({ namespace }, signal);
  const update = updates.find(({ metadata }) => metadata.name === name);
  if (!update) {
    const open = updates.filter((one) => !hasEnded(one)).map(({ metadata }) => metadata.name);
    throw usage(`${verb} ${namespace}/${name}: there is no such Update; open are ${open.join(', ') || 'none'}`);
  }
  const phase = update.status?.phase ?? 'Pending';
  if (phase !== 'Pending' && update.status?.waiting?.reason !== 'TestInconclusive') {
    throw usage(`${verb} ${namespace}/${name}: it is ${phase} already; headgate rollback ${update.spec.app} goes back`);
  }
  return update;
}

export async function requireRight(
  { reviews }: ApproveContext,
  { verb, by, update }: { readonly verb: string; readonly by: string; readonly update: UpdateName },
  signal: AbortSignal,
): Promise<void> {
  if (!(await reviews.may(verb, { resource: 'updates', ...update }, signal))) {
    throw new OperationError(
      `${verb} ${update.namespace}/${update.name}: "${by}" has no right to it; it is the verb ${verb} on updates of headgate.dev`,
      { code: 'API_FORBIDDEN', retry: 'never', context: { update: `${update.namespace}/${update.name}` } },
    );
  }
}

/** The App of a name, for commands that act on one; throws USAGE when there is none. */
export async function requireApp(
  records: Pick<DirectRecords, 'readApp'>,
  { namespace, name }: UpdateName,
  signal: AbortSignal,
): Promise<AppObjectWire> {
  const app = await records.readApp(namespace, name, signal);
  if (!app) {
    throw usage(`there is no App ${namespace}/${name}`);
  }
  return app;
}

function usage(message: string): OperationError {
  return new OperationError(message, { code: 'USAGE', retry: 'never' });
}
