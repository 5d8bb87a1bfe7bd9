/** A Subscription of a cluster, decoded and checked; the wire form is resources/subscription.ts. */

export interface SubscriptionSpec {
  readonly suspend: boolean;
  /** Addresses (address.ts) of the channel, asked in this order. */
  readonly urls: readonly string[];
  readonly loginSecret: string | undefined;
  readonly caSecret: string | undefined;
  readonly trustedRoot: { readonly kind: 'ConfigMap' | 'Secret'; readonly name: string; readonly key: string };
  readonly intervalMs: number;
  readonly wariness: number | undefined;
  readonly group: string | undefined;
  readonly follow: Follow;
  readonly evidence: EvidenceDemand;
  /** Undefined: all. */
  readonly apps: readonly string[] | undefined;
  readonly installsNewApps: boolean;
  readonly deletesDroppedApps: boolean;
  /** Whether a Release that is withdrawn is left for the one before. */
  readonly goesBackFromWithdrawn: boolean;
  /** From a namespace of the hub to one of this cluster. */
  readonly namespaces: Readonly<Record<string, string>>;
}

export type Follow =
  | { readonly kind: 'Newest' }
  /** Stay with what is here. */
  | { readonly kind: 'Hold' }
  | { readonly kind: 'Pin'; readonly release: string };

/** What a Release must have proven. */
export interface EvidenceDemand {
  /** Range of versions of Kubernetes on which it must have passed. */
  readonly kubernetes: string | undefined;
  readonly minimumSoakMs: number;
  readonly minimumAgeMs: number;
  readonly tests: readonly string[];
}
