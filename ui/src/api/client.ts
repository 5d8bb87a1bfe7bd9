/** Calls of the API of the server that these pages come from. Addresses are relative to `<base href>`, which the server sets. */

/** What the server answered instead of what was asked for: RFC 9457, or what a proxy before it made of it. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

let csrfToken: string | undefined;

/** What the session says has to come with whatever changes something. */
export function rememberCsrfToken(token: string | undefined): void {
  csrfToken = token;
}

/** @throws ApiProblem; TypeError when the server cannot be reached */
export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return await call(path, query, { ...(signal && { signal }) });
}

/** @throws ApiProblem; TypeError when the server cannot be reached */
export async function send<T>(method: 'POST' | 'DELETE', path: string, body: unknown = {}): Promise<T> {
  const headers = { 'content-type': 'application/json', ...(csrfToken !== undefined && { 'x-csrf-token': csrfToken }) };
  return await call(path, {}, { method, headers, body: JSON.stringify(body) });
}

export function addressOf(path: string, query: Query = {}): URL {
  const url = new URL(`api/v1/${path}`, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') {
      url.searchParams.set(name, String(value));
    }
  }
  return url;
}

async function call<T>(path: string, query: Query, init: RequestInit): Promise<T> {
  const response = await fetch(addressOf(path, query), { credentials: 'same-origin', ...init });
  if (!response.ok) {
    throw await problemOf(response);
  }
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const { status, statusText } = response;
  const body: unknown = await response.json().catch(() => undefined);
  const { code, detail, title } = isRecord(body) ? body : {};
  const message = [detail, title, statusText].find((text) => typeof text === 'string' && text !== '');
  return new ApiProblem(status, typeof code === 'string' ? code : `http-${status}`, String(message ?? status));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
