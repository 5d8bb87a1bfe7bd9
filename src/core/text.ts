/** More parts than a person reads in one line. */
const mostParts = 10;

/** Joins the first ten parts and counts the others, so that a message about a thousand workloads stays short. */
export function joinSome(parts: readonly string[], separator: string): string {
  const shown = parts.slice(0, mostParts);
  const others = parts.length - shown.length;
  return [...shown, ...(others > 0 ? [`and ${others} more`] : [])].join(separator);
}
