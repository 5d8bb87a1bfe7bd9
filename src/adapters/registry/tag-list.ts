/** The complete tag list of a repository, page by page (OCI distribution spec, "Listing Tags"). */
import { isTag } from '../../core/image/reference.ts';
import type { Answer } from './answer.ts';
import { invalidAnswer, isRecord, type Operation } from './failure.ts';
import { findNextLink } from './link-header.ts';

/** Some registries (Quay) give 100 a page whatever is asked for. */
const maxPages = 400;
const maxTags = 200_000;
export const maxTagPageBytes = 8 * 1_024 * 1_024;
const pageSize = 1_000;

/**
 * Reads every page, or throws: a list with a page missing looks like the withdrawal of versions.
 *
 * @param fetchPage answers a page with status 200, or throws
 * @returns each tag once, in the registry's order
 * @throws REGISTRY_ANSWER_INVALID for a page that is none, links in a circle or to elsewhere, and more than the bounds; what fetchPage throws
 */
export async function readTagList(
  operation: Operation,
  firstUrl: URL,
  fetchPage: (url: URL) => Promise<Answer>,
): Promise<readonly string[]> {
  const tags = new Set<string>();
  const visited = new Set<string>();
  let url: URL | undefined = new URL(firstUrl);
  url.searchParams.set('n', String(pageSize));
  while (url !== undefined) {
    if (visited.has(url.href)) {
      throw invalidAnswer(operation, `page ${visited.size} links back to an earlier page`);
    }
    if (visited.size === maxPages) {
      throw invalidAnswer(operation, `more than ${maxPages} pages`);
    }
    visited.add(url.href);
    const answer = await fetchPage(url);
    for (const tag of parsePage(operation, answer.body)) {
      tags.add(tag);
    }
    if (tags.size > maxTags) {
      throw invalidAnswer(operation, `more than ${maxTags} tags`);
    }
    url = resolveNext(operation, url, findNextLink(answer.headers['link']));
  }
  return [...tags];
}

function parsePage(operation: Operation, body: Buffer): readonly string[] {
  let page: unknown;
  try {
    page = JSON.parse(body.toString('utf8'));
  } catch {
    throw invalidAnswer(operation, 'a page of the list is not JSON');
  }
  // The distribution registry writes null for a repository whose tags were all deleted.
  const tags: unknown = isRecord(page) && 'tags' in page ? (page['tags'] ?? []) : undefined;
  if (!Array.isArray(tags)) {
    throw invalidAnswer(operation, 'a page of the list has no "tags"');
  }
  return tags.map((tag: unknown) => {
    if (typeof tag !== 'string' || !isTag(tag)) {
      throw invalidAnswer(operation, `a page of the list has ${JSON.stringify(tag).slice(0, 64)} for a tag`);
    }
    return tag;
  });
}

/** Only path and query are taken: behind a proxy registries often link to http or to the right host by the wrong scheme. */
function resolveNext(operation: Operation, current: URL, link: string | undefined): URL | undefined {
  if (link === undefined) {
    return undefined;
  }
  const target = URL.parse(link, current.href);
  if (target === null || target.hostname !== current.hostname) {
    throw invalidAnswer(
      operation,
      `the next page is linked at ${target?.host ?? 'no address'}, not at ${current.host}`,
    );
  }
  const next = new URL(current);
  next.pathname = target.pathname;
  next.search = target.search;
  return next;
}
