/** Finds which newer version of a Helm chart a policy takes. */
import type { ChartSource } from '../../core/app/sources.ts';
import { findMisfit } from '../../core/chart/chart-fit.ts';
import { describeChart } from '../../core/chart/chart-location.ts';
import { readTime } from '../../core/image/created.ts';
import { atChart, type ChartAccessContext } from '../chart-access.ts';
import type { ChartPlace } from '../ports/charts.ts';
import { chooseVersion } from './choose-version.ts';
import type { Detector, Obstacle, SourceRequest } from './finding.ts';
import { judgeProvenance, type ProvenanceContext } from './judge-provenance.ts';
import { judgeSignatures, type SignatureContext } from './judge-signatures.ts';
import { newestRunning } from './offered-tags.ts';
import type { Shelf, ShelfVersion } from './shelf.ts';

export interface ChartContext extends ChartAccessContext, SignatureContext, ProvenanceContext {
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
        (place) => chooseVersion(choice, shelfOf(context, request, place), signal),
        signal,
      ),
  };
}

function shelfOf(context: ChartContext, { app, source }: SourceRequest<ChartSource>, place: ChartPlace): Shelf {
  const { charts, clusterVersion } = context;
  const question = { namespace: app.namespace, place, source };
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
    findCreated: async ({ tag }, signal) => readTime((await charts.findVersion(place, tag, signal))?.created),
    findUnsigned: async (version, signal) =>
      (await judgeCosign(context, question, version, signal)) ??
      (await judgeProvenance(context, question, version, signal)),
  };
}

/** Signatures of cosign are in registries, beside the manifest of the chart. */
async function judgeCosign(
  context: SignatureContext,
  {
    namespace,
    place,
    source,
  }: { readonly namespace: string; readonly place: ChartPlace; readonly source: ChartSource },
  version: ShelfVersion,
  signal: AbortSignal,
): Promise<Obstacle | undefined> {
  const { location, access } = place;
  if (location.kind === 'Index') {
    return undefined;
  }
  const where = { repository: location.repository, access };
  return await judgeSignatures(context, { namespace, place: where, policy: source.verify }, version, signal);
}
