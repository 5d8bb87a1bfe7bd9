import { type Announcement, announcedImage, type Delivery, imagesOnly } from './announcement.ts';
import { needText, textAt } from './fields.ts';

const pushes: ReadonlySet<string> = new Set(['push', 'chart_push']);

/**
 * Azure Container Registry: `request.host`, `target.repository`, `target.tag`, `target.digest`.
 *
 * Keel answers 400 to the ping of a new webhook and to deletions, which have no tag; here they are understood.
 */
export function readAzure({ body }: Delivery): Announcement | 'nothing' {
  if (!pushes.has(textAt(body, 'action') ?? 'push')) {
    return 'nothing';
  }
  const tag = needText(textAt(body, 'target', 'tag'), 'tag cannot be empty');
  const host = needText(textAt(body, 'request', 'host'), 'request.host cannot be empty');
  const path = needText(textAt(body, 'target', 'repository'), 'target.repository cannot be empty');
  return imagesOnly([announcedImage(`${host}/${path}`, { tag, digest: textAt(body, 'target', 'digest') })]);
}
