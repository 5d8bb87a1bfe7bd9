/** The status of an App, whole, from what a check said. */
import { type AppState, judgeApp } from '../../core/app/app-state.ts';
import type { PassedOver } from '../../core/policy/passed-over.ts';
import type { FirstSeen } from '../../core/policy/requirements.ts';
import type { Version } from '../../core/update/version-change.ts';
import { drillCondition } from '../checkpoint/drill-codec.ts';
import { setConditions } from '../conditions.ts';
import { encodeWaiting } from '../update/decode-update.ts';
import type { AppObjectWire } from './decode-app.ts';
import { encodeFirstSeen } from './first-seen.ts';

export interface AppReport {
  readonly state: AppState;
  readonly sources: readonly {
    readonly name: string;
    readonly current: Version;
    readonly available: Version | undefined;
    readonly firstSeen?: readonly FirstSeen[] | undefined;
    readonly passedOver?: PassedOver | undefined;
  }[];
  /** `Kind/name`. */
  readonly workloads: readonly string[];
  readonly update: string | undefined;
}

/** As many as the schema takes; an App of more is looked after all the same. */
const maxWorkloads = 1_000;

/** Equal to the status before when nothing has changed, so that nothing need be written. */
export function appStatusOf(app: AppObjectWire, report: AppReport, now: Date): NonNullable<AppObjectWire['status']> {
  const generation = app.metadata.generation ?? 0;
  const { waiting, ready, reconciling, stalled } = judgeApp(report.state);
  const said = { reason: waiting.reason, message: waiting.message };
  const conditions = setConditions(
    app.status?.conditions,
    {
      Ready: { status: ready, ...said },
      ...(reconciling ? { Reconciling: { status: 'True' as const, ...said } } : {}),
      ...(stalled ? { Stalled: { status: 'True' as const, ...said } } : {}),
    },
    generation,
    now,
  );
  const firstSeen = encodeFirstSeen(app, report.sources);
  const available = report.sources.flatMap((source) => (source.available ? [source.available] : []));
  return {
    observedGeneration: generation,
    conditions: [...conditions, ...drillCondition(app, app.status?.drill, now)],
    waiting: encodeWaiting(waiting),
    sources: report.sources.map((source) => ({
      name: source.name,
      current: encodeVersion(source.current),
      ...(source.available === undefined ? {} : { available: encodeVersion(source.available) }),
      ...encodePassedOver(app, source),
    })),
    workloads: report.workloads.slice(0, maxWorkloads),
    ...(firstSeen === undefined ? {} : { firstSeen }),
    current: report.sources.map((source) => sayVersion(source.current)).join(', '),
    available: available.map(sayVersion).join(', '),
    ...(available.length > 0 && { availableSince: app.status?.availableSince ?? now.toISOString() }),
    ...(report.update === undefined ? {} : { update: report.update }),
    ...(app.status?.actions === undefined ? {} : { actions: app.status.actions }),
    ...(app.status?.drill === undefined ? {} : { drill: app.status.drill }),
  };
}

type SourceStatus = NonNullable<NonNullable<AppObjectWire['status']>['sources']>[number];

/** Where nobody looked, what was said before still holds. */
function encodePassedOver(
  { status }: AppObjectWire,
  { name, passedOver }: AppReport['sources'][number],
): Pick<SourceStatus, 'passedOver' | 'passedOverCount'> {
  if (passedOver === undefined) {
    const { passedOver: versions, passedOverCount: count } = status?.sources?.find((one) => one.name === name) ?? {};
    return { ...(versions && { passedOver: versions }), ...(count !== undefined && { passedOverCount: count }) };
  }
  const { versions, count } = passedOver;
  return count === 0
    ? {}
    : {
        passedOver: versions.map(({ tag, reason, message }) => ({
          tag: tag.slice(0, longestTag),
          reason,
          message: message.slice(0, longestReason),
        })),
        passedOverCount: count,
      };
}

/** As the schema has it. */
const longestTag = 256;
const longestReason = 1_024;

/** Tag where there is one, else the digest, short. */
export function sayVersion(version: Version): string {
  const shortDigest = 19;
  return version.tag ?? version.digest?.slice(0, shortDigest) ?? '';
}

export function encodeVersion(version: Version): { tag?: string; digest?: string } {
  return {
    ...(version.tag === undefined ? {} : { tag: version.tag }),
    ...(version.digest === undefined ? {} : { digest: version.digest }),
  };
}
