/** Values of the chart on how Headgate lives in the cluster: rights, definitions, pods, network, monitoring. */
import Type from 'typebox';
import { closed, objectName, podField, textMap } from './chart-value-parts.ts';

const yes = (description: string) => Type.Boolean({ description });

/** The value `gateway` of a Service that people or machines outside reach. */
export function gatewayRoute(what: string) {
  return Type.Object(
    {
      enabled: yes('Make an HTTPRoute to that Service; needs the Gateway API.'),
      parentRefs: Type.Array(podField('A reference to a Gateway'), {
        description: 'Gateways that serve it, as an HTTPRoute names them.',
      }),
      hostnames: Type.Array(Type.String({ minLength: 1 }), {
        description: 'Host names; those of the Gateway when empty.',
      }),
      annotations: textMap('Annotations of the HTTPRoute.'),
    },
    { description: `An HTTPRoute for ${what}.`, ...closed },
  );
}

export const clusterValues = {
  clusterObjects: yes(
    'Whether objects that belong to no namespace may be made. Without: watchNamespaces must be given, whoever may write into Updates may approve them, and an administrator puts the definitions and the rights of the API.',
  ),
  gitOnly: yes(
    'Read the cluster and write into git alone: no rights to change workloads; Apps have deploy git, or are only looked at.',
  ),
  impersonate: Type.Array(objectName, {
    description:
      'Names of the ServiceAccounts that Headgate may act as where Apps name them; any of the namespaces it looks after when empty.',
    uniqueItems: true,
  }),
  crds: Type.Object(
    {
      upgrade: yes(
        'A Job before each install and upgrade puts the definitions of this version, which Helm would not; those of a later version stay.',
      ),
    },
    { description: 'The CustomResourceDefinitions.', ...closed },
  ),
  proxy: Type.Object(
    {
      http: Type.String({ description: 'Proxy of http; none when empty.' }),
      https: Type.String({ description: 'Proxy of https; none when empty.' }),
      noProxy: Type.String({
        description: 'Hosts, suffixes and ranges without proxy, separated by commas; the API server never has one.',
      }),
      secret: Type.String({
        description:
          'Secret in the namespace of the release with the keys http, https and noProxy instead, for proxies with a password.',
      }),
    },
    { description: 'The proxy for whatever is outside.', ...closed },
  ),
  podDisruptionBudget: Type.Object(
    {
      enabled: yes('Make one where there is more than one replica.'),
      maxUnavailable: Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^[0-9]{1,3}%$' })], {
        description: 'How many pods may be away at once.',
      }),
    },
    { description: 'A PodDisruptionBudget.', ...closed },
  ),
  topologySpreadConstraints: Type.Array(podField('A constraint'), {
    description: 'How pods are spread; over the nodes where possible when empty and there is more than one replica.',
  }),
  minReadySeconds: Type.Integer({
    description: 'How long a new pod must be ready before the old one goes.',
    minimum: 0,
    maximum: 3_600,
  }),
  networkPolicy: Type.Object(
    {
      enabled: yes('Make a NetworkPolicy for the pods.'),
      metricsFrom: Type.Array(podField('A peer'), { description: 'Who reaches /metrics; everybody when empty.' }),
      clientsFrom: Type.Array(podField('A peer'), {
        description: 'Who reaches the API, webhooks, FleetLock and the channels of a hub; everybody when empty.',
      }),
      egress: Type.Array(podField('A rule'), {
        description:
          'What the pods reach, as a NetworkPolicy has it: the API server, DNS, registries and what else Apps name; everything when empty.',
      }),
    },
    { description: 'A NetworkPolicy.', ...closed },
  ),
  extraVolumes: Type.Array(podField('A volume'), { description: 'More volumes of the pods.' }),
  extraVolumeMounts: Type.Array(podField('A mount'), { description: 'More mounts of the container.' }),
};

export const monitoring = Type.Object(
  {
    alerts: yes('A PrometheusRule with alerts; needs the Prometheus operator.'),
    runbookUrl: Type.String({
      description: 'Where this documentation is served, for the runbook_url of each alert; none when empty.',
      pattern: '^(https?://[^\\s]+)?$',
    }),
    dashboard: yes("A ConfigMap with a dashboard, as Grafana's sidecar takes it."),
    serviceMonitor: yes('A ServiceMonitor; needs the Prometheus operator.'),
    podMonitor: yes('A PodMonitor in its place; needs the Prometheus operator.'),
    interval: Type.String({ description: 'How often they scrape.', pattern: '^[1-9][0-9]{0,4}(s|m)$' }),
    labels: textMap('Labels of all of them, for whoever chooses by them.'),
  },
  { description: 'What shows how Headgate does.', ...closed },
);

export const serviceAccount = Type.Object(
  {
    create: yes('Make it; else one of that name must exist.'),
    name: Type.String({
      description: 'Its name; that of the release when empty.',
      pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$',
    }),
    annotations: textMap('Annotations of the ServiceAccount.'),
  },
  { description: 'The ServiceAccount of the pods.', ...closed },
);
