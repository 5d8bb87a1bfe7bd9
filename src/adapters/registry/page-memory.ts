/** Pages of tag lists that came with an ETag, so that a registry need not send again what has not changed (RFC 9110, 8.8.3 and 13.1.2). */

export interface KnownPage {
  readonly etag: string;
  readonly tags: readonly string[];
  /** The Link header that came with it. */
  readonly link: string | undefined;
}

export interface PageMemory {
  find(key: string): KnownPage | undefined;
  keep(key: string, page: KnownPage): void;
}

/** Of all pages together; the page that was unused for longest goes first. */
const maxTags = 500_000;
const maxEtagLength = 256;

export function createPageMemory(): PageMemory {
  const pages = new Map<string, KnownPage>();
  let size = 0;
  const drop = (key: string) => {
    size -= pages.get(key)?.tags.length ?? 0;
    pages.delete(key);
  };
  return {
    find(key) {
      const page = pages.get(key);
      if (page !== undefined) {
        pages.delete(key);
        pages.set(key, page);
      }
      return page;
    },
    keep(key, page) {
      drop(key);
      if (page.etag.length > maxEtagLength || mayGrowUnnoticed(page)) {
        return;
      }
      pages.set(key, page);
      size += page.tags.length;
      for (const oldest of pages.keys()) {
        if (size <= maxTags) {
          break;
        }
        drop(oldest);
      }
    },
  };
}

/**
 * An ETag speaks of the tags on the page and not of its Link header: when the last page is full, the next tag makes a new page, and this
 * one stays as it was. How many tags fill a page is the registry's secret, but a round number.
 */
function mayGrowUnnoticed({ tags, link }: KnownPage): boolean {
  return link === undefined && tags.length > 0 && (tags.length % 10 === 0 || tags.length % 16 === 0);
}
