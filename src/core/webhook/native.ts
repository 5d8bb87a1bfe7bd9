import { type Announcement, announcedImage, type Delivery, imagesOnly } from './announcement.ts';
import { needText, textAt } from './fields.ts';

/** Keel's own form, for a CI: `name` and `tag`, optional `host` and `digest`. */
export function readNative({ body }: Delivery): Announcement {
  const name = needText(textAt(body, 'name'), 'repository name cannot be empty');
  const tag = needText(textAt(body, 'tag'), 'repository tag cannot be empty');
  const host = textAt(body, 'host');
  return imagesOnly([
    announcedImage(host === undefined ? name : `${host}/${name}`, { tag, digest: textAt(body, 'digest') }),
  ]);
}
