/** Values of the Helm chart. chart/values.schema.json and docs/reference/chart.md are made from it; defaults stand in chart/values.yaml. */
import Type from 'typebox';
import { clouds } from '../../src/adapters/registry/cloud/cloud-identity.ts';
import { adoptableSystems } from '../../src/core/adopt/adoption.ts';
import { logLevels } from '../../src/telemetry/log-level.ts';
import { api } from './chart-api-values.ts';
import { clusterValues, gatewayRoute, monitoring, serviceAccount } from './chart-cluster-values.ts';
import { closed, objectName, podField, port, textMap } from './chart-value-parts.ts';

const image = Type.Object(
  {
    repository: Type.String({
      description: 'Where the image is, without tag and digest; required.',
      pattern: '^([^@\\s]+[^@\\s:/])?$',
      maxLength: 512,
    }),
    tag: Type.String({
      description: 'Tag; the appVersion of the chart when neither it nor a digest is given.',
      pattern: '^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$',
    }),
    digest: Type.String({
      description: 'Digest; decides when it is given, the tag is then only for people.',
      pattern: '^(sha256:[a-f0-9]{64})?$',
    }),
    pullPolicy: Type.Enum(['Always', 'IfNotPresent', 'Never'], { description: 'When the node asks the registry.' }),
  },
  { description: 'The image of Headgate.', ...closed },
);

const webhooks = Type.Object(
  {
    enabled: Type.Boolean({ description: 'Listen to webhooks.' }),
    port: Type.Integer({ description: 'Port of webhooks, 9300 as that of Keel.', ...port }),
    secrets: Type.Array(
      Type.Object(
        {
          name: Type.String({ description: 'Name of a Secret in the namespace of the release.', minLength: 1 }),
          key: Type.String({ description: 'Its key; each line under it is a secret.', minLength: 1 }),
          sender: Type.Optional(Type.String({ description: 'For this sender only.', pattern: '^[a-z0-9-]+$' })),
        },
        closed,
      ),
      { description: 'By what senders prove themselves.', maxItems: 32 },
    ),
    allowUnsigned: Type.Boolean({ description: 'Believe senders for which there is no secret.' }),
    keelApprovals: Type.Object(
      {
        usersSecret: Type.String({
          description:
            "Secret with lines name:password under the key users; Keel's /v1/approvals is not answered when empty.",
        }),
        trustVoter: Type.Boolean({
          description: 'Believe who a vote says that it is of; else whoever signed in has voted.',
        }),
      },
      { description: "Keel's API of approvals.", ...closed },
    ),
    service: Type.Object(
      {
        type: Type.Enum(['ClusterIP', 'NodePort', 'LoadBalancer'], { description: 'Type of the Service of webhooks.' }),
        annotations: textMap('Annotations of that Service.'),
      },
      { description: 'The Service of webhooks.', ...closed },
    ),
    ingress: Type.Object(
      {
        enabled: Type.Boolean({ description: 'Make an Ingress to that Service.' }),
        className: Type.String({ description: 'Ingress class; the default one when empty.' }),
        host: Type.String({ description: 'Host name; any when empty.' }),
        tlsSecret: Type.String({ description: 'Secret with the certificate; no TLS when empty.' }),
        annotations: textMap('Annotations of the Ingress.'),
      },
      { description: 'An Ingress for webhooks.', ...closed },
    ),
    gateway: gatewayRoute('webhooks'),
  },
  { description: 'Webhooks of registries and git servers.', ...closed },
);

const trustedCertificates = Type.Object(
  {
    configMap: Type.String({ description: 'Name of a ConfigMap in the namespace of the release; none when empty.' }),
    key: Type.String({ description: 'Its key with the certificates (PEM).', minLength: 1 }),
  },
  { description: 'Certificates to trust besides the public ones, for every registry.', ...closed },
);

const perPeriod = { pattern: '^[0-9]{1,6}/([0-9]+(s|m|h))+$' } as const;

