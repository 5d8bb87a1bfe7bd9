/** The complete tag list of a repository, page by page (OCI distribution spec, "Listing Tags"). */
import { isTag } from '../../core/image/reference.ts';
import type { Answer } from './answer.ts';
import { invalidAnswer, isRecord, type Operation } from './failure.ts';
import { findNextLink } from './link-header.ts';
import type { PageMemory } from './page-memory.ts';

/** Some registries (Quay) give 100 a page whatever is asked for. */
const maxPages = 400;
const maxTags = 200_000;
export const maxTagPageBytes = 8 * 1_024 * 1_024;

export interface TagListRequest {
  readonly operation: Operation;
  readonly firstUrl: URL;
  /** Tags wanted on a page; the registry may give fewer. */
  readonly pageSize: number;
  /**
   * Answers a page with status 200, or 304 where it still is what it was under `etag`.
   *
   * @throws for any other status
   */
  readonly fetchPage: (url: URL, etag: string | undefined) => Promise<Answer>;
  readonly memory: PageMemory;
  /** Who asks; another may see other tags. */
  readonly identity: string;
}

/**
 * Reads every page, or throws: a list with a page missing looks like the withdrawal of versions. A page that is known is asked for with its
 * ETag, each by itself: that the first has not changed says nothing of the others.
 *
 * @returns each tag once, in the registry's order
 * @throws REGISTRY_ANSWER_INVALID for a page that is none, links in a circle or to elsewhere, and more than the bounds; what fetchPage throws
 */
export async function readTagList(request: TagListRequest): Promise<readonly string[]> {
  const { operation, firstUrl, pageSize } = request;
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
    const page = await readPage(request, url);
    for (const tag of page.tags) {
      tags.add(tag);
    }
    if (tags.size > maxTags) {
      throw invalidAnswer(operation, `more than ${maxTags} tags`);
    }
    url = resolveNext(operation, url, findNextLink(page.link));
  }
  return [...tags];
}

async function readPage(
  { operation, fetchPage, memory, identity }: TagListRequest,
  url: URL,
): Promise<{ readonly tags: readonly string[]; readonly link: string | string[] | undefined }> {
  const key = `${identity} ${url.href}`;
  const known = memory.find(key);
  const answer = await fetchPage(url, known?.etag);
  const { link, etag } = answer.headers;
  if (answer.status === 304 && known !== undefined) {
    return { tags: known.tags, link: link ?? known.link };
  }
  const tags = parsePage(operation, answer.body);
  if (typeof etag === 'string' && (link === undefined || typeof link === 'string')) {
    memory.keep(key, { etag, tags, link });
  }
  return { tags, link };
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
