import { expect, test } from 'vitest';
import { parseGitLocation } from './git-location.ts';
import { topicOfGit } from './topics.ts';

test.each([
  ['https://github.com/Org/Repo.git', 'git github.com/org/repo'],
  ['https://GitHub.com/org/repo', 'git github.com/org/repo'],
  ['https://user:token@github.com/org/repo/', 'git github.com/org/repo'],
  ['git@github.com:org/repo.git', 'git github.com/org/repo'],
  ['github.com:org/repo', 'git github.com/org/repo'],
  ['ssh://git@bitbucket.example:7999/project/repo.git', 'git bitbucket.example/project/repo'],
  ['git://github.com/org/repo.git', 'git github.com/org/repo'],
  ['https://gitlab.example/group/sub.group/repo.git', 'git gitlab.example/group/sub.group/repo'],
])('%s is %s', (url, topic) => {
  const location = parseGitLocation(url);

  expect(location && topicOfGit(location)).toBe(topic);
});

test.each([
  [''],
  ['repo'],
  ['https://github.com'],
  ['https://github.com/'],
  ['file:///srv/repo.git'],
  ['javascript://host/path'],
  ['git@github.com:'],
  ['C:\\repo and more'],
  [`https://github.com/${'a'.repeat(2_048)}`],
])('%s is no place of a repository', (url) => {
  expect(parseGitLocation(url)).toBeUndefined();
});
