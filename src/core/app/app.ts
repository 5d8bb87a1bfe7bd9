/** What an App asks for, decoded and checked; the wire form is resources/app.ts. */
import type { AppTest } from '../app-test/app-test.ts';
import type { Backup, Rollback } from '../checkpoint/backup.ts';
import type { Gates } from '../gates/gates.ts';
import type { HealthCheck } from '../health/objects/health-checks.ts';
import type { HelmDeploy } from '../helm/helm-deploy.ts';
import type { Repository } from '../image/reference.ts';
import type { Channel } from '../notify/notice.ts';
import type { ImagePolicy } from '../policy/policy.ts';
import type { Schedule } from '../schedule/next-time.ts';
import type { SignaturePolicy } from '../signature/signature-policy.ts';
import type { UpdateSettings } from '../update/next-step.ts';
import type { GitDeploy } from './git-deploy.ts';
import type { FolderSource, ManifestsDeploy } from './manifests-deploy.ts';
import type { ObjectField } from './object-field.ts';
import { type ArtifactSource, type ChartSource, type GitSource, locationOfSource } from './sources.ts';
import type { WorkloadTarget } from './workload-target.ts';

export interface AppSpec {
  readonly intervalMs: number;
  readonly checks: CheckTimes;
  readonly suspend: boolean;
  readonly sources: readonly Source[];
  readonly deploy: Deploy;
  readonly update: UpdateSettings;
  /** How objects of some kinds are judged, instead of by the rules for all. */
  readonly healthChecks: readonly HealthCheck[];
  readonly tests: readonly AppTest[];
  readonly gates: Gates;
  /** What is kept before a change; undefined: nothing. */
  readonly backup: Backup | undefined;
  readonly rollback: Rollback;
  readonly notify: Notify;
  /** Ended Updates kept as history. */
  readonly historyLimit: number;
}

/** What makes an App look at its sources; webhooks always do. */
export type CheckTimes =
  | { readonly kind: 'Interval' }
  | { readonly kind: 'Schedule'; readonly text: string; readonly schedule: Schedule }
  | { readonly kind: 'Webhook' };

/** Who is told of Updates. */
export interface Notify {
  /** Channels of its own, besides those for all Apps that it names. */
  readonly to: readonly Channel[];
  readonly channels: readonly string[];
  readonly releaseNotes: string | undefined;
}

/** What can have a new version. */
export type Source = ImageSource | ChartSource | GitSource | ArtifactSource | FolderSource;

/** How a new version is put in place. */
export type Deploy = WorkloadsDeploy | HelmDeploy | PatchDeploy | ManifestsDeploy | GitDeploy;

export type DeployKind = Deploy['kind'];

export interface ImageSource {
  readonly kind: 'Image';
  readonly name: string;
  /** As the App writes it. */
  readonly repositoryText: string;
  readonly repository: Repository;
  readonly policy: ImagePolicy;
  readonly insecure: boolean;
  /** Secret with registry credentials, in the App's namespace. */
  readonly pullSecret: string | undefined;
  /** Secret with `ca.crt`, in the App's namespace. */
  readonly caSecret: string | undefined;
  /** Whose signatures a version needs; undefined: nobody's. */
  readonly verify: SignaturePolicy | undefined;
}

export interface WorkloadsDeploy {
  readonly kind: 'Workloads';
  readonly targets: readonly WorkloadTarget[];
  /** How the new image is written: `repo:tag@sha256:...`, or `repo:tag`. */
  readonly imageReference: 'Digest' | 'Tag';
  /** Whether both versions are written into `kubernetes.io/change-cause`. */
  readonly changeCause: boolean;
}

/** Fields of objects of any kind, whose own controllers do the rest. */
export interface PatchDeploy {
  readonly kind: 'Patch';
  readonly targets: readonly ObjectField[];
  /** With whose rights; Headgate's own when undefined. */
  readonly serviceAccount: string | undefined;
}

/** Where the versions of a source come from, as the App writes it; what Updates and Rejections show. */
export function locationOf(source: Source): string {
  switch (source.kind) {
    case 'Image':
      return source.repositoryText;
    case 'Folder':
      return `folder ${source.path}`;
    case 'Chart':
    case 'Git':
    case 'Artifact':
      return locationOfSource(source);
  }
}
