/** Sessions of browsers: all of it is in a sealed cookie, so that every replica knows them and none keeps them. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import type { Caller } from '../../core/access/caller.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { SignInAttempt } from '../../engine/ports/sign-in.ts';
import { Problem } from './problem.ts';
import type { Sealer } from './sealed.ts';

export interface SessionOptions {
  readonly sealer: Sealer;
  readonly clock: Clock;
  /** Path of the cookies. */
  readonly path: string;
  /** Only over https. */
  readonly secure: boolean;
}

const CallerSchema = Type.Object({ name: Type.String(), groups: Type.Array(Type.String()) });

const Content = Type.Object({
  /** What a page has to send with whatever changes something. */
  csrf: Type.String(),
  /** Asked of Kubernetes at each request. */
  token: Type.Optional(Type.String()),
  /** Whom an identity provider or a proxy has signed in. */
  caller: Type.Optional(CallerSchema),
});

export type SessionContent = Static<typeof Content>;

const Attempt = Type.Object({
  state: Type.String(),
  nonce: Type.String(),
  verifier: Type.String(),
  returnTo: Type.String(),
});

const sessionCookie = 'headgate-session';
const attemptCookie = 'headgate-sign-in';
const sessionMs = 8 * 3_600_000;
const attemptMs = 600_000;
/** Browsers drop larger ones without a word. */
const maxCookieBytes = 4_000;
const csrfBytes = 24;

export class Sessions {
  readonly #options: SessionOptions;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Signs a browser in. @throws Problem `invalid` when a cookie cannot hold it */
  begin(reply: FastifyReply, who: { readonly token: string } | { readonly caller: Caller }): SessionContent {
    const csrf = randomBytes(csrfBytes).toString('base64url');
    const content =
      'token' in who
        ? { csrf, token: who.token }
        : { csrf, caller: { name: who.caller.name, groups: [...who.caller.groups] } };
    this.#set(reply, sessionCookie, content, sessionMs);
    return content;
  }

  find(request: FastifyRequest): SessionContent | undefined {
    const content = this.#open(request, sessionCookie);
    return Check(Content, content) ? content : undefined;
  }

  end(reply: FastifyReply): void {
    reply.clearCookie(sessionCookie, this.#cookieOptions());
  }

  /** Remembers the first half of a sign-in in the browser that began it. */
  beginSignIn(reply: FastifyReply, attempt: SignInAttempt, returnTo: string): void {
    this.#set(reply, attemptCookie, { ...attempt, returnTo }, attemptMs);
  }

  /** Each attempt is good for one answer. */
  takeSignIn(request: FastifyRequest, reply: FastifyReply): Static<typeof Attempt> | undefined {
    const content = this.#open(request, attemptCookie);
    reply.clearCookie(attemptCookie, this.#cookieOptions());
    return Check(Attempt, content) ? content : undefined;
  }

  #open(request: FastifyRequest, name: string): unknown {
    const text = request.cookies[name];
    return text === undefined ? undefined : this.#options.sealer.open(name, text, this.#options.clock.now());
  }

  #set(reply: FastifyReply, name: string, value: unknown, lastsMs: number): void {
    const { sealer, clock } = this.#options;
    const text = sealer.seal(name, value, new Date(clock.now().getTime() + lastsMs));
    if (text.length > maxCookieBytes) {
      throw new Problem('invalid', 'the token, or the list of groups, is too long for a cookie of a browser');
    }
    reply.setCookie(name, text, { ...this.#cookieOptions(), maxAge: lastsMs / 1_000 });
  }

  #cookieOptions(): CookieSerializeOptions {
    const { path, secure } = this.#options;
    // Lax: the provider sends the browser back here, and a link from a chat should find one signed in.
    return { path, secure, httpOnly: true, sameSite: 'lax' };
  }
}

/** Whether a request that changes something comes from a page of ours. @throws Problem `forbidden` */
export function requireOwnPage(request: FastifyRequest, session: SessionContent | undefined): void {
  const sent = request.headers['x-csrf-token'];
  if (session === undefined || typeof sent !== 'string' || !isEqual(sent, session.csrf)) {
    throw new Problem('forbidden', 'X-CSRF-Token is missing or wrong; GET /api/v1/session tells it');
  }
}

function isEqual(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
