/**
 * Contents of files as they were read last, by their ids: of the next commit most are the same. Whoever reads them gets the very same
 * Buffer again, so that what was made of it (parsed objects) need not be made again.
 */
export interface KeptFiles {
  /** What was read last at a place. */
  of(place: string): ReadonlyMap<string, Buffer>;
  /** Keeps these in place of what was read before; the place that was not read for longest makes room. */
  keep(place: string, contents: ReadonlyMap<string, Buffer>): void;
}

const nothing: ReadonlyMap<string, Buffer> = new Map();

/** @param maxBytes of all places together; a place with more is not kept */
export function createKeptFiles(maxBytes: number): KeptFiles {
  const places = new Map<string, { readonly contents: ReadonlyMap<string, Buffer>; readonly bytes: number }>();
  let total = 0;
  const drop = (place: string) => {
    total -= places.get(place)?.bytes ?? 0;
    places.delete(place);
  };
  return {
    of: (place) => places.get(place)?.contents ?? nothing,
    keep(place, contents) {
      const bytes = [...contents.values()].reduce((sum, { length }) => sum + length, 0);
      drop(place);
      if (bytes > maxBytes) {
        return;
      }
      places.set(place, { contents, bytes });
      total += bytes;
      for (const oldest of places.keys()) {
        if (total <= maxBytes) {
          return;
        }
        drop(oldest);
      }
    },
  };
}
