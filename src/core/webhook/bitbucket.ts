import { type Announcement, type Delivery, gitPush } from './announcement.ts';
import { listAt, textAt } from './fields.ts';

/** Bitbucket Data Center (`repo:refs_changed`, with its clone URLs) and Bitbucket Cloud (`repo:push`, with its page). */
export function readBitbucket({ headers, body }: Delivery): Announcement | 'nothing' {
  switch (headers['x-event-key']) {
    case 'repo:refs_changed':
      return gitPush(listAt(body, 'repository', 'links', 'clone').map((link) => textAt(link, 'href')));
    case 'repo:push':
      return gitPush([textAt(body, 'repository', 'links', 'html', 'href')]);
    default:
      return 'nothing';
  }
}
