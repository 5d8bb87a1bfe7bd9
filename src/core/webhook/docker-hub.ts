import { type Announcement, announcedImage, type Delivery, imagesOnly } from './announcement.ts';
import { needText, textAt } from './fields.ts';

/** Docker Hub: `repository.repo_name`, `push_data.tag`. */
export function readDockerHub({ body }: Delivery): Announcement {
  const name = needText(textAt(body, 'repository', 'repo_name'), 'repository name cannot be empty');
  const tag = needText(textAt(body, 'push_data', 'tag'), 'repository tag cannot be empty');
  return imagesOnly([announcedImage(`docker.io/${name}`, { tag })]);
}
