/** Bodies of answers: as much as fits, and decoded. */
import type { IncomingHttpHeaders } from 'node:http';
import { type CallDescription, unavailable } from './api-error.ts';
import type { WholeAnswer } from './whole-answer.ts';

/** As much of the body as fits; the rest is not read. */
export async function readStart(
  body: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<{ readonly bytes: Buffer; readonly isCut: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) {
      break;
    }
  }
  return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), isCut: size > maxBytes };
}

/**
 * Decoded JSON, or the text where the answer is no JSON by its own word.
 *
 * @throws API_UNAVAILABLE for what says that it is JSON and is not
 */
export function decodeBody(
  call: CallDescription,
  { headers, bytes }: WholeAnswer,
  parse: (bytes: Buffer) => unknown = parseJson,
): unknown {
  if (!String(headers['content-type'] ?? '').startsWith('application/json')) {
    return bytes.toString('utf8');
  }
  try {
    return parse(bytes);
  } catch (error) {
    throw error instanceof SyntaxError ? unavailable(call, 'answer is not JSON') : error;
  }
}

function parseJson(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString('utf8'));
}

/** By lower-case name; several of one name are joined by a comma. */
export function joinHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, [value].flat().join(', ')]],
    ),
  );
}
