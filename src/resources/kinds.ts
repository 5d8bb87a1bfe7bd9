/** Every kind of the API group, with its names and what `kubectl get` shows of it. */
import { AppSpecSchema, AppStatusSchema } from './app/app.ts';
import { ChannelSpecSchema, ChannelStatusSchema } from './channel/channel.ts';
import { ReleaseSpecSchema, ReleaseStatusSchema } from './channel/release.ts';
import { SubscriptionSpecSchema, SubscriptionStatusSchema } from './channel/subscription.ts';
import type { KindDefinition, PrinterColumn } from './kind.ts';
import { group, version } from './schema-parts.ts';
import { RejectionSpecSchema } from './update/rejection.ts';
import { UpdateSpecSchema, UpdateStatusSchema } from './update/update.ts';

const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

export const appKind: KindDefinition = {
  group,
  version,
  kind: 'App',
  plural: 'apps',
  shortNames: [],
  description: 'An application that Headgate keeps up to date.',
  spec: AppSpecSchema,
  status: AppStatusSchema,
  validations: [
    {
      rule: 'self.metadata.name.size() <= 52',
      message: 'metadata.name: an App may have at most 52 characters, so that its Updates can carry it as a label',
    },
  ],
  printerColumns: [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Current', type: 'string', jsonPath: '.status.current', description: 'Tags in use.' },
    { name: 'Available', type: 'string', jsonPath: '.status.available', description: 'Newer tags.' },
    { name: 'Waiting', type: 'string', jsonPath: '.status.waiting.reason' },
    { name: 'Update', type: 'string', jsonPath: '.status.update', priority: 1 },
    { name: 'Suspended', type: 'boolean', jsonPath: '.spec.suspend', priority: 1 },
    age,
  ],
};

export const updateKind: KindDefinition = {
  group,
  version,
  kind: 'Update',
  plural: 'updates',
  shortNames: [],
  description:
    'One attempt to bring an App from one set of versions to another; journal while it runs, record afterwards.',
  spec: UpdateSpecSchema,
  status: UpdateStatusSchema,
  printerColumns: [
    { name: 'App', type: 'string', jsonPath: '.spec.app' },
    { name: 'Versions', type: 'string', jsonPath: '.status.versions' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Waiting', type: 'string', jsonPath: '.status.waiting.reason' },
    { name: 'Failure', type: 'string', jsonPath: '.status.failure.reason' },
    { name: 'By', type: 'string', jsonPath: '.spec.trigger.by', priority: 1 },
    age,
  ],
};

export const rejectionKind: KindDefinition = {
  group,
  version,
  kind: 'Rejection',
  plural: 'rejections',
  shortNames: [],
  description: 'A version, by digest, that must not be taken again. Deleting the object lifts it.',
  spec: RejectionSpecSchema,
  printerColumns: [
    { name: 'App', type: 'string', jsonPath: '.spec.app' },
    { name: 'Tag', type: 'string', jsonPath: '.spec.tag' },
    { name: 'Author', type: 'string', jsonPath: '.spec.author' },
    // Not of type date: the API server shows those as the time since, and "<invalid>" where they are still to come.
    { name: 'Expires', type: 'string', jsonPath: '.spec.expiresAt' },
    { name: 'Reason', type: 'string', jsonPath: '.spec.reason', priority: 1 },
    { name: 'Digest', type: 'string', jsonPath: '.spec.digest', priority: 1 },
    age,
  ],
};

export const releaseKind: KindDefinition = {
  group,
  version,
  kind: 'Release',
  plural: 'releases',
  shortNames: [],
  description: 'Exact versions of one or more Apps that were tested together, and are published in a channel.',
  spec: ReleaseSpecSchema,
  status: ReleaseStatusSchema,
  validations: [
    {
      rule: 'self.metadata.name.size() <= 63',
      message: 'metadata.name: a Release may have at most 63 characters, because it is a file in the channel',
    },
  ],
  printerColumns: [
    { name: 'Channel', type: 'string', jsonPath: '.spec.channel' },
    { name: 'Sequence', type: 'integer', jsonPath: '.spec.sequence' },
    { name: 'Published', type: 'string', jsonPath: '.status.published.at' },
    { name: 'Withdrawn', type: 'string', jsonPath: '.status.withdrawn.reason' },
    { name: 'Barrier', type: 'boolean', jsonPath: '.spec.barrier', priority: 1 },
    { name: 'Apps', type: 'string', jsonPath: '.status.apps', priority: 1 },
    age,
  ],
};

export const channelKind: KindDefinition = {
  group,
  version,
  kind: 'Channel',
  plural: 'channels',
  shortNames: [],
  description: 'Apps that are tested and released together, and where their Releases are published.',
  spec: ChannelSpecSchema,
  status: ChannelStatusSchema,
  printerColumns: [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Release', type: 'string', jsonPath: '.status.release' },
    { name: 'Waiting', type: 'string', jsonPath: '.status.waiting.reason' },
    { name: 'Expires', type: 'string', jsonPath: '.status.published.expires', priority: 1 },
    age,
  ],
};

export const subscriptionKind: KindDefinition = {
  group,
  version,
  kind: 'Subscription',
  plural: 'subscriptions',
  shortNames: [],
  description: 'A channel that this cluster takes its versions from.',
  spec: SubscriptionSpecSchema,
  status: SubscriptionStatusSchema,
  printerColumns: [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Release', type: 'string', jsonPath: '.status.release' },
    { name: 'Available', type: 'string', jsonPath: '.status.available' },
    { name: 'Waiting', type: 'string', jsonPath: '.status.waiting.reason' },
    { name: 'Channel', type: 'string', jsonPath: '.spec.url', priority: 1 },
    age,
  ],
};

export const kinds: readonly KindDefinition[] = [
  appKind,
  updateKind,
  rejectionKind,
  releaseKind,
  channelKind,
  subscriptionKind,
];
