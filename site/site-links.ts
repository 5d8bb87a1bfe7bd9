/** Links between files of the repository become links between pages of the site. */
import { dirname, join, normalize } from 'node:path/posix';
import { addressOf, pagesOf, readNavigation } from './navigation.ts';

/** Files that the site serves as they are, by their path from docs/. */
export const servedFiles: readonly string[] = ['reference/openapi.json'];

const fence = /^(```|~~~).*?^\1\s*$/gms;
const link = /(?<!!)\[(?<text>[^\]]*)\]\((?<target>(?!https?:|mailto:|#)[^)\s]+)\)/g;

/**
 * Markdown whose relative links lead to addresses of the site; code blocks stay as they are. What has no page (a folder, a file of the
 * sources) keeps its text and loses its link.
 *
 * @param path of the page, from docs/
 */
export function linkWithinSite(text: string, path: string): string {
  const addresses = pageAddresses();
  const parts: string[] = [];
  let end = 0;
  for (const block of text.matchAll(fence)) {
    parts.push(relink(text.slice(end, block.index), path, addresses), block[0]);
    end = block.index + block[0].length;
  }
  return [...parts, relink(text.slice(end), path, addresses)].join('');
}

function relink(text: string, path: string, addresses: ReadonlyMap<string, string>): string {
  return text.replace(link, (_whole, words: string, target: string) => {
    const [file = '', anchor] = target.split('#');
    const address = addresses.get(normalize(join(dirname(path), file)));
    const suffix = anchor === undefined ? '' : `#${anchor}`;
    return address === undefined ? words : `[${words}](${address}${suffix})`;
  });
}

function pageAddresses(): ReadonlyMap<string, string> {
  const pages = readNavigation().flatMap(pagesOf);
  return new Map([
    ...pages.map(({ path }): [string, string] => [path, `/${addressOf(path)}/`]),
    ...servedFiles.map((file): [string, string] => [file, `/${file}`]),
    ['README.md', '/'],
    ['index.md', '/'],
  ]);
}
