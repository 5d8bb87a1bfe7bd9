/**
 * What the annotations and labels of other updaters ask for, in the words of an App. Pure: one file per system reads its
 * marks, resources/adopted-app.ts writes the App.
 */
import type { Container } from '../workload/workload.ts';

/** Whose marks are read; where a workload has those of several, the first of this list counts. */
export const adoptableSystems = ['keel', 'flux', 'imago'] as const;

export type AdoptableSystem = (typeof adoptableSystems)[number];

type Marks = Readonly<Record<string, string>>;

/** The part of a workload that marks are read from. */
export interface MarkedWorkload {
  readonly annotations: Marks;
  readonly labels: Marks;
  readonly containers: readonly Container[];
}

/** One of these, as under `policy` of an App's source. */
export interface FollowedPolicy {
  readonly keel?: { readonly policy: string; readonly matchTag: boolean; readonly matchPreRelease: boolean };
  readonly digest?: { readonly tag: string };
  readonly semver?: { readonly range: string };
  readonly regexp?: { readonly pattern: string };
  readonly glob?: { readonly pattern: string };
}

/** A container that is to be kept up to date. */
export interface FollowedContainer {
  readonly name: string;
  /** Without tag and digest, spelled as the workload does. */
  readonly repository: string;
  readonly policy: FollowedPolicy;
}

/** What makes an App look at its registries. */
export type CheckTrigger =
  | { readonly kind: 'Interval' }
  | { readonly kind: 'Schedule'; readonly cron: string }
  | { readonly kind: 'Webhook' };

export interface Adoption {
  readonly system: AdoptableSystem;
  /** One sentence each: which mark, its value, what would be right. Non-empty: the App must hold still and say so. */
  readonly problems: readonly string[];
  readonly followed: readonly FollowedContainer[];
  readonly trigger: CheckTrigger;
  /** Why it must not move although it is followed; undefined when nothing keeps it. */
  readonly locked: boolean;
  readonly pullSecret?: string | undefined;
  readonly approvals?: { readonly required: number; readonly deadlineHours: number } | undefined;
  readonly notify?: readonly string[] | undefined;
  readonly releaseNotes?: string | undefined;
  /** An annotation that the system itself would have brought up to date by now. */
  readonly annotation?: { readonly key: string; readonly value: string } | undefined;
}
