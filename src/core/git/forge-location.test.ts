import { expect, test } from 'vitest';
import { type ForgeKind, locateForge } from './forge-location.ts';
import { parseGitUrl } from './git-url.ts';

test.each<[kind: ForgeKind, url: string, apiUrl: string, project: string]>([
  ['GitHub', 'https://github.com/org/deploy.git', 'https://api.github.com', 'org/deploy'],
  ['GitHub', 'git@github.com:org/deploy.git', 'https://api.github.com', 'org/deploy'],
  ['GitHub', 'https://github.example.org/org/deploy', 'https://github.example.org/api/v3', 'org/deploy'],
  ['GitLab', 'ssh://git@gitlab.com:2222/group/sub/deploy.git', 'https://gitlab.com/api/v4', 'group/sub/deploy'],
  ['Gitea', 'http://127.0.0.1:3000/org/deploy.git', 'http://127.0.0.1:3000/api/v1', 'org/deploy'],
])('%s has %s at %s as %s', (kind, url, apiUrl, project) => {
  expect(locateForge(kind, parseGitUrl(url), undefined)).toEqual({ kind, apiUrl, project });
});

test('an API URL that is given decides', () => {
  const url = parseGitUrl('git@git.example.org:org/deploy');

  expect(locateForge('Gitea', url, 'https://forge.example.org/api/v1/')).toEqual({
    kind: 'Gitea',
    apiUrl: 'https://forge.example.org/api/v1',
    project: 'org/deploy',
  });
});

test.each(['https://host/deploy', 'file:///srv/git/deploy.git', 'host:deploy'])('%s is at no forge', (url) => {
  expect(locateForge('GitLab', parseGitUrl(url), undefined)).toBeUndefined();
});
