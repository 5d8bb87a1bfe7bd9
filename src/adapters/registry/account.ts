/**
 * What one registry allows one identity, and how much of it is left: budgets that are configured or told in its answers, and the time in
 * which it wants to be left alone.
 */
import { formatDuration } from '../../core/duration.ts';
import type { Answer } from './answer.ts';
import { parseRetryAfter } from './failure.ts';
import { readToldLimit, type ToldLimit } from './rate-headers.ts';
import { createRequestWindow, type RequestWindow, type WindowRule } from './request-window.ts';

/** `pull` is the GET of a manifest, which Docker Hub counts. */
export type Effort = 'pull' | 'other';

/** Which requests a budget counts: all, or only pulls. */
export type Counted = 'requests' | 'pulls';

export interface BudgetView {
  readonly counts: Counted;
  readonly limit: number;
  readonly used: number;
  readonly resetsAtMs: number | undefined;
}

export interface Refusal {
  readonly waitMs: number;
  /** What keeps it, for the message. */
  readonly why: string;
}

export interface Account {
  /** Undefined is leave to send. */
  request(key: string, effort: Effort): Refusal | undefined;
  /** Learns from an answer: what is left, and whether the registry wants to be left alone. */
  learn(answer: Answer): void;
  /** For errors that tell how long; an answer does so by itself. */
  pause(durationMs: number): void;
  /** Milliseconds since the epoch; in the past when it is not paused. */
  readonly pausedUntilMs: number;
  readonly budgets: readonly BudgetView[];
}

export interface AccountOptions {
  /** What counts at all: pulls where such a budget is known, else every request. */
  readonly budgets: { readonly [C in Counted]?: WindowRule | undefined };
  /** Budgets that somebody has set; what the registry tells can only make them stricter. */
  readonly fixed: ReadonlySet<Counted>;
  readonly now: () => Date;
}

/** Of a told limit this part is left to others at the same address: the nodes pull images too. */
const shareForOthers = 0.1;
const longestPauseMs = 3_600_000;
const longestHoldMs = 6 * 3_600_000;
const longestPeriodMs = 24 * 3_600_000;
const greatestLimit = 100_000;

export function createAccount(options: AccountOptions): Account {
  return new Ledger(options);
}

class Ledger implements Account {
  readonly #options: AccountOptions;
  readonly #windows = new Map<Counted, RequestWindow>();
  /** What the registry means when it tells what is left. */
  readonly #told: Counted;
  #pausedUntilMs = 0;
  /** Answers 429 in a row that did not say for how long. */
  #strikes = 0;

  constructor(options: AccountOptions) {
    this.#options = options;
    this.#told = options.budgets.pulls === undefined ? 'requests' : 'pulls';
    for (const counts of ['requests', 'pulls'] as const) {
      const rule = options.budgets[counts];
      if (rule !== undefined) {
        this.#open(counts, rule);
      }
    }
  }

  request(key: string, effort: Effort): Refusal | undefined {
    const pulls = effort === 'pull' ? this.#windows.get('pulls') : undefined;
    const byPulls = pulls && refusalOf(pulls, 'pulls', key);
    if (byPulls) {
      return byPulls;
    }
    const requests = this.#windows.get('requests');
    const byRequests = requests && refusalOf(requests, 'requests', key);
    if (byRequests) {
      pulls?.giveBack(key);
    }
    return byRequests;
  }

  learn(answer: Answer): void {
    const { now } = this.#options;
    const limit = readToldLimit(answer, now());
    if (limit !== undefined) {
      this.#learnLimit(limit);
    }
    const wait = answer.headers['retry-after'];
    if (answer.status !== 429 && (answer.status !== 503 || wait === undefined)) {
      this.#strikes = 0;
      return;
    }
    this.#strikes = wait === undefined ? this.#strikes + 1 : 0;
    const waitMs = parseRetryAfter(wait, now());
    this.pause(wait === undefined ? Math.min(waitMs * 2 ** (this.#strikes - 1), longestPauseMs) : waitMs);
  }

  pause(durationMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#nowMs() + durationMs);
  }

  get pausedUntilMs(): number {
    return this.#pausedUntilMs;
  }

  get budgets(): readonly BudgetView[] {
    return [...this.#windows].map(([counts, { rule, used, resetsAtMs }]) => ({
      counts,
      limit: rule.limit,
      used,
      resetsAtMs,
    }));
  }

  #nowMs(): number {
    return this.#options.now().getTime();
  }

  #open(counts: Counted, rule: WindowRule): RequestWindow {
    const window = this.#windows.get(counts) ?? createRequestWindow(rule, () => this.#nowMs());
    this.#windows.set(counts, window);
    return window;
  }

  #learnLimit(limit: ToldLimit): void {
    const { budgets, fixed } = this.#options;
    const rule = ruleOf(limit);
    if (rule !== undefined) {
      const wanted = fixed.has(this.#told) ? budgets[this.#told] : undefined;
      const next = wanted === undefined ? rule : stricter(rule, wanted);
      this.#open(this.#told, next).setRule(next);
    }
    const resumesAtMs = resumesAt(limit, this.#nowMs());
    if (resumesAtMs === undefined) {
      this.#windows.get(this.#told)?.holdUntil(0);
    } else {
      const unknown = { limit: Math.max(1, limit.limit ?? 1), periodMs: resumesAtMs - this.#nowMs() };
      this.#open(this.#told, unknown).holdUntil(resumesAtMs);
    }
  }
}

function refusalOf(window: RequestWindow, counts: Counted, key: string): Refusal | undefined {
  const waitMs = window.request(key);
  const { limit, periodMs } = window.rule;
  const what = counts === 'pulls' ? 'manifests' : 'requests';
  return waitMs > 0
    ? { waitMs, why: `its budget is ${limit} ${what} in ${formatDuration(periodMs)}, and ${window.used} are taken` }
    : undefined;
}

/** Numbers without sense are not believed. */
function ruleOf({ limit, periodMs }: ToldLimit): WindowRule | undefined {
  const isSound = limit !== undefined && limit > 0 && limit <= greatestLimit;
  return isSound && periodMs !== undefined && periodMs <= longestPeriodMs ? { limit, periodMs } : undefined;
}

function stricter(left: WindowRule, right: WindowRule): WindowRule {
  return left.limit / left.periodMs < right.limit / right.periodMs ? left : right;
}

/** When to go on, if so little is left that it is for others; undefined while there is enough. */
function resumesAt({ limit, remaining, resetsAtMs, periodMs }: ToldLimit, nowMs: number): number | undefined {
  if (remaining > Math.floor((limit ?? 1) * shareForOthers)) {
    return undefined;
  }
  // A window that slides gives back one after the other; without anything left it may have been used up at once.
  const slidingMs = (periodMs ?? 0) / (remaining === 0 ? 24 : Math.max(1, limit ?? 1));
  const untilMs = Math.min(resetsAtMs ?? nowMs + slidingMs, nowMs + longestHoldMs);
  return untilMs > nowMs ? untilMs : undefined;
}
