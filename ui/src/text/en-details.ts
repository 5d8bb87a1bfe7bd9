/** Text of what an Update shows on wish: logs, objects, files. */
export const logs = {
  title: 'Logs',
  show: 'Show logs',
  none: 'It has no pods right now.',
  container: 'Container',
  empty: 'Nothing was written yet.',
  ended: 'That is all.',
  broken: 'The log broke off',
  label: (container: string) => `Log of ${container}`,
  podIs: (phase: string, restarts: number) =>
    restarts === 0 ? phase : `${phase}, restarted ${restarts === 1 ? 'once' : `${restarts} times`}`,
};

/** What becomes of the data when an Update goes back. */
export const dataState = {
  NotNeeded: 'stays as it is.',
  Asked: 'a person has to say whether it comes back.',
  Agreed: 'comes back next.',
  Running: 'is coming back.',
  Done: 'is back.',
  Failed: 'could not be brought back.',
};

/** "Not now" for all Apps at once. */
export const pause = {
  pauseAll: 'Pause all',
  pauseAllLead: 'No update of any app begins that you may hold, until it goes on. Updates under way are finished.',
  resume: 'Go on',
  resumeLead: 'What pausing has held goes on. Holds that somebody put on single apps stay.',
  title: (paused: number, apps: number) =>
    paused === apps ? 'All updates are paused' : `Updates of ${paused} of ${apps} apps are paused`,
};

export const changes = {
  title: 'Objects and files',
  show: 'Show what changes',
  notKept: 'It is not known any more, object by object.',
  count: ({ made, changed, pruned, same }: ObjectCounts) =>
    `${made} made, ${changed} changed, ${pruned} pruned, ${same} as before.`,
  values: (count: number) => (count === 1 ? '1 value differs' : `${count} values differ`),
  files: 'Files, each with what became of it',
  leftFiles: 'No longer in the files',
  noFile: 'Objects',
  applied: 'applied',
  asBefore: 'as before',
  notDone: (count: number) => (count === 1 ? '1 object is not as it says' : `${count} objects are not as it says`),
  notYet: 'not in the cluster',
  fieldsOf: (object: string) => `Fields of ${object} that differ`,
  change: { Created: 'made', Configured: 'changed', Unchanged: 'as before', Pruned: 'pruned' },
};

export interface ObjectCounts {
  readonly made: number;
  readonly changed: number;
  readonly pruned: number;
  readonly same: number;
}
