import { type Announcement, announcedPath, type Delivery, imagesOnly } from './announcement.ts';
import { needText, textAt } from './fields.ts';

const pushes: ReadonlySet<string> = new Set(['CREATED', 'UPDATED']);

/**
 * Sonatype Nexus, repository webhook of components: `repositoryName`, `action`, `component.{format,name,version}`.
 *
 * Under which name its registry is reached it does not say; its path begins with the name of the Nexus repository or does
 * not, as the connector is set up. Both are meant. Webhooks of assets name blobs and layers and are passed over.
 */
export function readNexus({ body }: Delivery): Announcement | 'nothing' {
  const repository = needText(textAt(body, 'repositoryName'), 'repositoryName cannot be empty');
  if (!pushes.has(textAt(body, 'action') ?? '') || textAt(body, 'component', 'format') !== 'docker') {
    return 'nothing';
  }
  const name = needText(textAt(body, 'component', 'name'), 'component.name cannot be empty');
  const tag = textAt(body, 'component', 'version');
  return imagesOnly([name, `${repository}/${name}`].map((path) => announcedPath(path, { tag })));
}
