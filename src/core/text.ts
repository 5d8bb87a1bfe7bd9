/** Below the 32,768 characters of the schemas, with room for what a caller writes before it. */
const longestMessage = 8_192;

/** Cuts what came from outside (an answer of a webhook, a message of a pod) to a length that can be written. */
export function clipMessage(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage - 1)}…`;
}

/** More parts than a person reads in one line. */
const mostParts = 10;

/** Joins the first ten parts and counts the others, so that a message about a thousand workloads stays short. */
export function joinSome(parts: readonly string[], separator: string): string {
  const shown = parts.slice(0, mostParts);
  const others = parts.length - shown.length;
  return [...shown, ...(others > 0 ? [`and ${others} more`] : [])].join(separator);
}
