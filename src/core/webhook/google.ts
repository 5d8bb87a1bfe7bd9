import { type Announcement, announcedImage, type Delivery, imagesOnly, invalidWebhook } from './announcement.ts';
import { parseBoundedJson } from './bounded-json.ts';
import { textAt } from './fields.ts';

/**
 * Google Artifact Registry and Container Registry: a Pub/Sub push of the topic `gcr`, wrapped (base64 in `message.data`)
 * or unwrapped: `action` INSERT, `tag` and `digest` as whole image names.
 */
export function readGoogle({ body }: Delivery): Announcement | 'nothing' {
  const data = textAt(body, 'message', 'data');
  const event = data === undefined ? body : parseBoundedJson(Buffer.from(data, 'base64').toString('utf8'));
  const action = textAt(event, 'action');
  if (action === undefined) {
    throw invalidWebhook('action cannot be empty');
  }
  const name = ['tag', 'digest'].map((field) => textAt(event, field)).find((text) => text?.includes('/'));
  return action === 'INSERT' && name !== undefined ? imagesOnly([announcedImage(name)]) : 'nothing';
}
