import type { Catalogue } from './en.ts';

export const logs: Catalogue['logs'] = {
  title: 'Protokolle',
  show: 'Protokolle zeigen',
  none: 'Sie hat gerade keine Pods.',
  container: 'Behälter (Container)',
  empty: 'Noch wurde nichts geschrieben.',
  ended: 'Das ist alles.',
  broken: 'Das Protokoll brach ab',
  label: (container) => `Protokoll von ${container}`,
  podIs: (phase, restarts) =>
    restarts === 0 ? phase : `${phase}, ${restarts === 1 ? 'einmal' : `${restarts}-mal`} neu gestartet`,
};

export const dataState: Catalogue['update']['dataState'] = {
  NotNeeded: 'bleiben, wie sie sind.',
  Asked: 'ein Mensch muss sagen, ob sie zurückkommen.',
  Agreed: 'kommen als Nächstes zurück.',
  Running: 'kommen gerade zurück.',
  Done: 'sind zurück.',
  Failed: 'konnten nicht zurückgebracht werden.',
};

export const pause: Catalogue['pause'] = {
  pauseAll: 'Alles anhalten',
  pauseAllLead:
    'Kein Update einer Anwendung, die Sie anhalten dürfen, beginnt, bis es weitergeht. Was im Gange ist, geht zu Ende.',
  resume: 'Weitermachen',
  resumeLead: 'Was dadurch angehalten ist, geht weiter. Wen jemand einzeln angehalten hat, der bleibt es.',
  title: (paused, apps) =>
    paused === apps ? 'Alle Updates sind angehalten' : `Updates von ${paused} von ${apps} Anwendungen sind angehalten`,
};

export const changes: Catalogue['changes'] = {
  title: 'Objekte und Dateien',
  show: 'Änderungen zeigen',
  notKept: 'Das ist Objekt für Objekt nicht mehr bekannt.',
  count: ({ made, changed, pruned, same }) =>
    `${made} angelegt, ${changed} geändert, ${pruned} entfernt, ${same} wie zuvor.`,
  values: (count) => (count === 1 ? '1 Wert ist anders' : `${count} Werte sind anders`),
  files: 'Dateien, jede mit dem, was aus ihr wurde',
  leftFiles: 'Nicht mehr in den Dateien',
  noFile: 'Objekte',
  applied: 'angewendet',
  asBefore: 'wie zuvor',
  notDone: (count) => (count === 1 ? '1 Objekt ist nicht, wie sie sagt' : `${count} Objekte sind nicht, wie sie sagt`),
  notYet: 'nicht im Cluster',
  fieldsOf: (object) => `Felder von ${object}, die anders sind`,
  change: { Created: 'angelegt', Configured: 'geändert', Unchanged: 'wie zuvor', Pruned: 'entfernt' },
};
