/** The watched copies of the runtime and what may be done with them, as the API has it. */
import { createDirectChannels } from '../../adapters/cluster/channels.ts';
import { createPodReports } from '../../adapters/cluster/pod-reports.ts';
import { type ActionContext, createActions } from '../../engine/act/actions.ts';
import { readEvidence } from '../../engine/channel/read-evidence.ts';
import type { ReportDesk } from '../../engine/channel/report-desk.ts';
import { explainSources } from '../../engine/check/explain-sources.ts';
import type { ActionListener } from '../../engine/ports/action-listener.ts';
import type { ChannelPublishers } from '../../engine/ports/channels.ts';
import type { KubeClient } from '../../kube/client.ts';
import { readAppSpec } from '../../resources/app/decode-app.ts';
import { journalOf } from '../../resources/update/decode-update.ts';
import type { ApiBackend } from '../../server/api/backend.ts';
import type { WebhookTargets } from '../../server/webhooks.ts';
import type { Caches } from '../caches.ts';
import type { WatchedChannels } from '../channels/channel-watches.ts';

interface EvidenceParts {
  readonly reports: Pick<ReportDesk, 'tallyOf'>;
  readonly publishers: ChannelPublishers;
}

export interface BackendParts {
  readonly caches: Caches;
  readonly channels: { readonly watched: WatchedChannels } & EvidenceParts;
  readonly context: Omit<ActionContext, 'checkNow' | 'actionListener' | 'channels'> & { readonly client: KubeClient };
  readonly webhooks: Pick<WebhookTargets, 'wakeApp'>;
  readonly repositories: ApiBackend['repositories'];
}

/** What the API needs besides; nothing is told or known of it when absent. */
export interface ApiHooks {
  readonly actionListener?: ActionListener;
  /** What is left of the budgets of registries. */
  readonly registryHosts?: ApiBackend['registryHosts'];
}

export function createApiBackend(
  { caches, channels, context, webhooks, repositories }: BackendParts,
  { actionListener = { actionDone: () => undefined }, registryHosts = () => [] }: ApiHooks = {},
): ApiBackend {
  const { records } = context;
  return {
    listApps: caches.apps.listAll,
    findApp: records.findApp,
    listUpdates: caches.updates.listAll,
    updatesOf: records.listUpdates,
    findUpdate: records.findUpdate,
    listRejections: caches.rejections.listAll,
    findWorkload: ({ kind, namespace, name }) => caches.workloads[kind].find(namespace, name),
    listChannels: channels.watched.channels.listAll,
    listReleases: channels.watched.releases.listAll,
    listSubscriptions: channels.watched.subscriptions.listAll,
    ...createReleaseTales(channels),
    registryHosts,
    repositories,
    actions: createActions({
      ...context,
      channels: createDirectChannels(context.client),
      actionListener,
      checkNow: ({ namespace, name }) => webhooks.wakeApp(namespace, name),
    }),
    pods: createPodReports(context.client),
    standingOf: async (app, signal) => {
      const spec = readAppSpec(app);
      return spec.kind === 'Valid'
        ? await context.deployers[spec.value.deploy.kind].standing?.(app, spec.value, signal)
        : undefined;
    },
    changesOf: async (update, signal) => {
      const { plan } = journalOf(update, context.clock.now());
      return plan && (await context.deployers[plan.kind].changes?.(update, signal));
    },
    candidatesOf: (app, signal) => explainSources(context, app, signal),
  };
}

/** What is known of a Release besides the object itself. */
function createReleaseTales({
  watched,
  reports,
  publishers,
}: BackendParts['channels']): Pick<ApiBackend, 'reportsOf' | 'evidenceOf'> {
  return {
    async reportsOf(channel, release, signal) {
      const { succeeded, wentBack } = await reports.tallyOf(channel, release, signal);
      return { succeeded: succeeded.size, wentBack: wentBack.size };
    },
    async evidenceOf(release, signal) {
      const channel = watched.channels.find(release.metadata.namespace, release.spec.channel);
      return channel && (await readEvidence(publishers, { channel, release }, signal));
    },
  };
}
