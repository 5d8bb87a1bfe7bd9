/** Whether so many clusters went back from the newest Release that no more shall take it. */
import type { ChannelSpec } from '../../core/channel/channel.ts';
import { isPastThreshold } from '../../core/channel/outcome-report.ts';
import type { Release } from '../../core/channel/release.ts';
import type { ChannelKey } from '../ports/outcome-reports.ts';
import type { ReportDesk } from './report-desk.ts';

/** Undefined: it spreads. Otherwise why not, for people. */
export async function findPause(
  reports: Pick<ReportDesk, 'tallyOf'>,
  {
    channel,
    spec,
    newest,
  }: { readonly channel: ChannelKey; readonly spec: ChannelSpec; readonly newest: string | undefined },
  signal: AbortSignal,
): Promise<string | undefined> {
  if (spec.reports === undefined || newest === undefined || spec.reports.unpaused.includes(newest)) {
    return undefined;
  }
  const tally = await reports.tallyOf(channel, newest, signal);
  const reported = tally.succeeded.size + tally.wentBack.size;
  return isPastThreshold(spec.reports.pauseAt, tally)
    ? `${tally.wentBack.size} of the ${reported} clusters that reported went back from ${newest}; withdraw it, release a newer one, or name it in spec.reports.unpaused`
    : undefined;
}

/** The one that spreads: withdrawn ones do not. */
export function newestRelease(spec: ChannelSpec, releases: readonly Release[]): string | undefined {
  const alive = releases.filter(({ name }) => !spec.deadEnds.some(({ release }) => release === name));
  return alive.toSorted((left, right) => left.sequence - right.sequence).at(-1)?.name;
}
