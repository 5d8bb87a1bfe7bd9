import { invalidWebhook } from './announcement.ts';

const deepest = 64;
const quote = 0x22;
const backslash = 0x5c;

/**
 * Decodes JSON whose nesting is bounded, so that no reader of it can be made to recurse without end. Its length is the
 * caller's to bound.
 *
 * @throws WEBHOOK_INVALID
 */
export function parseBoundedJson(text: string): unknown {
  if (isDeeperThan(text, deepest)) {
    throw invalidWebhook(`the body is nested deeper than ${deepest} levels`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw invalidWebhook('the body is not JSON');
  }
}

function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length && depth <= limit; index += 1) {
    const code = text.charCodeAt(index);
    if (inString) {
      index += code === backslash ? 1 : 0;
      inString = code !== quote;
    } else {
      inString = code === quote;
      depth += depthChange(code);
    }
  }
  return depth > limit;
}

/** `[` and `{` open, `]` and `}` close; they differ in one bit. */
function depthChange(code: number): number {
  const folded = code | 0x20;
  if (folded === 0x7b) {
    return 1;
  }
  return folded === 0x7d ? -1 : 0;
}
