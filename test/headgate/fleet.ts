/** A hub and a cluster that subscribes, as stories about a fleet have them: their objects, and what is seen of them. */
import { apps, channels, type ProductObject, releases, subscriptions } from '../../src/adapters/cluster/kinds.ts';
import { deployments } from '../../src/kube/resource-types.ts';
import { decodeChannel } from '../../src/resources/channel/decode-channel.ts';
import { decodeReleaseObject, type ReleaseObjectWire } from '../../src/resources/channel/decode-release.ts';
import { decodeSubscription, type SubscriptionObjectWire } from '../../src/resources/channel/decode-subscription.ts';
import type { DeploymentObject } from './objects.ts';
import { showsOrders } from './orders.ts';
import { type Sight, untilObject } from './sight.ts';

const deadlineMs = 300_000;

/**
 * App web, which is a chart.
 *
 * @param serviceAccountName in whose name Helm works; with Headgate's own rights when absent
 */
export async function putWebApp(
  { client, namespace }: Sight,
  charts: string,
  serviceAccountName?: string,
): Promise<void> {
  const actor = serviceAccountName === undefined ? {} : { serviceAccountName };
  await client.create<ProductObject>(apps, {
    metadata: { name: 'web', namespace, labels: { channel: 'stable' } },
    spec: {
      interval: '5s',
      sources: [{ name: 'web', chart: { repository: charts, name: 'web', insecure: true } }],
      deploy: { helm: { chart: { source: 'web' }, ...actor } },
      health: { timeout: '20s', stableFor: '1s' },
    },
  });
}

/** Channel `stable`: Apps with its label, one test over all of them, and a rollout that stops when one cluster went back. */
export async function putChannel({ client, namespace }: Sight): Promise<void> {
  await client.create<ProductObject>(channels, {
    metadata: { namespace, name: 'stable' },
    spec: {
      apps: { matchLabels: { channel: 'stable' } },
      gather: '10s',
      tests: [showsOrders],
      publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } },
      reports: { pauseAt: { failures: 1, percent: 0 } },
    },
  });
}

export interface ChannelAddresses {
  readonly url: string;
  readonly reports: string;
}

/** A cluster whose web is dark, and twice. */
export async function subscribe({ client, namespace }: Sight, { url, reports }: ChannelAddresses): Promise<void> {
  await client.create<ProductObject>(subscriptions, {
    metadata: { namespace, name: 'stable' },
    spec: {
      ...{ url, trustedRoot: { name: 'stable-root' }, interval: '10s', report: { url: reports } },
      overlay: [{ app: 'web', values: { theme: 'dark' }, replicas: [{ name: 'web', count: 2 }] }],
    },
  });
}

/** Every Update that begins from now on waits for it. */
export async function setWindow({ client, namespace }: Sight, opens: Date): Promise<void> {
  const at = [opens.getUTCSeconds(), opens.getUTCMinutes(), opens.getUTCHours(), opens.getUTCDate()];
  const windows = [{ kind: 'Allow', cron: `${at.join(' ')} * *`, duration: '8h' }];
  const patch = { kind: 'merge', body: { spec: { gates: { windows } } } } as const;
  await client.patch(subscriptions, { namespace, name: 'stable' }, patch);
}

export async function untilReleased(stage: Sight, name: string): Promise<ReleaseObjectWire> {
  const { client, namespace } = stage;
  await untilObject<ProductObject>(stage, channels, {
    what: `${name} is released`,
    name: 'stable',
    matches: (object) => decodeChannel(object, 'Channel').status?.release === name,
    deadlineMs,
  });
  return decodeReleaseObject(await client.get<ProductObject>(releases, { namespace, name }), name);
}

/** Versions of the Apps in a Release. */
export function versionsIn({ spec }: ReleaseObjectWire): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(spec.apps.map((app) => [app.name, app.versions[0]?.tag]));
}

type SubscriptionStatus = NonNullable<SubscriptionObjectWire['status']>;

export async function untilSubscribed(
  stage: Sight,
  what: string,
  matches: (status: SubscriptionStatus) => boolean,
): Promise<void> {
  await untilObject<ProductObject>(stage, subscriptions, {
    ...{ what, name: 'stable', deadlineMs },
    matches: (object) => matches(decodeSubscription(object, 'Subscription').status ?? {}),
  });
}

export const untilRuns = (stage: Sight, name: string): Promise<void> =>
  untilSubscribed(stage, `${name} runs`, ({ release, waiting }) => release === name && waiting?.reason === 'UpToDate');

/** What the hub says of why its rollout is paused. */
export async function untilPaused(stage: Sight): Promise<string> {
  const waiting = (object: ProductObject) => decodeChannel(object, 'Channel').status?.waiting;
  const channel = await untilObject<ProductObject>(stage, channels, {
    what: 'the rollout is paused',
    name: 'stable',
    matches: (object) => waiting(object)?.reason === 'RolloutPaused',
  });
  return waiting(channel)?.message ?? '';
}

/** Which theme web is told, and how many of its pods are available. */
export async function webOf({ client, namespace }: Sight) {
  const object = await client.get<DeploymentObject>(deployments, { namespace, name: 'web' });
  return { theme: JSON.stringify(object).match(/"name":"THEME","value":"(\w+)"/)?.[1], ...object.status };
}
