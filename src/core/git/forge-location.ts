/** Where the forge of a git repository has its REST API, and how it calls the repository there. */
import type { GitUrl } from './git-url.ts';

export const forgeKinds = ['GitHub', 'GitLab', 'Gitea'] as const;

/** `Gitea` is Forgejo too. */
export type ForgeKind = (typeof forgeKinds)[number];

export interface ForgeLocation {
  readonly kind: ForgeKind;
  /** Without a slash at its end. */
  readonly apiUrl: string;
  /** `owner/name`; at GitLab perhaps with groups in between. */
  readonly project: string;
}

/** @returns undefined when the URL names no repository that a forge could have */
export function locateForge(kind: ForgeKind, { text }: GitUrl, apiUrl: string | undefined): ForgeLocation | undefined {
  const url = URL.parse(text.includes('://') ? text : text.replace(/^([^:]+):/, 'ssh://$1/'));
  const project = url?.pathname.replace(/^\/+|(?:\.git)?\/*$/g, '') ?? '';
  if (url === null || url.hostname === '' || !/^[^/]+(?:\/[^/]+)+$/.test(project)) {
    return undefined;
  }
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  const origin = isWeb ? url.origin : `https://${url.hostname}`;
  return { kind, project, apiUrl: (apiUrl ?? `${originOf(kind, origin)}`).replace(/\/+$/, '') };
}

function originOf(kind: ForgeKind, origin: string): string {
  switch (kind) {
    case 'GitHub':
      return origin === 'https://github.com' ? 'https://api.github.com' : `${origin}/api/v3`;
    case 'GitLab':
      return `${origin}/api/v4`;
    case 'Gitea':
      return `${origin}/api/v1`;
  }
}
