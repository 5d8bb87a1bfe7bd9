/** What watches wake: they begin before the controllers that work for them. */
import type { Wakeable } from '../controllers/wake.ts';
import type { Caches } from './caches.ts';

/** Set once the controllers are there. */
export interface Wake {
  isUpdateBusy: (key: string) => boolean;
  app: (key: string) => void;
  update: (key: string) => void;
  check: (key: string) => void;
  adoption: (key: string) => void;
  drills: (key: string) => void;
  notices: (namespace: string) => void;
}

/** Until the controllers are there. */
export function wakeNobody(): Wake {
  const nobody = () => undefined;
  return {
    isUpdateBusy: () => false,
    app: nobody,
    update: nobody,
    check: nobody,
    adoption: nobody,
    drills: nobody,
    notices: nobody,
  };
}

/** Watches begin before the controllers that they wake. */
export function wakeableOf(wake: Wake, caches: () => Caches): Wakeable {
  return {
    listApps: (namespace) => caches().apps.list(namespace),
    appsUnder: (topic) => caches().apps.listBy(topic),
    updatesUnder: (topic) => caches().updates.listBy(topic),
    wakeApp: (key) => wake.app(key),
    wakeUpdate: (key) => wake.update(key),
    checkApp: (key) => wake.check(key),
    wakeAdoption: (key) => wake.adoption(key),
    wakeDrills: (key) => wake.drills(key),
    wakeNotices: (namespace) => wake.notices(namespace),
  };
}
