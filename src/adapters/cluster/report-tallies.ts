/** Fulfils the engine's ReportTallies with one ConfigMap for each Channel, which goes with it. */
import { noReports, type Tally } from '../../core/channel/outcome-report.ts';
import type { ChannelKey, ReportTallies } from '../../engine/ports/outcome-reports.ts';
import type { KubeClient } from '../../kube/client.ts';
import { apiVersionOf, type KubeObject } from '../../kube/objects.ts';
import { configMaps } from '../../kube/resource-types.ts';
import { channels, fieldManager } from './kinds.ts';

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const idBytes = 8;

export function createReportTallies(client: KubeClient): ReportTallies {
  return {
    async read(channel, signal) {
      const object = await client.find<ConfigMap>(configMaps, keyOf(channel), { signal });
      return decode(object?.data ?? {});
    },
    async write(channel, tallies, signal) {
      const owner = await client.find<KubeObject>(channels, channel, { signal });
      const uid = owner?.metadata.uid;
      if (uid === undefined) {
        return;
      }
      const ownerReferences = [{ apiVersion: apiVersionOf(channels), kind: channels.kind, name: channel.name, uid }];
      const metadata = { ...keyOf(channel), ownerReferences };
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: encode(tallies) };
      const options = { fieldManager, force: true, signal };
      await client.patch(configMaps, keyOf(channel), { kind: 'apply', body }, options);
    },
  };
}

function keyOf({ namespace, name }: ChannelKey) {
  return { namespace, name: `${name}-reports` };
}

/** Ids as bytes: 20,000 clusters take 210 kB of the megabyte that an object may have. */
function encode(tallies: ReadonlyMap<string, Tally>): Readonly<Record<string, string>> {
  const pack = (ids: ReadonlySet<string>) => Buffer.from([...ids].join(''), 'hex').toString('base64');
  return Object.fromEntries(
    [...tallies].flatMap(([release, { succeeded, wentBack }]) => [
      [`${release}.succeeded`, pack(succeeded)],
      [`${release}.went-back`, pack(wentBack)],
    ]),
  );
}

function decode(data: Readonly<Record<string, string>>): ReadonlyMap<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const [key, text] of Object.entries(data)) {
    const [, release, kind] = /^(.+)\.(succeeded|went-back)$/.exec(key) ?? [];
    if (release !== undefined) {
      const before = tallies.get(release) ?? noReports;
      const ids = unpack(text);
      tallies.set(release, kind === 'succeeded' ? { ...before, succeeded: ids } : { ...before, wentBack: ids });
    }
  }
  return tallies;
}

function unpack(text: string): ReadonlySet<string> {
  const bytes = Buffer.from(text, 'base64');
  const count = Math.floor(bytes.length / idBytes);
  return new Set(
    Array.from({ length: count }, (_, at) => bytes.subarray(at * idBytes, (at + 1) * idBytes).toString('hex')),
  );
}
