import { type Announcement, announcedImage, type Delivery } from './announcement.ts';
import { listAt } from './fields.ts';
import { parseGitLocation } from './git-location.ts';

/**
 * For scripts: `images` (names as a pod has them) and `repositories` (URLs of git). Neither need be there where the path
 * names the App, as Flux's receivers of type generic name their resources.
 */
export function readGeneric({ body }: Delivery): Announcement {
  const texts = (field: string) => listAt(body, field).filter((one) => typeof one === 'string');
  return {
    images: texts('images').map((name) => announcedImage(name)),
    repositories: texts('repositories').flatMap((url) => parseGitLocation(url) ?? []),
  };
}
