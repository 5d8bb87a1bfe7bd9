/** How a server that a user names lets us in: from a Secret in the namespace of the App. */
import type { OutboundLogin } from '../../core/outbound/login.ts';

export interface OutboundAccess {
  readonly login?: OutboundLogin | undefined;
  /** PEM. */
  readonly caBundle?: string | undefined;
}

export interface OutboundLogins {
  /**
   * Keys `token` (or `bearerToken`), or `username` and `password`; `ca.crt`. Read again when it is older than some minutes.
   *
   * @param secret undefined: nothing is needed
   * @throws SECRET_NOT_FOUND, SECRET_INVALID
   */
  accessFor(namespace: string, secret: string | undefined, signal: AbortSignal): Promise<OutboundAccess>;
}
