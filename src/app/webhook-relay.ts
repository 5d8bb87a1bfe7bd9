/**
 * Webhooks that reach a replica that stands by. The replica that works says in its Lease where it takes them, as a part of its identity:
 * `POD-RANDOM@HOST:PORT`. So a change of leader and the new address are one write.
 */
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import type { Lease } from '../kube/lease-term.ts';
import { leases } from '../kube/resource-types.ts';
import type { WebhookRelay } from '../server/webhooks.ts';
import { podAddress } from './config.ts';
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

/** The identity with the address of webhooks; without one where others could not reach it. */
export function identityWithAddress(identity: string, listen: string | undefined): string {
  if (listen === undefined) {
    return identity;
  }
  const { host, port } = parseListenAddress(listen, '--webhook-listen');
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const reachable = isEverywhere ? podAddress() : host;
  return reachable === undefined || port === 0 ? identity : `${identity}@${bracketed(reachable)}:${port}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Hands on; whatever goes wrong, the answer is undefined and the sender is told to come again. */
export function createWebhookRelay({ client, clock, lease, identity }: RelayOptions): WebhookRelay {
  let known: { readonly address: string | undefined; readonly atMs: number } | undefined;
  const findAddress = async () => {
    if (!known || clock.monotonicMs() - known.atMs >= leaseMaxAgeMs) {
      const found = await client.find<Lease>(leases, lease, { signal: AbortSignal.timeout(timeoutMs) });
      known = { address: addressOf(found?.spec?.holderIdentity ?? '', identity), atMs: clock.monotonicMs() };
    }
    return known.address;
  };
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

function addressOf(holder: string, own: string): string | undefined {
  const [, address] = /@([^@\s/]+:[0-9]{1,5})$/.exec(holder) ?? [];
  return holder === own ? undefined : address;
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
