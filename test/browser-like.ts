/** As much of a browser as a sign-in needs: cookies by host, and redirects followed by hand. */
import { Agent, request } from 'undici';

export interface BrowserLike {
  /** Follows redirects. */
  open(url: string, init?: RequestInit): Promise<Response>;
  /** Does not. */
  send(url: string, init?: RequestInit): Promise<Response>;
  cookie(host: string, name: string): string | undefined;
  setCookie(host: string, name: string, value: string): void;
  /** The lines by which cookies were set. */
  readonly cookieLines: readonly string[];
}

const maxRedirects = 20;

/** @param ca certificates (PEM) to trust besides the public ones */
export function createBrowserLike(ca?: string): BrowserLike {
  const ask = ca === undefined ? fetch : trusting(ca);
  const jars = new Map<string, Map<string, string>>();
  const lines: string[] = [];
  const jarOf = (host: string) => {
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };
  const send = async (url: string, init: RequestInit = {}) => {
    const { host } = new URL(url);
    const cookie = [...jarOf(host)].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = new Headers({ accept: 'text/html', ...(cookie === '' ? {} : { cookie }) });
    for (const [name, value] of new Headers(init.headers)) {
      headers.set(name, value);
    }
    const response = await ask(url, { redirect: 'manual', ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      lines.push(line);
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) {
        jarOf(host).delete(name);
      } else {
        jarOf(host).set(name, value);
      }
    }
    return response;
  };
  return {
    send,
    async open(url, init) {
      let response = await send(url, init);
      let at = url;
      for (let hops = 0; response.status >= 300 && response.status < 400; hops += 1) {
        if (hops === maxRedirects) {
          throw new Error(`${url}: redirected without end`);
        }
        at = new URL(response.headers.get('location') ?? '', at).href;
        response = await send(at);
      }
      return response;
    },
    cookie: (host, name) => jars.get(host)?.get(name),
    setCookie: (host, name, value) => jarOf(host).set(name, value),
    cookieLines: lines,
  };
}

function trusting(ca: string): (url: string, init: RequestInit) => Promise<Response> {
  const dispatcher = new Agent({ connect: { ca } });
  return async (url, { method = 'GET', headers, body }) => {
    const answer = await request(url, {
      dispatcher,
      method: method === 'POST' ? 'POST' : 'GET',
      headers: Object.fromEntries(new Headers(headers)),
      ...(typeof body === 'string' && { body }),
    });
    const lines = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value].flat().flatMap((one): [string, string][] => (one === undefined ? [] : [[name, one]])),
    );
    return new Response(await answer.body.text(), { status: answer.statusCode, headers: lines });
  };
}
