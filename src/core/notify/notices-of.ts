/**
 * What there is to tell of an Update, from its journal alone: whoever looks at the same Update finds the same notices, so that none is lost
 * with a process.
 */
import { type Journal, type StepName, stepStartedAt } from '../update/journal.ts';
import type { WaitingReason } from '../waiting.ts';
import type { Notice, NoticeEvent, NoticeLevel } from './notice.ts';

export interface ToldUpdate {
  readonly uid: string;
  readonly namespace: string;
  readonly app: string;
  readonly name: string;
  readonly versions: string;
  readonly releaseNotes: string | undefined;
}

/** What a person has to do something about. */
const askingReasons: ReadonlySet<WaitingReason> = new Set<WaitingReason>([
  'ApprovalRequired',
  'ApprovalExpired',
  'TooManyRollbacks',
  'TestInconclusive',
  'PullRequest',
  'RollbackRefused',
]);

type UpdateEvent = Extract<NoticeEvent, 'Started' | 'Waiting' | 'RollingBack'> | Ended;

type Ended = Extract<Journal['phase'], NoticeEvent>;

const levels: Readonly<Record<UpdateEvent, NoticeLevel>> = {
  Started: 'Info',
  Waiting: 'Warning',
  RollingBack: 'Warning',
  Succeeded: 'Success',
  RolledBack: 'Error',
  Failed: 'Error',
  Superseded: 'Info',
  Cancelled: 'Info',
};

/** In the order in which they happened. */
export function noticesOf(update: ToldUpdate, journal: Journal): readonly Notice[] {
  const { uid, name, ...rest } = update;
  const make = (event: UpdateEvent, at: Date, message: string, what = ''): Notice => ({
    ...rest,
    ...{ about: 'Update', id: `${uid}/${event}${what}`, event, level: levels[event], at, update: name, message },
  });
  const startedAt = firstStart(journal, 'Apply');
  const backAt = stepStartedAt(journal, 'RollBack');
  const { failure, waiting, phase, finishedAt } = journal;
  return [
    ...(startedAt === undefined ? [] : [make('Started', startedAt, 'the new version is being put in place')]),
    ...(failure === undefined || backAt === undefined
      ? []
      : [make('RollingBack', backAt, `${failure.reason}: ${failure.message}`)]),
    ...(waiting === undefined || !askingReasons.has(waiting.reason)
      ? []
      : [make('Waiting', lastStart(journal), `${waiting.reason}: ${waiting.message}`, `/${waiting.reason}`)]),
    ...(finishedAt !== undefined && isEnd(phase)
      ? [make(phase, finishedAt, journal.steps.at(-1)?.message ?? phase)]
      : []),
  ];
}

function isEnd(phase: Journal['phase']): phase is Ended {
  return ['Succeeded', 'RolledBack', 'Failed', 'Superseded', 'Cancelled'].includes(phase);
}

function firstStart({ steps }: Journal, name: StepName): Date | undefined {
  return steps.find((step) => step.name === name)?.startedAt;
}

function lastStart(journal: Journal): Date {
  return journal.steps.at(-1)?.startedAt ?? journal.startedAt;
}
