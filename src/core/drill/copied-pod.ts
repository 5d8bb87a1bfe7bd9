/** A pod template as a drill may start it: nothing in it may lead to what the App itself works on. */
import { type Fields, fieldAt, isFields, textAt } from '../health/objects/fields.ts';

/** Volumes that are the pod's own, or of objects of its namespace. Others (a folder of the node, NFS) would be those of the App. */
const ownVolumes = [
  'configMap',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** Marks that other controllers act upon, also on the pods of a copy. */
const foreignMarks = /^(?:[^/]*\.)?(?:headgate\.dev|keel\.sh|fluxcd\.io|weave\.works|argoproj\.io)\//;

/** What a template names of its namespace. */
export interface References {
  readonly claims: readonly string[];
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
  readonly serviceAccounts: readonly string[];
}

/** What keeps the pods of a template from being started beside those of the App; undefined when nothing does. */
export function objectionTo(template: Fields): string | undefined {
  const spec = podSpecOf(template);
  const shared = ['hostNetwork', 'hostPID', 'hostIPC'].find((name) => spec[name] === true);
  if (shared !== undefined) {
    return `its pods have ${shared}, and a copy would get in the way of the App on the same node`;
  }
  const ported = containersOf(spec).some((container) =>
    listAt(container, 'ports').some((port) => typeof port['hostPort'] === 'number' && port['hostPort'] !== 0),
  );
  if (ported) {
    return 'its pods have hostPorts, and a copy would get in the way of the App on the same node';
  }
  for (const volume of listAt(spec, 'volumes')) {
    const kind = Object.keys(volume).find((key) => key !== 'name' && isFields(volume[key]));
    if (kind !== undefined && !ownVolumes.includes(kind)) {
      return `volume ${textAt(volume, 'name', '')} is of kind ${kind}, so that a copy would work on that of the App itself`;
    }
  }
  return undefined;
}

/** The template without what ties it to other controllers. */
export function copiedTemplate(template: Fields, labels: Readonly<Record<string, string>>): Fields {
  const kept = (path: string) => {
    const marks = fieldAt(template, path);
    const entries = Object.entries(isFields(marks) ? marks : {});
    return Object.fromEntries(entries.filter(([key]) => !foreignMarks.test(key)));
  };
  // A copy must push no pod of the App's from its node.
  const { nodeName: _, priorityClassName: __, priority: ___, ...spec } = podSpecOf(template);
  return {
    metadata: { labels: { ...kept('metadata.labels'), ...labels }, annotations: kept('metadata.annotations') },
    spec,
  };
}

/** Names in the template, each once. */
export function referencesOf(template: Fields): References {
  const spec = podSpecOf(template);
  const volumes = listAt(spec, 'volumes');
  const containers = containersOf(spec);
  const sources = volumes.flatMap((volume) => [volume, ...listAt(volume['projected'], 'sources')]);
  const env = containers.flatMap((container) => listAt(container, 'env'));
  const envFrom = containers.flatMap((container) => listAt(container, 'envFrom'));
  return {
    claims: named(volumes, 'persistentVolumeClaim.claimName'),
    configMaps: unique([
      ...named(sources, 'configMap.name'),
      ...named(env, 'valueFrom.configMapKeyRef.name'),
      ...named(envFrom, 'configMapRef.name'),
    ]),
    secrets: unique([
      ...named(sources, 'secret.secretName'),
      ...named(sources, 'secret.name'),
      ...named(env, 'valueFrom.secretKeyRef.name'),
      ...named(envFrom, 'secretRef.name'),
      ...named(listAt(spec, 'imagePullSecrets'), 'name'),
    ]),
    serviceAccounts: named([spec], 'serviceAccountName').filter((name) => name !== 'default'),
  };
}

function podSpecOf(template: Fields): Fields {
  const spec = fieldAt(template, 'spec');
  return isFields(spec) ? spec : {};
}

function containersOf(spec: Fields): readonly Fields[] {
  return ['initContainers', 'containers'].flatMap((name) => listAt(spec, name));
}

function named(list: readonly Fields[], path: string): readonly string[] {
  return unique(list.map((one) => textAt(one, path, '')).filter((name) => name !== ''));
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)];
}

function listAt(object: unknown, name: string): readonly Fields[] {
  const value = isFields(object) ? object[name] : undefined;
  return Array.isArray(value) ? value.filter(isFields) : [];
}
