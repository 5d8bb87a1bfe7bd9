import { type Announcement, type Delivery, gitPush, imagesOnly } from './announcement.ts';
import { needText, textAt } from './fields.ts';
import { imageOfPackageUrl } from './package-url.ts';

/**
 * CDEvents, bare or as `data` of a structured CloudEvent: `artifact.published` with an image as package URL, and
 * `repository.modified` and `change.merged` with the URL of a git repository.
 */
export function readCdEvents({ body }: Delivery): Announcement | 'nothing' {
  const read = (...path: readonly string[]) => textAt(body, ...path) ?? textAt(body, 'data', ...path);
  const type = needText(read('context', 'type'), 'context.type cannot be empty');
  const [, subject, predicate] = /^dev\.cdevents\.([a-z]+)\.([a-z]+)\./.exec(type) ?? [];
  switch (`${subject}.${predicate}`) {
    case 'artifact.published': {
      const image = imageOfPackageUrl(needText(read('subject', 'id'), 'subject.id cannot be empty'));
      return image === undefined ? 'nothing' : imagesOnly([image]);
    }
    case 'repository.modified':
      return gitPush([read('subject', 'content', 'url')]);
    case 'change.merged':
      return gitPush(['id', 'source'].map((field) => read('subject', 'content', 'repository', field)));
    default:
      return 'nothing';
  }
}
