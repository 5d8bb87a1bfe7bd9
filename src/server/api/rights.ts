/** Who calls and what they may: Kubernetes is asked, and its answers are remembered for a few seconds. */
import { createHash } from 'node:crypto';
import { anonymous, type Caller } from '../../core/access/caller.ts';
import { describeQuestion, type RightsQuestion } from '../../core/access/rights-question.ts';
import type { CallerReviews } from '../../engine/ports/caller-reviews.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import { Problem } from './problem.ts';

export interface RightsOptions {
  readonly reviews: CallerReviews;
  readonly clock: Clock;
  /** Whoever says nothing of themselves may read everything. */
  readonly anonymousRead: boolean;
}

const maxAgeMs = 10_000;
const maxKept = 20_000;
const reviewTimeoutMs = 5_000;
/** Far longer than any token of a cluster; hashing megabytes for nothing is not for free. */
const longestToken = 65_536;
const readVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

export class Rights {
  readonly #options: RightsOptions;
  readonly #callers: Answers<Caller | undefined>;
  readonly #decisions: Answers<boolean>;

  constructor(options: RightsOptions) {
    this.#options = options;
    this.#callers = new Answers(options.clock);
    this.#decisions = new Answers(options.clock);
  }

  /** Whose token it is; undefined for one that is not good. @throws API_UNAVAILABLE when nobody can tell */
  async identify(token: string): Promise<Caller | undefined> {
    if (token === '' || token.length > longestToken) {
      return undefined;
    }
    const key = createHash('sha256').update(token).digest('base64');
    return await this.#callers.answer(key, () =>
      this.#options.reviews.identify(token, AbortSignal.timeout(reviewTimeoutMs)),
    );
  }

  /** Who it is that says nothing of themselves; undefined: nobody who may do anything. */
  get anonymous(): Caller | undefined {
    return this.#options.anonymousRead ? anonymous : undefined;
  }

  async may(caller: Caller, question: RightsQuestion): Promise<boolean> {
    if (caller === anonymous) {
      return readVerbs.has(question.verb) && question.subresource === undefined;
    }
    const { verb, group, resource, subresource, namespace, name } = question;
    const { name: user, uid, groups, extra } = caller;
    const key = JSON.stringify([user, uid, groups, extra, verb, group, resource, subresource, namespace, name]);
    return await this.#decisions.answer(key, () =>
      this.#options.reviews.may(caller, question, AbortSignal.timeout(reviewTimeoutMs)),
    );
  }

  /** @throws Problem `forbidden`, which says what right is missing */
  async require(caller: Caller, question: RightsQuestion): Promise<void> {
    if (!(await this.may(caller, question))) {
      throw new Problem('forbidden', `${caller.name} may not ${describeQuestion(question)}`);
    }
  }

  /** Those of the namespaces in which the caller may do it. */
  async namespacesWith(
    caller: Caller,
    question: Pick<RightsQuestion, 'verb' | 'resource'>,
    namespaces: Iterable<string>,
  ): Promise<(namespace: string) => boolean> {
    if (await this.may(caller, question)) {
      return () => true;
    }
    const distinct = [...new Set(namespaces)];
    const answers = await Promise.all(distinct.map((namespace) => this.may(caller, { ...question, namespace })));
    const allowed = new Set(distinct.filter((_, index) => answers[index]));
    return (namespace) => allowed.has(namespace);
  }
}

/** Answers by key, each for a while; a question under way is asked once. */
class Answers<T> {
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly atMs: number; readonly answer: Promise<T> }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async answer(key: string, ask: () => Promise<T>): Promise<T> {
    const nowMs = this.#clock.now().getTime();
    const known = this.#known.get(key);
    if (known && nowMs - known.atMs < maxAgeMs) {
      return await known.answer;
    }
    this.#known.delete(key);
    this.#makeRoom();
    const asked = { atMs: nowMs, answer: ask() };
    this.#known.set(key, asked);
    // Whoever asks next asks anew.
    asked.answer.catch(() => this.#known.get(key) === asked && this.#known.delete(key));
    return await asked.answer;
  }

  /** The oldest go first: a map keeps the order of insertion. */
  #makeRoom(): void {
    if (this.#known.size >= maxKept) {
      for (const key of [...this.#known.keys()].slice(0, maxKept / 2)) {
        this.#known.delete(key);
      }
    }
  }
}
