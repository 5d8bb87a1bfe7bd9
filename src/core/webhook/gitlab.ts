import { type Announcement, type Delivery, gitPush } from './announcement.ts';
import { textAt } from './fields.ts';

const pushes: ReadonlySet<string> = new Set(['push', 'tag_push', 'repository_update']);

/** What ends a merge request. */
const ended: ReadonlySet<string> = new Set(['merge', 'close']);

/** GitLab's project, group and system hooks. Its container registry sends distribution notifications instead. */
export function readGitLab({ body }: Delivery): Announcement | 'nothing' {
  const kind = textAt(body, 'object_kind') ?? textAt(body, 'event_name') ?? '';
  const isEnded = kind === 'merge_request' && ended.has(textAt(body, 'object_attributes', 'action') ?? '');
  return pushes.has(kind) || isEnded
    ? gitPush(['git_http_url', 'git_ssh_url', 'web_url'].map((field) => textAt(body, 'project', field)))
    : 'nothing';
}
