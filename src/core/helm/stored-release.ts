/** One revision of a release with all that Helm stores of it, as far as it is used here. */
import type { Fields } from '../health/objects/fields.ts';
import type { RevisionStatus } from './release.ts';
import type { Values } from './values.ts';

export interface StoredRelease {
  readonly number: number;
  readonly status: RevisionStatus;
  readonly description: string;
  readonly notes: string;
  readonly chart: StoredChart;
  /** The values that were given, without the chart's own. */
  readonly values: Values;
  /** Everything but hooks. */
  readonly objects: readonly StoredObject[];
  readonly hooks: readonly StoredHook[];
}

export interface StoredObject {
  readonly apiVersion: string;
  readonly group: string;
  readonly kind: string;
  /** Empty where it names none: then it is the release's, or it is of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly object: Fields;
}

export interface StoredChart {
  readonly name: string;
  readonly version: string;
  readonly appVersion: string | undefined;
  /** Chart.yaml as data. */
  readonly metadata: Values;
  readonly values: Values;
  /** Text of values.schema.json; empty where there is none. */
  readonly schema: string;
  /** Templates and other files by their path within the chart. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Helm stores a chart without the charts it depends on. */
  readonly dependencies: readonly string[];
}

export interface StoredHook {
  readonly name: string;
  readonly kind: string;
  readonly events: readonly string[];
  readonly lastRun: 'Unknown' | 'Running' | 'Succeeded' | 'Failed' | undefined;
}

/** Whether the chart has tests, and how they ended when they last ran. */
export function testVerdict({ hooks }: StoredRelease): 'None' | 'Untested' | 'Succeeded' | 'Failed' {
  const tests = hooks.filter((hook) => hook.events.includes('test'));
  if (tests.length === 0) {
    return 'None';
  }
  if (tests.some((test) => test.lastRun === 'Failed')) {
    return 'Failed';
  }
  return tests.every((test) => test.lastRun === 'Succeeded') ? 'Succeeded' : 'Untested';
}

/** Whether a test of the chart is a pod itself: of those alone, not of the pods of Jobs, Helm shows what they wrote. */
export function hasTestPods({ hooks }: StoredRelease): boolean {
  return hooks.some(({ kind, events }) => kind === 'Pod' && events.includes('test'));
}

/** The hooks that ran, for the record: `pre-upgrade Job/migrate Succeeded`. */
export function describeHooks({ hooks }: StoredRelease): readonly string[] {
  return hooks
    .filter((hook) => hook.lastRun !== undefined && !hook.events.includes('test'))
    .map((hook) => `${hook.events.join(', ')} ${hook.kind}/${hook.name} ${hook.lastRun}`);
}
