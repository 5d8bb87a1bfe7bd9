/** An identity provider to which people are sent to sign in. */
import type { Caller } from '../../core/access/caller.ts';

/** What has to be remembered between the two halves of a sign-in; secret. */
export interface SignInAttempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface SignInProvider {
  /**
   * Where to send the browser.
   *
   * @throws PROVIDER_UNAVAILABLE
   */
  begin(): Promise<{ readonly url: string; readonly attempt: SignInAttempt }>;
  /**
   * Who came back.
   *
   * @param callback as the browser was sent back, with query
   * @throws SIGN_IN_REFUSED when the answer does not hold, PROVIDER_UNAVAILABLE
   */
  finish(callback: URL, attempt: SignInAttempt): Promise<Caller>;
}
