/** Finds which newer version of a Helm chart a policy takes. */
import type { ChartSource } from '../../core/app/sources.ts';
import { findMisfit } from '../../core/chart/chart-fit.ts';
import { describeChart } from '../../core/chart/chart-location.ts';
import { atChart, type ChartAccessContext } from '../chart-access.ts';
import type { ChartPlace } from '../ports/charts.ts';
import { chooseVersion, newestRunning, type Shelf } from './choose-version.ts';
import type { Detector, SourceRequest } from './finding.ts';

export interface ChartContext extends ChartAccessContext {
  /** E.g. `v1.31.2`. */
  readonly clusterVersion: (signal: AbortSignal) => Promise<string>;
}

export function detectChart(context: ChartContext, request: SourceRequest<ChartSource>): Detector {
  const { source, running, app } = request;
  const choice = { ...request, policy: source.policy };
  return {
    current: newestRunning(source.policy, running),
    ask: (signal) =>
      atChart(
        context,
        { namespace: app.namespace, source },
        (place) => chooseVersion(choice, shelfOf(context, source, place), signal),
        signal,
      ),
  };
}

function shelfOf({ charts, clusterVersion }: ChartContext, source: ChartSource, place: ChartPlace): Shelf {
  return {
    name: describeChart(source.location),
    noun: 'versions',
    listTags: (signal) => charts.listVersions(place, signal),
    async find(version, signal) {
      const found = await charts.findVersion(place, version, signal);
      if (found === undefined) {
        return { kind: 'Gone' };
      }
      const needsCluster = source.mustFitCluster && found.kubeVersion !== undefined;
      const reason = findMisfit(found, {
        appVersion: source.appVersion,
        clusterVersion: needsCluster ? await clusterVersion(signal) : undefined,
      });
      return reason === undefined ? { kind: 'There', digest: found.digest } : { kind: 'Unfit', reason };
    },
  };
}
