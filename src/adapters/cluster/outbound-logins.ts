/** Fulfils the engine's OutboundLogins. */
import { OperationError } from '../../core/errors.ts';
import type { OutboundAccess, OutboundLogins } from '../../engine/ports/outbound-logins.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import { createSecretValues } from './secret-values.ts';

/** A new password is known after this time. */
const maxAgeMs = 300_000;
const maxKept = 1_000;

export function createOutboundLogins({
  client,
  clock,
}: {
  readonly client: KubeClient;
  readonly clock: Clock;
}): OutboundLogins {
  const secrets = createSecretValues(client);
  const kept = new Map<string, { readonly access: OutboundAccess; readonly atMs: number }>();
  return {
    async accessFor(namespace, secret, signal) {
      if (secret === undefined) {
        return {};
      }
      const key = `${namespace}/${secret}`;
      const nowMs = clock.now().getTime();
      const known = kept.get(key);
      if (known !== undefined && nowMs - known.atMs < maxAgeMs) {
        return known.access;
      }
      const access = accessOf(await secrets.read(namespace, secret, signal), key);
      kept.delete(key);
      kept.set(key, { access, atMs: nowMs });
      const [oldest] = kept.keys();
      if (kept.size > maxKept && oldest !== undefined) {
        kept.delete(oldest);
      }
      return access;
    },
  };
}

type Entries = ReadonlyMap<string, string>;

function accessOf(entries: Entries, name: string): OutboundAccess {
  const token = (entries.get('token') ?? entries.get('bearerToken'))?.trim();
  const [username, password, caBundle] = ['username', 'password', 'ca.crt'].map((key) => entries.get(key));
  const more = caBundle === undefined ? {} : { caBundle };
  if (token !== undefined) {
    // Anything else would end the header, and begin another.
    if (!/^[!-~]{1,8192}$/.test(token)) {
      throw invalid(name, 'has a token with blanks or other characters that no token has');
    }
    return { login: { kind: 'Bearer', token }, ...more };
  }
  if ((username === undefined) !== (password === undefined)) {
    throw invalid(name, 'has only one of username and password');
  }
  if (username === undefined || password === undefined) {
    if (caBundle === undefined) {
      throw invalid(name, 'has neither token, nor username and password, nor ca.crt');
    }
    return more;
  }
  return { login: { kind: 'Basic', username, password }, ...more };
}

function invalid(name: string, problem: string): OperationError {
  return new OperationError(`Secret "${name}" ${problem}`, {
    code: 'SECRET_INVALID',
    retry: 'backoff',
    context: { secret: name },
  });
}