const registryLimits = Type.Array(
  Type.Object(
    {
      host: Type.String({
        description: 'The registry as it stands in image names, for example docker.io or registry.example.com:5000.',
        pattern: '^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?$',
      }),
      requests: Type.Optional(Type.String({ description: 'Requests of any sort, for example 600/1m.', ...perPeriod })),
      pulls: Type.Optional(
        Type.String({ description: 'GETs of manifests, which Docker Hub counts, for example 100/6h.', ...perPeriod }),
      ),
      concurrency: Type.Optional(
        Type.Integer({ description: 'Requests at the same time; 8 when absent.', minimum: 1, maximum: 100 }),
      ),
    },
    // The host alone says nothing.
    { ...closed, minProperties: 2 },
  ),
  { description: 'How much may be asked of a registry at most.' },
);

const registryMirrors = Type.Array(
  Type.Object(
    {
      host: Type.String({
        description: 'The registry as it stands in image names, for example docker.io.',
        pattern: '^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?$',
      }),
      url: Type.String({
        description: 'Where its images are mirrored, for example https://mirror.example.com/hub.',
        pattern: '^https?://[^\\s@?#]+$',
      }),
      substitute: Type.Optional(
        Type.Boolean({ description: 'The registry itself is never asked. Default: it has the last word.' }),
      ),
    },
    closed,
  ),
  { description: 'Mirrors of registries.' },
);

