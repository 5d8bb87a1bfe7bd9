/** What somebody else made and the image carries. */
export interface Part {
  /** What of it is in the image: packages of npm and Debian, modules of Go, and what is none of them. */
  readonly kind: 'npm' | 'deb' | 'golang' | 'generic';
  readonly name: string;
  readonly version: string;
  /** Package URL, by which scanners know it. */
  readonly purl: string;
  /** Names of licences, SPDX identifiers or expressions where the origin has them; empty where it does not say. */
  readonly licences: readonly string[];
  /** As SBOMs write them. */
  readonly hash?: { readonly alg: 'SHA-256' | 'SHA-512'; readonly content: string };
  /** Which program of the image brings it. */
  readonly usedBy: string;
}

/** One of each, in an order that depends on nothing but them. */
export function uniqueParts(parts: readonly Part[]): readonly Part[] {
  const known = new Map(parts.map((part) => [`${part.purl} ${part.usedBy}`, part]));
  return [...known].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, part]) => part);
}
