const nextRelation = /;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/i;

/** The target of the link with `rel=next` (RFC 8288), as written; undefined when there is none: the last page. */
export function findNextLink(header: string | readonly string[] | undefined): string | undefined {
  const text = typeof header === 'string' ? header : (header ?? []).join(', ');
  for (const [, target, parameters = ''] of text.matchAll(/<([^<>]*)>([^<]*)/g)) {
    if (nextRelation.test(parameters)) {
      return target;
    }
  }
  return undefined;
}
