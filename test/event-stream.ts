/** A client of server-sent events, as far as tests need one. */
import { request } from 'node:http';
import { vi } from 'vitest';

export interface StreamEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: unknown;
}

export interface EventStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** All so far. */
  readonly events: readonly StreamEvent[];
  /** Everything that came, with comments. */
  text(): string;
  until(check: (events: readonly StreamEvent[]) => unknown): Promise<void>;
  /** Reads nothing any more, while the connection stays. */
  pause(): void;
  readonly closed: Promise<void>;
  close(): void;
}

export function openEventStream(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
  const { promise, resolve, reject } = Promise.withResolvers<EventStream>();
  const asked = request(url, { headers, agent: false }, (response) => {
    let text = '';
    const events: StreamEvent[] = [];
    let rest = '';
    const closed = new Promise<void>((done) => response.once('close', () => done()));
    response.setEncoding('utf8');
    response.on('error', () => undefined);
    response.on('data', (chunk: string) => {
      text += chunk;
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      events.push(...blocks.flatMap(parseBlock));
    });
    resolve({
      status: response.statusCode ?? 0,
      headers: response.headers,
      events,
      text: () => text,
      until: async (check) => {
        await vi.waitFor(() => check(events), { timeout: 10_000, interval: 10 });
      },
      pause: () => response.pause(),
      closed,
      close: () => response.destroy(),
    });
  });
  asked.on('error', reject);
  asked.end();
  return promise;
}

function parseBlock(block: string): StreamEvent[] {
  const fields = new Map(
    block
      .split('\n')
      .filter((line) => !line.startsWith(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  const data = fields.get('data');
  return data === undefined ? [] : [{ id: fields.get('id'), event: fields.get('event'), data: JSON.parse(data) }];
}
