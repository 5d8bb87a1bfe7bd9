import { isOperationError } from '../errors.ts';
import { type AnnouncedImage, type Announcement, announcedImage, type Delivery, imagesOnly } from './announcement.ts';
import { listAt, textAt } from './fields.ts';

/**
 * Notifications of github.com/distribution/distribution, which GitLab's registry and others send too:
 * `events[].{action=push,target.repository,target.tag,target.digest,request.host}`.
 *
 * An event that is no push of a tag, or whose name is none, is passed over: the registry sends one it is refused again
 * and again, and all later ones wait behind it.
 */
export function readDistribution({ body }: Delivery): Announcement | 'nothing' {
  const images = listAt(body, 'events').flatMap(readEvent);
  return images.length === 0 ? 'nothing' : imagesOnly(images);
}

function readEvent(event: unknown): AnnouncedImage[] {
  const host = textAt(event, 'request', 'host');
  const path = textAt(event, 'target', 'repository');
  const tag = textAt(event, 'target', 'tag');
  if (textAt(event, 'action') !== 'push' || host === undefined || path === undefined || tag === undefined) {
    return [];
  }
  try {
    return [announcedImage(`${host}/${path}`, { tag, digest: textAt(event, 'target', 'digest') })];
  } catch (error) {
    if (isOperationError(error, 'REFERENCE_INVALID')) {
      return [];
    }
    throw error;
  }
}
