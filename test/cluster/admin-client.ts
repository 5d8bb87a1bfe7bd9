import { Agent, request } from 'undici';
import type { Access } from './kubeconfig.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Just enough of a client for the fixtures themselves; tests use the product's own. */
export interface AdminClient {
  /** Any status is an answer. Throws when no connection comes about. */
  send(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answer>;
  /** Server-side apply of one object at its path. Throws on another status than 200 and 201. */
  apply(path: string, object: object): Promise<void>;
  close(): Promise<void>;
}

/** A client with the rights of the certificate in `access`; its connections stay open until `close`. */
export function createAdminClient(access: Access): AdminClient {
  const dispatcher = new Agent({
    connect: { ca: access.authority, cert: access.client.certificate, key: access.client.key },
    headersTimeout: 20_000,
  });
  const send = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answer> => {
    const type = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json';
    const response = await request(new URL(path, access.server), {
      method,
      dispatcher,
      ...(body === undefined ? {} : { headers: { 'content-type': type }, body: JSON.stringify(body) }),
    });
    return { status: response.statusCode, text: await response.body.text() };
  };
  return {
    send,
    async apply(path, object) {
      const answer = await send('PATCH', `${path}?fieldManager=test-cluster&force=true`, object);
      if (answer.status > 201) {
        throw new Error(`apply ${path}: ${answer.status} ${answer.text}`);
      }
    },
    close: () => dispatcher.destroy(),
  };
}
