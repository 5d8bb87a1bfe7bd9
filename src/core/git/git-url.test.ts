import { expect, test } from 'vitest';
import { parseGitUrl } from './git-url.ts';

test.each([
  { text: 'https://github.com/org/repo.git', scheme: 'https' },
  { text: 'https://git.example:8443/org/repo', scheme: 'https' },
  { text: 'http://127.0.0.1:3000/repo', scheme: 'http' },
  { text: 'https://[::1]:3000/repo', scheme: 'https' },
  { text: 'ssh://git@github.com/org/repo.git', scheme: 'ssh' },
  { text: 'ssh://git@host:2222/~me/repo', scheme: 'ssh' },
  { text: 'git@github.com:org/repo.git', scheme: 'ssh' },
  { text: 'host:repo', scheme: 'ssh' },
  { text: 'file:///srv/git/repo.git', scheme: 'file' },
])('$text is fetched by $scheme', ({ text, scheme }) => {
  expect(parseGitUrl(text)).toEqual({ text, scheme });
});

test.each([
  { text: '', why: 'nothing' },
  { text: '--upload-pack=touch /tmp/x', why: 'an option' },
  { text: '-oProxyCommand=x:repo', why: 'an option before a colon' },
  { text: 'ssh://-oProxyCommand=touch/repo', why: 'an option as host' },
  { text: 'ssh://git@-oProxyCommand=touch/repo', why: 'an option as host behind a user' },
  { text: 'git@host:-repo', why: 'an option as path' },
  { text: 'ssh://host/-repo', why: 'an option as path of a URL' },
  { text: 'ext::sh -c touch% /tmp/x', why: 'a remote helper' },
  { text: 'git://host/repo', why: 'a protocol without proof of the server' },
  { text: 'HTTPS://host/repo', why: 'a scheme as git does not know it' },
  { text: 'fd::17/foo', why: 'another remote helper' },
  { text: '/srv/git/repo', why: 'a path' },
  { text: 'file://host/srv/repo', why: 'a file with a host' },
  { text: 'https://host/', why: 'no path' },
  { text: 'https://host/a b', why: 'a blank' },
  { text: 'https://host/a?b=c', why: 'a query' },
  { text: 'https://host/a\nb', why: 'a line end' },
  { text: "git@host:a';touch x;'", why: 'a quote' },
  { text: 'git@host:$(touch)', why: 'a command' },
  { text: `https://host/${'a'.repeat(2_100)}`, why: 'too long' },
])('"$text" is refused: $why', ({ text }) => {
  expect(() => parseGitUrl(text)).toThrow(expect.objectContaining({ code: 'REFERENCE_INVALID' }));
});

test('a password in a URL is refused and not repeated', () => {
  expect(() => parseGitUrl('https://me:secret@host/repo')).toThrow(
    'read git URL "https://***@host/repo": credentials do not belong into a URL; put them into a Secret and name it as secretRef',
  );
});
