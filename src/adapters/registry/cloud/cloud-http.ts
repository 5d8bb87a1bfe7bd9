/** Requests to the services of a cloud: small, bounded answers, and errors that say who refused. */
import { readFile } from 'node:fs/promises';
import { STATUS_CODES } from 'node:http';
import { isOperationError, OperationError } from '../../../core/errors.ts';
import type { Answer } from '../answer.ts';
import { isRecord } from '../failure.ts';
import type { Transport } from '../transport.ts';

export interface CloudRequest {
  /** Who is asked for what, e.g. `the metadata server for a token`. */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly caBundle?: string | undefined;
}

export type Variables = Readonly<Record<string, string | undefined>>;

const maxAnswerBytes = 131_072;
const maxTokenFileLength = 16_384;
const maxMessageLength = 200;

/** @throws CREDENTIALS_UNUSABLE for no answer, and for each other status than 200 */
export async function askCloud(transport: Transport, request: CloudRequest, signal: AbortSignal): Promise<Answer> {
  const { what, method, url, headers = {}, body, caBundle } = request;
  const answer = await send();
  if (answer.status !== 200) {
    const status = `${answer.status} ${STATUS_CODES[answer.status] ?? 'unknown status'}`;
    throw unusable(`ask ${what}: ${status}${messageOf(answer)}`);
  }
  return answer;

  async function send(): Promise<Answer> {
    try {
      return await transport.send({
        operation: { what: `ask ${what}`, repository: '' },
        method,
        url,
        headers,
        ...(body === undefined ? {} : { body }),
        access: { insecure: url.protocol === 'http:', ...(caBundle === undefined ? {} : { caBundle }) },
        maxBytes: maxAnswerBytes,
        signal,
      });
    } catch (error) {
      throw isOperationError(error) ? unusable(error.message) : error;
    }
  }
}

/** @throws CREDENTIALS_UNUSABLE when the answer is no JSON object; the message never has its contents */
export function readCloudJson(what: string, { body }: Answer): Readonly<Record<string, unknown>> {
  const parsed = parse(body.toString('utf8'));
  if (!isRecord(parsed)) {
    throw unusable(`ask ${what}: the answer is no JSON object`);
  }
  return parsed;
}

/** A field that is a text and can stand in a header. */
export function tokenIn(what: string, fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw unusable(`ask ${what}: the answer has no ${name}`);
  }
  return value;
}

/** A token that somebody else keeps fresh in a file. */
export async function readTokenFile(path: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw unusable(`read ${path}: ${code}`);
  }
  if (text === '' || text.length > maxTokenFileLength) {
    throw unusable(`read ${path}: ${text === '' ? 'it is empty' : 'it is too long for a token'}`);
  }
  return text;
}

/** An address from the environment. @throws CREDENTIALS_UNUSABLE */
export function parseEndpoint(name: string, text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw unusable(`${name} is no http address`);
  }
  return url;
}

export function unusable(message: string): OperationError {
  return new OperationError(message, { code: 'CREDENTIALS_UNUSABLE', retry: 'backoff' });
}

/** What AWS (JSON and XML), Azure and Google say of an error. */
function messageOf({ body }: Answer): string {
  const text = body.toString('utf8');
  const parsed = parse(text);
  const fields = isRecord(parsed) ? parsed : {};
  const [, inXml] = /<Message>([^<]*)<\/Message>/.exec(text) ?? [];
  const message = [fields['message'], fields['Message'], fields['error_description'], fields['error'], inXml].find(
    (one) => typeof one === 'string' && one !== '',
  );
  return message === undefined
    ? ''
    : ` (${String(message)
        .replace(/[\p{C}\s]+/gu, ' ')
        .slice(0, maxMessageLength)})`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
