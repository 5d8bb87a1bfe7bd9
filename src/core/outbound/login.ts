/** How a server that a user names lets us in. */
export type OutboundLogin =
  | { readonly kind: 'Bearer'; readonly token: string }
  | { readonly kind: 'Basic'; readonly username: string; readonly password: string };

/** The header that says it; none without a login. */
export function authorizationOf(login: OutboundLogin | undefined): Readonly<Record<string, string>> {
  switch (login?.kind) {
    case undefined:
      return {};
    case 'Bearer':
      return { authorization: `Bearer ${login.token}` };
    case 'Basic':
      return { authorization: `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}` };
  }
}
