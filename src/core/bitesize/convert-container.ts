/** Containers of a service. */
import type { Fields } from './fields.ts';
import { type ServiceContext, unsetTag } from './service-context.ts';

/** What the operator gave every container that said nothing (LIMITS_DEFAULT_*, REQUESTS_DEFAULT_CPU). */
const defaultLimits = { cpu: '1000m', memory: '2048Mi' };
const defaultRequests = { cpu: '100m' };

export interface ContainerParts {
  readonly ports: readonly number[];
  readonly mounts: readonly object[];
}

/** Everything of a container but name and image. */
export function convertContainer(
  service: Fields,
  { ports, mounts }: ContainerParts,
): Readonly<Record<string, unknown>> {
  const command = service.texts('command');
  const env = convertEnvironmentVariables(service);
  return {
    ...(command.length > 0 ? { command } : {}),
    ports: ports.map((containerPort) => ({ containerPort })),
    ...(env.length > 0 ? { env } : {}),
    resources: {
      requests: quantities(service.within('requests'), defaultRequests),
      limits: quantities(service.within('limits'), defaultLimits),
    },
    ...probesOf(service),
    ...(mounts.length > 0 ? { volumeMounts: mounts } : {}),
  };
}

export function convertInitContainers(service: Fields, { registry, project }: ServiceContext): readonly object[] {
  return service.each('init_containers').map((one) => {
    const application = one.text('application') ?? one.text('name') ?? 'init';
    const repository = [registry, project, application].filter((part) => part !== '').join('/');
    const version = one.text('version');
    if (version === undefined) {
      one.note('', `has no version; it is written with the tag ${unsetTag}: put the one that runs`);
    }
    const command = one.texts('command');
    const env = convertEnvironmentVariables(one);
    const made = {
      name: one.text('name') ?? application,
      image: `${repository}:${version ?? unsetTag}`,
      ...(command.length > 0 ? { command } : {}),
      ...(env.length > 0 ? { env } : {}),
    };
    one.lose('volumes', 'mount them yourself');
    one.loseRest();
    return made;
  });
}

/** `secret: NAME, value: SECRET/KEY` is a variable from a Secret; without a key the Secret's own name is the key. */
function convertEnvironmentVariables(of: Fields): readonly object[] {
  return of.each('env').flatMap((one): readonly object[] => {
    const [name, value, secret, field] = ['name', 'value', 'secret', 'pod_field'].map((key) => one.text(key));
    one.loseRest();
    if (secret !== undefined) {
      const [from = '', key = from] = (value ?? '').split('/');
      return [{ name: name ?? secret, valueFrom: { secretKeyRef: { name: from, key } } }];
    }
    if (name === undefined) {
      one.note('', 'a variable without a name is left out');
      return [];
    }
    return [
      field === undefined ? { name, value: value ?? '' } : { name, valueFrom: { fieldRef: { fieldPath: field } } },
    ];
  });
}

function quantities(fields: Fields, defaults: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const told = ['cpu', 'memory'].flatMap((name) => {
    const value = fields.text(name) ?? defaults[name];
    return value === undefined ? [] : [[name, value]];
  });
  fields.loseRest();
  return Object.fromEntries(told);
}

function probesOf(service: Fields): Readonly<Record<string, unknown>> {
  const check = service.within('health_check');
  const command = check.texts('command');
  const legacy = {
    exec: { command },
    ...numberAs(check, 'initial_delay', 'initialDelaySeconds'),
    ...numberAs(check, 'timeout', 'timeoutSeconds'),
  };
  check.loseRest();
  const [liveness, readiness] = ['liveness_probe', 'readiness_probe'].map((name) => camelCased(service.take(name)));
  return {
    ...(command.length > 0 && liveness === undefined ? { livenessProbe: legacy } : {}),
    ...(liveness === undefined ? {} : { livenessProbe: liveness }),
    ...(readiness === undefined ? {} : { readinessProbe: readiness }),
  };
}

function numberAs(fields: Fields, name: string, as: string): Readonly<Record<string, number>> {
  const value = fields.number(name);
  return value === undefined ? {} : { [as]: value };
}

/** `initial_delay_seconds` of the file is `initialDelaySeconds` of Kubernetes, at every depth. */
function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(camelCased);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const renamed = Object.entries(value).map(([key, inner]) => [
    key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    camelCased(inner),
  ]);
  return Object.fromEntries(renamed);
}
