/** Pushes that webhooks tell of, to everything that remembers something of a repository. */
import type { Watched } from '../../adapters/cluster/watched.ts';
import { type AnnouncementContext, type Announcements, createAnnouncements } from '../../controllers/announcements.ts';
import type { Repository } from '../../core/image/reference.ts';
import { keyOf } from '../../kube/objects.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import { openOf } from '../../resources/update/update-topics.ts';

export interface PushListeners
  extends Pick<AnnouncementContext, 'memory' | 'wakeApp' | 'forgetGit' | 'clock' | 'signal'> {
  readonly apps: Watched<AppObjectWire>;
  readonly updates: Watched<UpdateObjectWire>;
  readonly wakeUpdate: (key: string) => void;
  /** What is asked of a repository after a push is not answered from before. */
  readonly forgetIn: readonly { readonly forget: (repository: Repository) => void }[];
}

export function announcePushes({ apps, updates, wakeUpdate, forgetIn, ...context }: PushListeners): Announcements {
  return createAnnouncements({
    ...context,
    appsOn: apps.listBy,
    findApp: apps.find,
    wakeUpdateOf: ({ metadata }) => {
      for (const update of updates.listBy(openOf(metadata.namespace, metadata.name))) {
        wakeUpdate(keyOf(update));
      }
    },
    forgetAnswers: (repository) => {
      for (const one of forgetIn) {
        one.forget(repository);
      }
    },
  });
}
