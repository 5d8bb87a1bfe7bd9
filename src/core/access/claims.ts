/** What an identity provider says of a person, in the names of Kubernetes; by the rules of kube-apiserver's --oidc-* flags. */
import type { Caller } from './caller.ts';

export interface ClaimMapping {
  /** Claim that holds the name, e.g. `sub` or `email`. */
  readonly username: string;
  /** Written before the name; `-` for nothing. Undefined: the issuer and `#`, unless the name is the email. */
  readonly usernamePrefix: string | undefined;
  /** Claim that holds the groups, a text or a list of texts. */
  readonly groups: string;
  readonly groupsPrefix: string;
}

export type ClaimedCaller =
  | { readonly kind: 'Known'; readonly caller: Caller }
  | { readonly kind: 'Unknown'; readonly reason: string };

/** Everybody who has signed in, as the API server has them. */
const signedIn = 'system:authenticated';
/** Names that only Kubernetes itself may give. */
const reserved = 'system:';
const longestName = 512;
const maxGroups = 1_000;

/** @param issuer the provider's identifier */
export function callerOfClaims(
  claims: Readonly<Record<string, unknown>>,
  mapping: ClaimMapping,
  issuer: string,
): ClaimedCaller {
  const claimed = claims[mapping.username];
  if (typeof claimed !== 'string' || claimed === '' || claimed.length > longestName) {
    return { kind: 'Unknown', reason: `the provider says no name in the claim "${mapping.username}"` };
  }
  if (mapping.username === 'email' && claims['email_verified'] === false) {
    return { kind: 'Unknown', reason: 'the provider has not verified the email' };
  }
  const prefix = mapping.usernamePrefix ?? (mapping.username === 'email' ? '' : `${issuer}#`);
  const name = `${prefix === '-' ? '' : prefix}${claimed}`;
  if (name.startsWith(reserved)) {
    return { kind: 'Unknown', reason: `the provider says a name that begins with ${reserved}` };
  }
  const groups = groupsOf(claims[mapping.groups]).map((group) => `${mapping.groupsPrefix}${group}`);
  const harmless = groups.filter((group) => !group.startsWith(reserved));
  return { kind: 'Known', caller: { name, groups: [...harmless, signedIn] } };
}

function groupsOf(claim: unknown): readonly string[] {
  const list = Array.isArray(claim) ? claim : [claim];
  return list.filter((group) => typeof group === 'string' && group !== '').slice(0, maxGroups);
}