export const chartValues = Type.Object(
  {
    image,
    imagePullSecrets: Type.Array(
      Type.Object({ name: Type.String({ description: 'Name of the Secret.', minLength: 1 }) }, closed),
      { description: 'Secrets with credentials for the image of Headgate itself.' },
    ),
    replicas: Type.Integer({
      description: 'How many pods; one works, the others stand by and take over.',
      minimum: 0,
      maximum: 10,
    }),
    logLevel: Type.Enum([...logLevels], { description: 'Least level that is logged.' }),
    watchNamespaces: Type.Array(objectName, {
      description: 'Namespaces to look after, and to have rights in; they must exist. The whole cluster when empty.',
      uniqueItems: true,
    }),
    adopt: Type.Array(Type.Enum([...adoptableSystems]), {
      description: "Whose annotations on workloads are followed; nobody's when empty.",
      uniqueItems: true,
    }),
    backups: Type.Boolean({
      description:
        'Whether Apps may have spec.backup: rights on checkpoints, and to start Jobs as the ServiceAccounts that Apps name.',
    }),
    drills: Type.Boolean({
      description:
        'Whether backups are tried by restore drills, needs backups: rights to make namespaces, and what an App is made of in these alone.',
    }),
    veleroNamespace: Type.String({
      description:
        'Namespace of Velero, where Apps may have spec.backup.velero: rights on Backups and Restores there. Needs backups.',
      pattern: '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$',
    }),
    subscriptions: Type.Boolean({
      description:
        'Whether there may be Subscriptions: rights to make the Apps of a channel, and to keep in ConfigMaps what was verified of it.',
    }),
    helmReleases: Type.Boolean({
      description:
        'Whether Apps may be Helm releases: rights on what Helm keeps, and to act as the ServiceAccounts that Apps name.',
    }),
    insecureRegistries: Type.Array(Type.String({ pattern: '^[^/\\s,]+$', maxLength: 256 }), {
      description: 'Hosts of registries to speak plain http to where annotations name them.',
    }),
    webhooks,
    api,
    trustedCertificates,
    registryLimits,
    registryMirrors,
    windows: Type.Array(podField('A window'), {
      description: 'Windows of all Apps, each written as in spec.gates.windows of an App.',
    }),
    vetoes: Type.Array(podField('A veto'), {
      description: 'Vetoes that are asked for all Apps, each written as in spec.gates.vetoes of an App.',
    }),
    maxUpdates: Type.Integer({ description: 'Updates that may be under way at once; 0: any number.', minimum: 0 }),
    maxUpdatesPerNamespace: Type.Integer({
      description: 'The same within each namespace; 0: any number.',
      minimum: 0,
    }),
    allowOutbound: Type.Array(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9.:-]*(/[0-9]{1,3})?$|^::[0-9a-f:]*(/[0-9]{1,3})?$',
        maxLength: 253,
      }),
      {
        description:
          'Addresses, ranges and hosts that users may name in URLs although they are loopback, link-local or the like.',
      },
    ),
    hub: Type.Object(
      {
        enabled: Type.Boolean({ description: 'Whether Channels make and publish Releases here.' }),
        claim: Type.String({
          description:
            'PersistentVolumeClaim that channels are published into, and served from; without one only Channels with spec.publish.url can be published.',
          maxLength: 253,
        }),
        scratch: Type.Boolean({
          description: 'Let Channels try sets in scratch namespaces (spec.tryOn), which are made and removed.',
        }),
        port: Type.Integer({ description: 'Port that serves the claim to clusters that subscribe.', ...port }),
        reports: Type.Object(
          {
            enabled: Type.Boolean({ description: 'Take the outcomes that clusters report.' }),
            port: Type.Integer({ description: 'Port of reports.', ...port }),
          },
          { description: 'Outcomes that clusters report, for Channels with spec.reports.', ...closed },
        ),
        service: Type.Object(
          {
            type: Type.Enum(['ClusterIP', 'NodePort', 'LoadBalancer'], {
              description: 'Type of the Service of channels and reports.',
            }),
            annotations: textMap('Annotations of that Service.'),
          },
          { description: 'The Service of channels and reports; clusters have to reach it.', ...closed },
        ),
      },
      { description: 'A test cluster that publishes channels.', ...closed },
    ),
    fleetLock: Type.Object(
      {
        enabled: Type.Boolean({ description: 'Answer FleetLock: nodes ask before they reboot.' }),
        port: Type.Integer({ description: 'Port of FleetLock.', ...port }),
        slots: Type.Record(
          Type.String({ pattern: '^[a-zA-Z0-9.-]{1,63}$' }),
          Type.Integer({ minimum: 1, maximum: 1_000 }),
          {
            description: 'How many nodes of a group may reboot at the same time; 1 when absent.',
          },
        ),
        service: Type.Object(
          {
            type: Type.Enum(['ClusterIP', 'NodePort', 'LoadBalancer'], {
              description: 'Type of the Service of FleetLock.',
            }),
            annotations: textMap('Annotations of that Service.'),
          },
          { description: 'The Service of FleetLock; nodes have to reach it.', ...closed },
        ),
      },
      { description: 'FleetLock v1 for whoever reboots nodes.', ...closed },
    ),
    manifests: Type.Boolean({
      description:
        'Let Apps be made of manifests: rights to keep their objects in Secrets, to watch what they apply, and to act as the ServiceAccounts they name.',
    }),
    extraRules: Type.Array(podField('A rule'), {
      description: 'More rules (RBAC) for the controller: kinds that Apps patch, ServiceAccounts that it may act as.',
    }),
    cloudIdentity: Type.Array(Type.Enum([...clouds]), {
      description: 'Clouds whose registries are signed in to with the identity of the pod or node, for every App.',
      uniqueItems: true,
    }),
    dockerConfigSecret: Type.String({
      description:
        'Name of a Secret of type kubernetes.io/dockerconfigjson in the namespace of the release, with credentials for every App that has none of its own.',
    }),
    monitoring,
    notifySecret: Type.String({
      description:
        'Name of a Secret in the namespace of the release whose key channels.yaml has the channels for all Apps that are told of Updates.',
    }),
    extraEnv: Type.Array(podField('A variable'), {
      description: 'More environment of the container, for example HTTPS_PROXY and NO_PROXY.',
    }),
    extraArgs: Type.Array(Type.String(), { description: 'More arguments for `headgate controller`.' }),
    resources: podField('Requests and limits of the container'),
    serviceAccount,
    podAnnotations: textMap('Annotations of the pods.'),
    podLabels: textMap('Labels of the pods.'),
    nodeSelector: textMap('Labels that the node must have.'),
    tolerations: Type.Array(podField('A toleration'), { description: 'Taints that the pods tolerate.' }),
    affinity: podField('Affinity'),
    priorityClassName: Type.String({ description: 'Priority class of the pods; the default one when empty.' }),
    ...clusterValues,
    global: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Set by Helm; not read.' })),
  },
  { description: 'Values of the chart headgate.', ...closed },
);
