/**
 * Webhooks that reach a replica that stands by. The replica that works says in its Lease where it takes them, as a part of its identity:
 * `POD-RANDOM@HOST:PORT`. So a change of leader and the new address are one write.
 */
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import type { Lease } from '../../kube/lease-term.ts';
import { leases } from '../../kube/resource-types.ts';
import type { WebhookRelay } from '../../server/webhooks.ts';
import { podAddress } from '../config.ts';
import { parseListenAddress } from './listen-address.ts';

export interface RelayOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Our own, which is never handed on to. */
  readonly identity: string;
}

/** Set on what was handed on once: two replicas that both stand by must not send it to and fro. */
const relayedHeader = 'headgate-relayed';

const timeoutMs = 5_000;
const leaseMaxAgeMs = 1_000;
const maxAnswerLength = 4_096;

/** Of a connection and not of what goes over it (RFC 9110 section 7.6.1), and what fetch sets itself. */
const ownHeaders = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** The identity with the addresses of the API and of webhooks, `POD-RANDOM~HOST:PORT@HOST:PORT`; without those that others could not reach. */
export function identityWithAddress(
  identity: string,
  listen: { readonly api: string | undefined; readonly webhooks: string | undefined },
): string {
  const [api, webhooks] = [reachable(listen.api, '--api-listen'), reachable(listen.webhooks, '--webhook-listen')];
  return `${identity}${api === undefined ? '' : `~${api}`}${webhooks === undefined ? '' : `@${webhooks}`}`;
}

function reachable(listen: string | undefined, option: string): string | undefined {
  if (listen === undefined) {
    return undefined;
  }
  const { host, port } = parseListenAddress(listen, option);
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const address = isEverywhere ? podAddress() : host;
  return address === undefined || port === 0 ? undefined : `${bracketed(address)}:${port}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Hands on; whatever goes wrong, the answer is undefined and the sender is told to come again. */
export function createWebhookRelay(options: RelayOptions): WebhookRelay {
  const findAddress = addressFinder(options, addressOfWebhooks);
  return {
    async send({ path, headers, body }) {
      if (headers[relayedHeader] !== undefined) {
        return undefined;
      }
      try {
        const address = await findAddress();
        return address === undefined ? undefined : await send(`http://${address}${path}`, headers, body);
      } catch {
        // Unreachable, too slow, or the Lease cannot be read: 503 says so to the sender, who has it still.
        return undefined;
      }
    },
  };
}

/** The replica that works, as its Lease has it; undefined when there is none but this one. */
export function addressFinder(
  { client, clock, lease, identity }: RelayOptions,
  addressIn: (identity: string) => string | undefined,
): () => Promise<string | undefined> {
  let known: { readonly address: string | undefined; readonly atMs: number } | undefined;
  return async () => {
    if (!known || clock.monotonicMs() - known.atMs >= leaseMaxAgeMs) {
      const found = await client.find<Lease>(leases, lease, { signal: AbortSignal.timeout(timeoutMs) });
      const holder = found?.spec?.holderIdentity ?? '';
      known = { address: holder === identity ? undefined : addressIn(holder), atMs: clock.monotonicMs() };
    }
    return known.address;
  };
}

function addressOfWebhooks(identity: string): string | undefined {
  return /@([^@\s/]+:[0-9]{1,5})$/.exec(identity)?.[1];
}

/** The address of the API in the identity of a replica. */
export function addressOfApi(identity: string): string | undefined {
  return /~([^~@\s/]+:[0-9]{1,5})(?:@|$)/.exec(identity)?.[1];
}

async function send(url: string, headers: Readonly<Record<string, string>>, body: Uint8Array) {
  const sent = Object.entries(headers).filter(([name]) => !ownHeaders.has(name));
  const response = await fetch(url, {
    method: 'POST',
    headers: [...sent, [relayedHeader, '1']],
    body: new Uint8Array(body),
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = (await response.text()).slice(0, maxAnswerLength);
  return response.status === 503 ? undefined : { status: response.status, text };
}
