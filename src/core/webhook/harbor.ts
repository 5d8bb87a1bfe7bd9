import { type Announcement, announcedImage, type Delivery, imagesOnly } from './announcement.ts';
import { listAt, textAt } from './fields.ts';

/** Harbor 1, Harbor 2, and the CloudEvents form of Harbor from 2.8 on. */
const pushes: ReadonlySet<string> = new Set(['pushImage', 'PUSH_ARTIFACT', 'harbor.artifact.pushed']);

/** Harbor: `type`, and an image for each of `event_data.resources[].{resource_url,digest}`. */
export function readHarbor({ body }: Delivery): Announcement | 'nothing' {
  if (!pushes.has(textAt(body, 'type') ?? '')) {
    return 'nothing';
  }
  const resources = [...listAt(body, 'event_data', 'resources'), ...listAt(body, 'data', 'resources')];
  return imagesOnly(
    resources.map((resource) =>
      announcedImage(textAt(resource, 'resource_url') ?? '', { digest: textAt(resource, 'digest') }),
    ),
  );
}
