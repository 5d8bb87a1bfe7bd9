import type { WebhookSettings } from '../app/listeners/webhook-listener.ts';
import type { FleetLockSettings } from '../app/safety/fleet-lock-listener.ts';
import { type LogLevel, logLevels } from '../telemetry/log-level.ts';
import { adoptionOf, adoptionOptions } from './adoption-options.ts';
import { apiOf, apiOptions } from './api-options.ts';
import { type Command, connectionOf, connectionOptions, type Options, programOptions, usageError } from './command.ts';
import { registryOptions, registrySettingsOf } from './registry-options.ts';

export const logLevelOption = {
  flags: '--log-level <level>',
  description: 'least level that is logged',
  default: 'info',
  choices: logLevels,
} as const;

export const watchNamespaceOption = {
  flags: '-n, --namespace <name>',
  description: 'namespace to look after; may be given several times; all when absent',
  repeatable: true,
} as const;

export const sourceFolderOption = {
  flags: '--source-folder <path>',
  description:
    'folder of this machine below which sources of kind folder are, and git repositories by file://; none may be read when absent',
} as const;

const channelOptions = [
  {
    flags: '--report-listen <address>',
    description: 'host:port where clusters that subscribe report outcomes, for Channels with spec.reports',
  },
  {
    flags: '--channel-folder <path>',
    description:
      'folder of this machine below which channels are published, and from which Subscriptions may read by file://',
  },
  {
    flags: '--channel-listen <address>',
    description: 'host:port where that folder is served; it is not served when absent',
  },
] as const;

export const controllerCommand: Command = {
  name: 'controller',
  summary: 'Look after the Apps of a cluster until told to stop.',
  arguments: [],
  options: [
    ...connectionOptions,
    ...programOptions,
    watchNamespaceOption,
    ...adoptionOptions,
    { flags: '--listen <address>', description: 'host:port of /healthz, /readyz and /metrics', default: ':8080' },
    {
      flags: '--webhook-listen <address>',
      description: 'host:port of webhooks; they are not listened to when absent',
    },
    {
      flags: '--webhook-secret-file <[sender=]path>',
      description:
        'secret of webhooks, for all senders or for one; may be given several times; also HEADGATE_WEBHOOK_SECRET',
      repeatable: true,
    },
    {
      flags: '--allow-unsigned-webhooks',
      description: 'believe senders for which there is no secret; the worst they can do is cause a check a second',
    },
    ...apiOptions,
    ...channelOptions,
    {
      flags: '--keel-users-file <path>',
      description:
        "answer Keel's /v1/approvals on the port of webhooks, for people named in this file by lines name:password",
    },
    {
      flags: '--keel-trust-voter',
      description: 'believe who a vote says that it is of, for a bot; else whoever signed in has voted',
    },
    {
      flags: '--window <window>',
      description:
        'a window of all Apps, written as in spec.gates.windows; Allow windows hold for Apps that have none of their own; may be given several times',
      repeatable: true,
    },
    {
      flags: '--veto <veto>',
      description: 'a veto of all Apps, written as in spec.gates.vetoes; may be given several times',
      repeatable: true,
    },
    { flags: '--max-updates <number>', description: 'Updates that may be under way at once; any number when absent' },
    { flags: '--max-updates-per-namespace <number>', description: 'the same within each namespace' },
    {
      flags: '--fleet-lock-listen <address>',
      description: 'host:port of FleetLock, which nodes ask before they reboot; not listened to when absent',
    },
    {
      flags: '--fleet-lock-slots <group=number>',
      description: 'how many nodes of a group may reboot at the same time; 1 when absent; may be given several times',
      repeatable: true,
    },
    {
      flags: '--allow-outbound <address>',
      description:
        'address, range (127.0.0.0/8) or host that users may name in URLs although it is loopback, link-local or the like; may be given several times; the API server never is',
      repeatable: true,
    },
    {
      flags: '--notify-file <path>',
      description:
        'YAML with the channels for all Apps that are told of Updates, on a mounted Secret; read again when it changes',
    },
    {
      flags: '--no-leader-election',
      description: 'work at once, without a Lease; for a single replica outside a cluster',
    },
    { flags: '--lease-namespace <name>', description: 'namespace of the Lease; in a cluster that of the pod' },
    { flags: '--lease-name <name>', description: 'name of the Lease', default: 'headgate' },
    {
      flags: '--registry-limit <host=limits>',
      description:
        'how much may be asked of a registry, e.g. docker.io=pulls:100/6h,requests:600/1m,concurrency:4; may be given several times',
      repeatable: true,
    },
    ...registryOptions,
    sourceFolderOption,
    logLevelOption,
  ],
  async run({ options, signal }) {
    const { runController } = await import('../app/run-controller.ts');
    await runController(
      {
        ...connectionOf(options),
        programs: await programsOf(options),
        namespaces: options.list('namespace'),
        sourceFolder: options.text('sourceFolder'),
        channelFolder: options.text('channelFolder'),
        reportListen: options.text('reportListen'),
        channelListen: options.text('channelListen'),
        leaderElection: options.flag('leaderElection'),
        leaseNamespace: options.text('leaseNamespace'),
        leaseName: options.given('leaseName'),
        listen: options.given('listen'),
        logLevel: logLevelOf(options),
        ...registrySettingsOf(options),
        registryLimits: options.list('registryLimit'),
        gates: {
          windows: options.list('window'),
          vetoes: options.list('veto'),
          maxUpdates: options.text('maxUpdates'),
          maxUpdatesPerNamespace: options.text('maxUpdatesPerNamespace'),
        },
        fleetLock: fleetLockOf(options),
        allowOutbound: options.list('allowOutbound'),
        notifyFile: options.text('notifyFile'),
        webhooks: webhooksOf(options),
        api: apiOf(options),
        adoption: adoptionOf(options),
      },
      signal,
    );
    return 0;
  },
};

/** The programs that are run, by absolute path. */
export async function programsOf(options: Options): Promise<{ readonly helm: string; readonly kubectl: string }> {
  const { findProgram } = await import('../app/config.ts');
  return { helm: findProgram(options.given('helm')), kubectl: findProgram(options.given('kubectl')) };
}

function webhooksOf(options: Options): WebhookSettings | undefined {
  const listen = options.text('webhookListen');
  const secretFiles = options.list('webhookSecretFile');
  const allowUnsigned = options.flag('allowUnsignedWebhooks');
  const usersFile = options.text('keelUsersFile');
  if (listen === undefined && (secretFiles.length > 0 || allowUnsigned || usersFile !== undefined)) {
    throw usageError('webhooks are not listened to; give --webhook-listen too');
  }
  const keelApprovals = usersFile === undefined ? undefined : { usersFile, trustVoter: options.flag('keelTrustVoter') };
  return listen === undefined ? undefined : { listen, secretFiles, allowUnsigned, keelApprovals };
}

function fleetLockOf(options: Options): FleetLockSettings | undefined {
  const listen = options.text('fleetLockListen');
  const slots = options.list('fleetLockSlots');
  if (listen === undefined && slots.length > 0) {
    throw usageError('no node can ask; give --fleet-lock-listen too');
  }
  return listen === undefined ? undefined : { listen, slots, namespace: options.text('leaseNamespace') };
}

/** The level given; commander has checked the choice. */
export function logLevelOf(options: Options): LogLevel {
  return logLevels.find((level) => level === options.text('logLevel')) ?? 'info';
}
