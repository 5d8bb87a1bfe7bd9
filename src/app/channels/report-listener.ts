/** Reports of outcomes at work in the hub: what is counted, and the port that takes them. */
import { openReport } from '../../adapters/channel/signed-report.ts';
import { createReportTallies } from '../../adapters/cluster/report-tallies.ts';
import type { ChannelSpec } from '../../core/channel/channel.ts';
import { describeError, isOperationError, OperationError } from '../../core/errors.ts';
import { createReportDesk, type ReportDesk } from '../../engine/channel/report-desk.ts';
import type { Channels } from '../../engine/ports/channels.ts';
import type { ChannelKey } from '../../engine/ports/outcome-reports.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { secrets } from '../../kube/resource-types.ts';
import { decodeChannelSpec } from '../../resources/channel/decode-channel.ts';
import { createReportServer } from '../../server/reports.ts';
import type { Logger } from '../../telemetry/log.ts';
import { parseListenAddress } from '../listeners/listen-address.ts';

export interface ReportsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly channels: Channels;
  /** Undefined: nobody may report. */
  readonly listen: string | undefined;
  readonly log: Logger;
  /** So many clusters went back that the Channel has to be published anew. */
  readonly onPast: (channel: ChannelKey) => void;
  /** Where it listens. */
  readonly onListening?: ((address: string) => void) | undefined;
  readonly signal: AbortSignal;
}

export interface Reports {
  readonly desk: ReportDesk;
  close(): Promise<void>;
}

interface SecretObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const flushAfterMs = 1_000;

/** Listens at once, where it is wished. @throws USAGE for an address that is none */
export function openReports(options: ReportsOptions): Reports {
  const { client, channels, log, signal } = options;
  const settingsOf = (channel: ChannelKey) => specOf(channels, channel)?.reports;
  const onError = (error: unknown) => log.warn('reports were not kept', { error: describeError(error) });
  const desk = createReportDesk({
    tallies: createReportTallies(client),
    settingsOf,
    releasesOf: (channel) => releasesOf(channels, channel),
    onPast: options.onPast,
    onError,
    later: (act) => void setTimeout(act, flushAfterMs).unref(),
    signal,
  });
  if (options.listen === undefined) {
    return { desk, close: () => Promise.resolve() };
  }
  const listen = parseListenAddress(options.listen, '--report-listen');
  const server = createReportServer({
    log,
    nowMs: () => options.clock.now().getTime(),
    tokenOf: async (channel) => await readToken(client, channel, settingsOf(channel)?.tokenSecret, signal),
    async take(channel, body) {
      const { report, cluster } = openReport(body);
      return await desk.take(channel, report, cluster);
    },
  });
  server.listen(listen).then(
    (address) => {
      log.info('taking reports of clusters', { address });
      options.onListening?.(address);
    },
    (error: unknown) => log.error('reports cannot be taken', { error: describeError(error) }),
  );
  return {
    desk,
    async close() {
      await server.close();
      await desk.flush().catch(onError);
    },
  };
}

function specOf(channels: Channels, { namespace, name }: ChannelKey): ChannelSpec | undefined {
  const channel = channels.find(namespace, name);
  try {
    return channel && decodeChannelSpec(channel);
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never') {
      return undefined;
    }
    throw error;
  }
}

function releasesOf(channels: Channels, { namespace, name }: ChannelKey): readonly string[] {
  const channel = channels.find(namespace, name);
  const releases = channel === undefined ? [] : channels.listReleases(channel);
  return releases
    .toSorted((left, right) => right.spec.sequence - left.spec.sequence)
    .map(({ metadata }) => metadata.name);
}

async function readToken(
  client: KubeClient,
  { namespace }: ChannelKey,
  name: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (name === undefined) {
    return undefined;
  }
  const secret = await client.find<SecretObject>(secrets, { namespace, name }, { signal });
  const token = secret?.data?.['token'];
  if (token === undefined) {
    throw new OperationError(
      `spec.reports.secretRef: Secret "${name}" in namespace "${namespace}" has no entry "token"`,
      {
        code: 'SECRET_INVALID',
        retry: 'backoff',
      },
    );
  }
  return Buffer.from(token, 'base64').toString('utf8').trim();
}
