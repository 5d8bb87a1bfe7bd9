/** What the engine needs of Helm: its program, its releases, and the documents that hold values. */
import type { Fields } from '../../core/health/objects/fields.ts';
import type { Revision, RevisionMarks } from '../../core/helm/release.ts';
import type { StoredRelease } from '../../core/helm/stored-release.ts';
import type { Value, Values } from '../../core/helm/values.ts';
import type { ManifestObject } from '../../core/manifest/manifest-object.ts';

export interface ReleaseKey {
  readonly namespace: string;
  readonly name: string;
}

/** Releases as Helm stores them in Secrets. */
export interface HelmReleases {
  /** Newest first, from a watch of metadata that is opened on first use. */
  list(release: ReleaseKey, signal: AbortSignal): Promise<readonly Revision[]>;
  /** The same from the API server. */
  read(release: ReleaseKey, signal: AbortSignal): Promise<readonly Revision[]>;
  /**
   * What a revision holds; undefined when it is gone. The last ones read are kept, so that asking again costs nothing.
   *
   * @throws HELM_RELEASE_INVALID when it is not what Helm writes, or larger than the bounds
   */
  open(release: ReleaseKey, revision: Revision, signal: AbortSignal): Promise<StoredRelease | undefined>;
  /** Ends an operation that nobody works on any more: its revision becomes `failed`, with the reason. */
  unlock(release: ReleaseKey, revision: number, reason: string, signal: AbortSignal): Promise<void>;
}

/** A chart as Helm takes it. */
export type ChartContent =
  /** The archive (`.tgz`). */
  | { readonly kind: 'Archive'; readonly archive: Uint8Array }
  /** Files by their path within the chart. */
  | { readonly kind: 'Files'; readonly files: ReadonlyMap<string, string | Uint8Array> };

export interface ChartDefinitions {
  /**
   * The objects below crds/ of a chart, those of its subcharts included; nothing is rendered.
   *
   * @throws HELM_CHART_INVALID when it is no chart, OBJECT_INVALID when a file there holds no objects
   */
  read(chart: ChartContent): Promise<readonly ManifestObject[]>;
  /**
   * The CRDs among the objects that an upgrade makes of the templates of its chart; none where Helm cannot make any object of them, which
   * the upgrade itself says before it changes anything. Costs nothing where no file of the chart speaks of CRDs.
   *
   * @throws HELM_UNAVAILABLE when the program cannot be started, HELM_CHART_INVALID when the chart is no chart
   */
  render(
    release: ReleaseKey,
    upgrade: Extract<HelmOperation, { kind: 'Upgrade' }>,
    signal: AbortSignal,
  ): Promise<readonly ManifestObject[]>;
}

interface OperationOptions {
  /** Time for each hook, and at most for the whole a minute more. */
  readonly timeoutMs: number;
  /** ServiceAccount of the release's namespace that Helm acts as. */
  readonly serviceAccount: string | undefined;
}

export type HelmOperation =
  | (OperationOptions & {
      readonly kind: 'Upgrade';
      readonly chart: ChartContent;
      readonly values: Values;
      /** Texts that must not be seen in what Helm says. */
      readonly secrets: readonly string[];
      readonly marks: RevisionMarks;
      /** Text of a kustomization that the rendered objects go through. */
      readonly kustomization: string | undefined;
      readonly maxHistory: number;
      /** Which CRDs of the chart are put in place before. */
      readonly crds: 'Skip' | 'Create' | 'CreateReplace';
    })
  | (OperationOptions & {
      readonly kind: 'Rollback';
      readonly revision: number;
      readonly maxHistory: number;
      /** CRDs of that revision's chart to put back before; none where the App leaves them alone. */
      readonly crds: readonly string[];
    })
  | (OperationOptions & { readonly kind: 'Uninstall' })
  | (OperationOptions & {
      readonly kind: 'Test';
      /** Whether what the pods of the tests wrote is wanted too. That it cannot be had is told in the log, and fails no test. */
      readonly logs: boolean;
      /** Texts that must not be seen in what Helm and the tests say. */
      readonly secrets: readonly string[];
    });

/** What Helm said besides the message. */
interface Said {
  /** All of it that is worth keeping, bounded, texts from Secrets taken out; empty when the message says enough. */
  readonly log: string;
  /** Where it is kept, for people; undefined where it is not. */
  readonly keptIn?: string;
}

export type HelmResult =
  | ({ readonly kind: 'Done' } & Said)
  /** Helm ended with an error. */
  | ({ readonly kind: 'Failed'; readonly message: string } & Said)
  /** It was ended because it went beyond a bound. */
  | ({ readonly kind: 'OutOfBounds'; readonly message: string } & Said)
  /** It ended without a word of its own: killed by somebody, or the API server was not there. */
  | { readonly kind: 'Interrupted'; readonly message: string };

export type OperationState = { readonly kind: 'Running'; readonly since: Date } | HelmResult;

/** Operations run beside the passes over Updates; one at a time for each release. */
export interface HelmOperations {
  /**
   * Begins an operation under an id, or finds the one that was begun under it, and waits a moment for its end.
   * When it ends later, whoever it was begun for is woken.
   */
  run(id: OperationId, operation: () => Promise<HelmOperation>, signal: AbortSignal): Promise<OperationState>;
  /** What became of an operation of this process; undefined where it began none under this id. */
  find(id: OperationId): OperationState | undefined;
  /** Forgets the operations of an Update; one that runs is ended. */
  forget(update: OperationId['update']): void;
}

export interface HelmRehearsals {
  /**
   * Renders an upgrade by Helm and has the API server say what it would answer to each object; nothing is changed, and no hook runs.
   * What is wrong with the chart itself is no refusal: Helm says it before it changes anything.
   *
   * @throws HELM_UNAVAILABLE when the program cannot be started
   */
  rehearse(
    release: ReleaseKey,
    upgrade: Extract<HelmOperation, { kind: 'Upgrade' }>,
    signal: AbortSignal,
  ): Promise<Rehearsed>;
}

export interface Rehearsed {
  /** One sentence each. */
  readonly refusals: readonly string[];
  /** Deployments, StatefulSets and DaemonSets as they would be. */
  readonly workloads: readonly Fields[];
}

export interface OperationId {
  readonly release: ReleaseKey;
  readonly update: { readonly namespace: string; readonly name: string };
  /** What it is of the Update's, e.g. `apply`; another one is another operation. */
  readonly step: string;
}

/** Where an App's values come from besides the App. */
export interface ValueDocument {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
}

export type ParsedValues =
  | { readonly kind: 'Value'; readonly value: Value }
  | { readonly kind: 'Problem'; readonly problem: string };

export interface ValueDocuments {
  /** Keys and texts of a document, from a watch that is opened on first use; undefined when there is none. */
  find(
    watcher: string,
    namespace: string,
    document: ValueDocument,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string> | undefined>;
  /** A text as a values file is read. */
  parse(text: string): ParsedValues;
  /** Ends the watches that only this watcher had asked for. */
  unwatch(watcher: string): void;
}
