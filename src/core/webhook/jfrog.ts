import { type Announcement, announcedImage, announcedPath, type Delivery, imagesOnly } from './announcement.ts';
import { needText, textAt } from './fields.ts';

/**
 * JFrog Artifactory, domain `docker`: `data.image_name`, `data.tag`.
 *
 * The payload does not say under which name the registry is reached. Keel then takes Docker Hub, or what
 * PRIVATE_REGISTRY puts before the name; without it we take the path in any registry, which has Keel's reading in it,
 * and the path behind the repository key, as Artifactory has it in its "repository path" method.
 */
export function readJfrog({ body, privateRegistry }: Delivery): Announcement {
  const name = needText(textAt(body, 'data', 'image_name'), 'data.image_name cannot be empty');
  const tag = needText(textAt(body, 'data', 'tag'), 'tag cannot be empty');
  if (privateRegistry !== undefined) {
    return imagesOnly([announcedImage(`${privateRegistry}/${name}`, { tag })]);
  }
  const key = textAt(body, 'data', 'repo_key');
  const paths = key === undefined ? [name] : [name, `${key}/${name}`];
  return imagesOnly(paths.map((path) => announcedPath(path, { tag })));
}
