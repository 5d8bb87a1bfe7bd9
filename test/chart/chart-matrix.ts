/** Sets of values of the chart, from nothing but the image to everything at once. */

export interface ChartRow {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Kinds that this row makes and the defaults do not. */
  readonly adds?: readonly string[];
  /** Kinds that it does not make and the defaults do. */
  readonly lacks?: readonly string[];
}

const peers = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }];
const service = { type: 'LoadBalancer', annotations: { 'example.com/pool': 'a' } };
const gateway = {
  enabled: true,
  parentRefs: [{ name: 'public', namespace: 'gateways', sectionName: 'https' }],
  hostnames: ['headgate.example.com'],
  annotations: { 'example.com/owner': 'a' },
};
const ingress = {
  enabled: true,
  className: 'nginx',
  host: 'headgate.example.com',
  tlsSecret: 'tls',
  annotations: { 'example.com/owner': 'a' },
};

const api = {
  enabled: true,
  prefix: '/gate',
  externalUrl: 'https://headgate.example.com/gate',
  trustedProxies: ['10.0.0.0/8'],
  sessionSecret: { name: 'session', key: 'sealing' },
  oidc: {
    issuerUrl: 'https://id.example.com',
    clientId: 'headgate',
    clientSecret: { name: 'oidc', key: 'secret' },
    scopes: ['groups'],
    groupsPrefix: 'id:',
  },
  authProxy: { from: ['10.1.2.0/24'] },
  service,
  ingress,
  gateway,
};

const webhooks = {
  enabled: true,
  secrets: [
    { name: 'hooks', key: 'all' },
    { name: 'hooks', key: 'token', sender: 'github' },
  ],
  keelApprovals: { usersSecret: 'keel', trustVoter: true },
  service,
  ingress,
  gateway,
};

const pods = {
  podAnnotations: { 'example.com/a': '1' },
  podLabels: { team: 'a' },
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }],
  affinity: {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, podAffinityTerm: { topologyKey: 'zone', labelSelector: { matchLabels: { team: 'a' } } } },
      ],
    },
  },
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
  extraEnv: [{ name: 'TZ', value: 'Europe/Berlin' }],
  extraVolumes: [{ name: 'hosts', configMap: { name: 'known-hosts' } }],
  extraVolumeMounts: [{ name: 'hosts', mountPath: '/etc/ssh/known', readOnly: true }],
  resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { memory: '2Gi' } },
};

const everything = {
  ...{ replicas: 3, logLevel: 'debug', imagePullSecrets: [{ name: 'pull' }], ...pods },
  ...{
    helmReleases: true,
    manifests: true,
    backups: true,
    drills: true,
    subscriptions: true,
    impersonate: ['deployer'],
  },
  hub: { enabled: true, claim: 'channels', scratch: true, port: 9082, reports: { enabled: true, port: 9083 }, service },
  ...{ api, webhooks, fleetLock: { enabled: true, slots: { workers: 2 }, service } },
  monitoring: {
    alerts: true,
    runbookUrl: 'https://docs.example.com/headgate/',
    dashboard: true,
    serviceMonitor: true,
    interval: '15s',
    labels: { release: 'prometheus' },
  },
  networkPolicy: { enabled: true, metricsFrom: peers, clientsFrom: peers, egress: [{ ports: [{ port: 443 }] }] },
  proxy: { http: 'http://proxy:3128', https: 'http://proxy:3128', noProxy: '10.0.0.0/8,.svc' },
  trustedCertificates: { configMap: 'authority' },
  ...{ dockerConfigSecret: 'logins', notifySecret: 'channels', cloudIdentity: ['aws'], insecureRegistries: ['r:5000'] },
  registryLimits: [{ host: 'docker.io', pulls: '100/6h' }],
  registryMirrors: [{ host: 'docker.io', url: 'https://mirror.example.com/hub', substitute: true }],
  windows: [{ kind: 'Deny', schedule: '0 8 * * 1-5', duration: '10h', timeZone: 'Europe/Berlin' }],
  ...{ maxUpdates: 10, maxUpdatesPerNamespace: 2, allowOutbound: ['10.0.0.0/8'], minReadySeconds: 30 },
  extraRules: [{ apiGroups: ['helm.toolkit.fluxcd.io'], resources: ['helmreleases'], verbs: ['get', 'patch'] }],
};

const clusterKinds = [
  'ClusterRole',
  'ClusterRoleBinding',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'Job',
];

/** @param own two namespaces that exist */
export function chartMatrix(own: readonly [string, string]): readonly ChartRow[] {
  return [
    { name: 'nothing but the image', values: {} },
    {
      name: 'everything',
      values: everything,
      adds: ['HTTPRoute', 'Ingress', 'NetworkPolicy', 'PodDisruptionBudget', 'PrometheusRule', 'ServiceMonitor'],
    },
    {
      name: 'everything in two namespaces',
      // All but what makes namespaces.
      values: { ...everything, drills: false, hub: { ...everything.hub, scratch: false }, watchNamespaces: own },
    },
    {
      name: 'two namespaces, nothing of the whole cluster',
      values: { watchNamespaces: own, clusterObjects: false, api: { enabled: true, anonymousRead: true } },
      lacks: clusterKinds,
    },
    { name: 'Velero', values: { backups: true, veleroNamespace: own[0] } },
    { name: 'git alone', values: { gitOnly: true } },
    {
      name: 'git alone in one namespace',
      values: { gitOnly: true, watchNamespaces: [own[0]], clusterObjects: false },
      lacks: clusterKinds,
    },
    { name: 'a hub with scratch namespaces', values: { hub: { enabled: true, scratch: true } } },
    { name: 'a hub with a claim', values: { hub: { enabled: true, claim: 'channels' } } },
    {
      name: 'a hub that publishes by address and takes reports',
      values: { hub: { enabled: true, reports: { enabled: true } } },
    },
    { name: 'a cluster that subscribes', values: { subscriptions: true } },
    { name: 'no Job for definitions', values: { crds: { upgrade: false } }, lacks: ['Job'] },
    {
      name: 'a ServiceAccount that is there',
      values: { serviceAccount: { create: false, name: 'default' }, crds: { upgrade: false } },
      lacks: ['ServiceAccount', 'Job'],
    },
    { name: 'a proxy with a password', values: { proxy: { secret: 'proxy' } } },
    { name: 'PodMonitor', values: { monitoring: { podMonitor: true } }, adds: ['PodMonitor'] },
    { name: 'an open NetworkPolicy', values: { networkPolicy: { enabled: true } }, adds: ['NetworkPolicy'] },
    {
      name: 'two replicas with a budget in percent',
      values: { replicas: 2, podDisruptionBudget: { maxUnavailable: '50%' } },
      adds: ['PodDisruptionBudget'],
    },
    {
      name: 'two replicas without a budget',
      values: { replicas: 2, podDisruptionBudget: { enabled: false } },
    },
    { name: 'nobody adopted', values: { adopt: [] } },
    { name: 'no replica', values: { replicas: 0 } },
  ];
}
