import { type Announcement, announcedImage, type Delivery, imagesOnly, invalidWebhook } from './announcement.ts';
import { listAt, needText, textAt } from './fields.ts';

/** Quay, "Push to Repository": `docker_url`, and an image for each of `updated_tags`. */
export function readQuay({ body }: Delivery): Announcement {
  const name = needText(textAt(body, 'docker_url'), 'docker_url cannot be empty');
  const tags = listAt(body, 'updated_tags').filter((tag) => typeof tag === 'string');
  if (tags.length === 0) {
    throw invalidWebhook('updated_tags cannot be empty');
  }
  return imagesOnly(tags.map((tag) => announcedImage(name, { tag })));
}
