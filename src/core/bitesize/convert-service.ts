/** One service of environments.bitesize as the Environment Operator would have made it (pkg/translator), in the APIs of today. */
import { convertContainer, convertInitContainers } from './convert-container.ts';
import { convertVolumes } from './convert-volumes.ts';
import type { Fields } from './fields.ts';
import { type ManifestOut, type ServiceContext, unsetTag } from './service-context.ts';

export function convertService(service: Fields, context: ServiceContext): readonly ManifestOut[] {
  const name = service.text('name');
  if (name === undefined) {
    service.note('', 'a service without a name is left out');
    return [];
  }
  if (service.has('type') || service.has('database_type')) {
    loseSpecial(service, name);
    return [];
  }
  if (service.text('ignore') === 'true') {
    service.note('ignore', `${name} was ignored, and is left out`);
    return [];
  }
  const ports = portsOf(service);
  const objects = [
    ...workloadOf(service, context, { name, ports }),
    serviceOf(context, { name, ports }),
    ...ingressOf(service, context, { name, ports }),
    ...autoscalerOf(service, context, name),
  ];
  loseMeshAndRest(service);
  return objects;
}

interface Named {
  readonly name: string;
  readonly ports: readonly number[];
}

/** Custom resources of Pearson's own, Helm charts and databases. */
function loseSpecial(service: Fields, name: string): void {
  const type = service.text('type');
  if (type?.toLowerCase() === 'helmchart') {
    const told = ['chart', 'repo', 'version'].map((field) => `${field} ${service.text(field) ?? '?'}`).join(', ');
    service.note('type', `${name} is a Helm release (${told}): write an App with a source chart and spec.deploy.helm`);
  } else if (type !== undefined) {
    service.note('type', `${name} is a custom resource ${type}: write its manifest yourself`);
  } else {
    service.note('database_type', `${name} is a database: write its StatefulSet yourself`);
  }
}

function portsOf(service: Fields): readonly number[] {
  const texts = [...service.texts('ports'), ...service.texts('port')].flatMap((text) => text.split(','));
  const ports = texts.map(Number).filter((port) => Number.isInteger(port) && port > 0 && port < 65_536);
  return ports.length === 0 ? [80] : [...new Set(ports)];
}

function workloadOf(service: Fields, context: ServiceContext, { name, ports }: Named): readonly ManifestOut[] {
  const { namespace } = context;
  const application = service.text('application') ?? name;
  const repository = [context.registry, context.project, application].filter((part) => part !== '').join('/');
  const version = service.text('version');
  if (version === undefined) {
    service.note(
      '',
      `${name} has no version; the Deployment is written with the tag ${unsetTag}: put the one that runs`,
    );
  }
  const minReplicas = service.within('hpa').number('min_replicas');
  const replicas = minReplicas ?? service.number('replicas') ?? 1;
  service.take('replicas');
  const { claims, volumes, mounts } = convertVolumes(service, context);
  const labels = { creator: 'pipeline', name };
  const annotations = service.each('annotations').flatMap((one) => {
    const key = one.text('name');
    return key === undefined ? [] : [[key, one.text('value') ?? '']];
  });
  const image = `${repository}:${version ?? unsetTag}`;
  const container = { name, image, ...convertContainer(service, { ports, mounts }) };
  const initContainers = convertInitContainers(service, context);
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: { ...labels, application } },
    spec: {
      // A HorizontalPodAutoscaler sets them.
      ...(minReplicas === undefined ? { replicas } : {}),
      selector: { matchLabels: labels },
      template: {
        metadata: {
          labels: { ...labels, application },
          ...(annotations.length > 0 ? { annotations: Object.fromEntries(annotations) } : {}),
        },
        spec: {
          ...(initContainers.length > 0 ? { initContainers } : {}),
          containers: [container],
          ...(volumes.length > 0 ? { volumes } : {}),
          ...graceOf(service),
        },
      },
    },
  };
  return [...claims, deployment, appOf({ namespace, name, repository })];
}

function graceOf(service: Fields): object {
  const seconds = service.number('graceperiod');
  return seconds === undefined ? {} : { terminationGracePeriodSeconds: seconds };
}

/** Versions come by name, from CI, as they did; another policy lets them come by themselves. */
function appOf({ namespace, name, repository }: Readonly<Record<'namespace' | 'name' | 'repository', string>>) {
  return {
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'App',
    metadata: { name, namespace },
    spec: {
      sources: [{ name: 'image', image: { repository, policy: { pinned: {} } } }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name }], imageReference: 'Tag' } },
    },
  };
}

function serviceOf({ namespace }: ServiceContext, { name, ports }: Named): ManifestOut {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      selector: { creator: 'pipeline', name },
      ports: ports.map((port) => ({ name: `tcp-port-${port}`, port, targetPort: port })),
    },
  };
}

function ingressOf(service: Fields, { namespace }: ServiceContext, { name, ports }: Named): readonly ManifestOut[] {
  const hosts = [...service.texts('external_url'), ...service.texts('external_urls')];
  const backend = service.text('backend') ?? name;
  const port = service.number('backend_port') ?? ports[0] ?? 80;
  const labels = ['ssl', 'httpsOnly', 'httpsBackend', 'http2'].flatMap((field) => {
    const value = service.text(field);
    return value === undefined ? [] : [[field, value]];
  });
  if (hosts.length === 0) {
    return [];
  }
  if (labels.length > 0) {
    service.note(
      'external_url',
      `ssl, httpsOnly, httpsBackend and http2 are labels, as before; other ingress controllers want annotations`,
    );
  }
  const paths = [{ path: '/', pathType: 'Prefix', backend: { service: { name: backend, port: { number: port } } } }];
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name, namespace, ...(labels.length > 0 ? { labels: Object.fromEntries(labels) } : {}) },
      spec: { rules: hosts.map((host) => ({ host, http: { paths } })) },
    },
  ];
}

const leastUtilization = 75;

function autoscalerOf(service: Fields, { namespace }: ServiceContext, name: string): readonly ManifestOut[] {
  if (!service.has('hpa')) {
    return [];
  }
  const hpa = service.within('hpa');
  const metric = hpa.within('metric');
  const utilization =
    metric.number('target_average_utilization') ?? hpa.number('target_cpu_utilization_percentage') ?? leastUtilization;
  const minReplicas = hpa.number('min_replicas') ?? 1;
  const metricName = metric.text('name') ?? 'cpu';
  metric.lose('target_average_value', 'only the utilisation of cpu or memory is carried over');
  const resource = metricName.includes('memory') ? 'memory' : 'cpu';
  const spec = {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    minReplicas,
    maxReplicas: hpa.number('max_replicas') ?? minReplicas,
    metrics: [
      {
        type: 'Resource',
        resource: { name: resource, target: { type: 'Utilization', averageUtilization: utilization } },
      },
    ],
  };
  metric.loseRest();
  hpa.loseRest();
  return [{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name, namespace }, spec }];
}

function loseMeshAndRest(service: Fields): void {
  service.lose('service_mesh', 'write the objects of your mesh yourself');
  service.lose('options', 'is for custom resources');
  service.lose('deployment', 'there is one set of each service');
  service.lose('ignore', 'has no meaning for a Deployment');
  service.lose('target_namespace', 'is for Helm charts');
  service.loseRest();
}
