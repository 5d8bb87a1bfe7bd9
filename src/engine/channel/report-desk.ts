/** Where the hub takes the reports of clusters: counted in memory, kept a moment later, so that many reports are few writes. */

import type { ReportSettings } from '../../core/channel/channel.ts';
import {
  countReport,
  isPastThreshold,
  noReports,
  type OutcomeReport,
  type Tally,
} from '../../core/channel/outcome-report.ts';
import type { ChannelKey, ReportTallies } from '../ports/outcome-reports.ts';

export interface ReportDeskOptions {
  readonly tallies: ReportTallies;
  /** Undefined: there is no such Channel, or it takes no reports. */
  readonly settingsOf: (channel: ChannelKey) => ReportSettings | undefined;
  /** Names of what is published of the Channel, the newest first. */
  readonly releasesOf: (channel: ChannelKey) => readonly string[];
  /** So many clusters went back that the Channel has to be published anew. */
  readonly onPast: (channel: ChannelKey) => void;
  readonly onError: (error: unknown) => void;
  /** Calls back after a moment. */
  readonly later: (act: () => void) => void;
  readonly signal: AbortSignal;
}

export type Reception = 'Taken' | 'Unknown';

export interface ReportDesk {
  /** @param cluster id of who signed it */
  take(channel: ChannelKey, report: OutcomeReport, cluster: string): Promise<Reception>;
  /** The newest Releases alone; none before anything was reported since this process began to lead. */
  tallyOf(channel: ChannelKey, release: string, signal: AbortSignal): Promise<Tally>;
  /** Writes what is not kept yet. */
  flush(): Promise<void>;
}

/** Of a Channel; older ones are no longer spread. */
const keptReleases = 3;

interface Known {
  tallies: Map<string, Tally>;
  isDirty: boolean;
}

export function createReportDesk(options: ReportDeskOptions): ReportDesk {
  const known = new Map<string, Promise<Known>>();
  let isDue = false;
  const load = (channel: ChannelKey, signal: AbortSignal): Promise<Known> => {
    const key = `${channel.namespace}/${channel.name}`;
    const loaded =
      known.get(key) ??
      options.tallies.read(channel, signal).then((tallies) => ({ tallies: new Map(tallies), isDirty: false }));
    known.set(key, loaded);
    loaded.catch(() => known.delete(key));
    return loaded;
  };
  const flush = async () => {
    isDue = false;
    for (const [key, loading] of known) {
      const one = await loading;
      if (one.isDirty) {
        one.isDirty = false;
        const [namespace = '', name = ''] = key.split('/');
        await options.tallies.write({ namespace, name }, one.tallies, options.signal).catch((error: unknown) => {
          one.isDirty = true;
          options.onError(error);
        });
      }
    }
  };
  const flushLater = () => {
    if (!isDue) {
      isDue = true;
      options.later(() => void flush().catch(options.onError));
    }
  };
  return {
    async take(channel, report, cluster) {
      const settings = options.settingsOf(channel);
      const releases = options.releasesOf(channel).slice(0, keptReleases);
      if (settings === undefined || report.channel !== channel.name || !releases.includes(report.release)) {
        return 'Unknown';
      }
      const one = await load(channel, options.signal);
      const before = one.tallies.get(report.release) ?? noReports;
      const after = countReport(before, cluster, report.outcome);
      if (after !== before) {
        one.tallies = new Map([...one.tallies].filter(([release]) => releases.includes(release)));
        one.tallies.set(report.release, after);
        one.isDirty = true;
        flushLater();
        if (isPastThreshold(settings.pauseAt, after) && !isPastThreshold(settings.pauseAt, before)) {
          options.onPast(channel);
        }
      }
      return 'Taken';
    },
    async tallyOf(channel, release, signal) {
      return (await load(channel, signal)).tallies.get(release) ?? noReports;
    },
    flush,
  };
}
