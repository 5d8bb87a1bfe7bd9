/**
 * The way out to each registry: how many at a time, how often, and not while it wants to be left alone or cannot be reached. Each registry
 * has its own, so that a slow one keeps nobody else waiting.
 */
import { isOperationError } from '../../core/errors.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { RegistryAccess } from '../../engine/ports/registry.ts';
import { identifyAccess } from './access-identity.ts';
import { type Account, type BudgetView, type Counted, createAccount, type Effort } from './account.ts';
import type { Answer } from './answer.ts';
import { isHostFailure, type Operation, rateLimited, unreachableBefore } from './failure.ts';
import { type HostLimits, type LimitsByHost, limitsOf } from './host-limits.ts';
import { readLimitSource } from './rate-headers.ts';
import { createTurnstile, type Turnstile } from './turnstile.ts';

export interface Errand {
  readonly operation: Operation;
  readonly registry: string;
  readonly access: RegistryAccess;
  readonly effort: Effort;
  readonly signal: AbortSignal;
}

export interface HostView {
  readonly host: string;
  readonly inFlight: number;
  readonly waiting: number;
  /** The tightest of all identities, one for each sort. */
  readonly budgets: readonly BudgetView[];
  /** Until when nothing is asked, milliseconds since the epoch; undefined when it may be asked. */
  readonly silentUntilMs: number | undefined;
}

export interface HostGate {
  /**
   * Sends when it is the turn of the errand.
   *
   * @throws REGISTRY_RATE_LIMITED with the time that is left: budget used up, or the registry said 429 before;
   *   REGISTRY_UNREACHABLE: it could not be reached a moment ago
   */
  pass(errand: Errand, send: () => Promise<Answer>): Promise<Answer>;
  readonly hosts: readonly HostView[];
}

export interface HostGateOptions {
  readonly clock: Clock;
  readonly limits: LimitsByHost;
  /** Told of each request that was sent. */
  readonly onSent?: (host: string, outcome: string) => void;
}

interface Host {
  readonly limits: HostLimits;
  readonly turnstile: Turnstile;
  /** By identity, or by who is counted where the registry says so. */
  readonly accounts: Map<string, Account>;
  /** Identity -> who is counted. */
  readonly sources: Map<string, string>;
  closedUntilMs: number;
  /** Failures to reach it in a row. */
  failures: number;
}

const maxHosts = 1_000;
const maxAccounts = 1_000;
const firstClosedMs = 2_000;
const longestClosedMs = 120_000;

export function createHostGate(options: HostGateOptions): HostGate {
  const hosts = new Map<string, Host>();
  return {
    async pass(errand, send) {
      const { registry, access, signal } = errand;
      const host = keep(hosts, registry, maxHosts, () => openHost(limitsOf(registry, options.limits)));
      const identity = identifyAccess(access);
      const account = accountOf(options, host, { registry, identity });
      const nowMs = () => options.clock.now().getTime();
      refuseSilent(errand, host, account, nowMs());
      refuseBeyondBudget(errand, account);
      await host.turnstile.enter(signal);
      try {
        // It may have asked for silence while this one waited for its turn.
        refuseSilent(errand, host, account, nowMs());
        const answer = await sendCounted(errand, send, options.onSent);
        learnSource(host, identity, account, answer);
        account.learn(answer);
        host.failures = 0;
        return answer;
      } catch (error) {
        learnFailure(host, account, error, nowMs());
        throw error;
      } finally {
        host.turnstile.leave();
      }
    },
    get hosts() {
      return [...hosts].map(([name, host]) => viewOf(name, host, options.clock.now().getTime()));
    },
  };
}

async function sendCounted(
  { registry }: Errand,
  send: () => Promise<Answer>,
  onSent: HostGateOptions['onSent'],
): Promise<Answer> {
  try {
    const answer = await send();
    onSent?.(registry, String(answer.status));
    return answer;
  } catch (error) {
    if (isOperationError(error)) {
      onSent?.(registry, error.code);
    }
    throw error;
  }
}

function accountOf(
  { limits, clock }: HostGateOptions,
  host: Host,
  { registry, identity }: { readonly registry: string; readonly identity: string },
): Account {
  const isSet = (counts: Counted) => limits[registry]?.[counts] !== undefined;
  return keep(host.accounts, host.sources.get(identity) ?? identity, maxAccounts, () =>
    createAccount({
      budgets: host.limits,
      fixed: new Set((['requests', 'pulls'] as const).filter(isSet)),
      now: () => clock.now(),
    }),
  );
}

function refuseBeyondBudget({ operation, registry, effort }: Errand, account: Account): void {
  const refusal = account.request(operation.what, effort);
  if (refusal) {
    throw rateLimited(operation, `not asked yet: ${registry}: ${refusal.why}`, refusal.waitMs);
  }
}

function openHost(limits: HostLimits): Host {
  return {
    limits,
    turnstile: createTurnstile(limits.concurrency),
    accounts: new Map(),
    sources: new Map(),
    closedUntilMs: 0,
    failures: 0,
  };
}

function refuseSilent({ operation, registry }: Errand, host: Host, account: Account, nowMs: number): void {
  const pausedMs = account.pausedUntilMs - nowMs;
  if (pausedMs > 0) {
    throw rateLimited(operation, `not asked: ${registry} said 429 Too Many Requests before`, pausedMs);
  }
  const closedMs = host.closedUntilMs - nowMs;
  if (closedMs > 0) {
    throw unreachableBefore(operation, registry, closedMs);
  }
}

/** The first identity of an account or address brings its ledger along; later ones join it. */
function learnSource(host: Host, identity: string, account: Account, answer: Answer): void {
  const source = readLimitSource(answer);
  if (source === undefined || host.sources.get(identity) === source) {
    return;
  }
  host.sources.set(identity, source);
  keep(host.accounts, source, maxAccounts, () => account);
  host.accounts.delete(identity);
}

function learnFailure(host: Host, account: Account, error: unknown, nowMs: number): void {
  if (isOperationError(error, 'REGISTRY_RATE_LIMITED')) {
    // Of the token server, which counts for the registry.
    account.pause(error.retryAfterMs ?? 0);
  } else if (isHostFailure(error)) {
    host.failures += 1;
    host.closedUntilMs = nowMs + Math.min(firstClosedMs * 2 ** Math.min(host.failures - 1, 20), longestClosedMs);
  }
}

function viewOf(host: string, { turnstile, accounts, closedUntilMs }: Host, nowMs: number): HostView {
  const all = [...accounts.values()];
  const silentUntilMs = Math.max(closedUntilMs, ...all.map((account) => account.pausedUntilMs));
  const tightest = new Map<string, BudgetView>();
  for (const budget of all.flatMap((account) => account.budgets)) {
    const known = tightest.get(budget.counts);
    if (known === undefined || budget.limit - budget.used < known.limit - known.used) {
      tightest.set(budget.counts, budget);
    }
  }
  return {
    host,
    inFlight: turnstile.inside,
    waiting: turnstile.waiting,
    budgets: [...tightest.values()],
    silentUntilMs: silentUntilMs > nowMs ? silentUntilMs : undefined,
  };
}

/** The value of the key, made where it is missing; beyond the bound the oldest is forgotten. */
function keep<V>(map: Map<string, V>, key: string, max: number, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) {
    return known;
  }
  const made = make();
  map.set(key, made);
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) {
    map.delete(oldest);
  }
  return made;
}
