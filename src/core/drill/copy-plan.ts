/** What a drill makes of the objects of a checkpoint, in a namespace of its own. Whatever is not named here is left out. */
import type { KeptVolume } from '../checkpoint/checkpoint.ts';
import { usedClaims } from '../checkpoint/used-claims.ts';
import { type Fields, fieldAt, isFields, textAt } from '../health/objects/fields.ts';
import { parseQuantity } from '../preflight/quantity.ts';
import { joinSome } from '../text.ts';
import { copiedTemplate, objectionTo, referencesOf } from './copied-pod.ts';

export interface CopyRequest {
  readonly namespace: string;
  readonly objects: readonly Fields[];
  /** Snapshots of the checkpoint. */
  readonly volumes: readonly KeptVolume[];
  /** A Job of the user's fills claims that have no snapshot. */
  readonly isFilled: boolean;
  /** Pod templates of Jobs that work in the same namespace: tests, and what brings back the data. */
  readonly jobs: readonly { readonly what: string; readonly template: Fields }[];
}

export type CopyPlan =
  | { readonly kind: 'Refused'; readonly why: string }
  | {
      readonly kind: 'Plan';
      /** Snapshots that a claim is made of. */
      readonly volumes: readonly KeptVolume[];
      /** What the workloads need, in the order in which it is made. */
      readonly before: readonly Fields[];
      readonly workloads: readonly Fields[];
      /** What was not copied, for people; each part once. */
      readonly leftOut: readonly string[];
    };

/** On everything that a drill makes, and on the pods of the workloads that it copies. */
export const drillLabel = 'headgate.dev/drill';

const ours = { 'app.kubernetes.io/managed-by': 'headgate' };
const claimKind = 'PersistentVolumeClaim';
/** What an App is made of has a few; more than this was written by somebody who means harm. */
const mostObjects = 2_000;
const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** @returns `Refused` where a copy could get at what the App itself works on, or would be of nothing */
export function planCopy(request: CopyRequest): CopyPlan {
  if (request.objects.length > mostObjects) {
    return { kind: 'Refused', why: `the checkpoint holds ${request.objects.length} objects, more than ${mostObjects}` };
  }
  const workloads = request.objects.filter(({ kind }) => workloadKinds.some((one) => one === kind));
  if (workloads.length === 0) {
    return { kind: 'Refused', why: 'the checkpoint holds no Deployment, StatefulSet or DaemonSet to start' };
  }
  const templates = [...workloads.map(templateOf), ...request.jobs];
  const objections = templates.flatMap(({ what, template }) => {
    const objection = objectionTo(template);
    return objection === undefined ? [] : [`${what}: ${objection}`];
  });
  const claims = claimsOf(request, workloads);
  objections.push(...foundVolumes(request, claims));
  objections.push(...missingClaims(request, new Set(claims.map(({ name }) => name))));
  const empty = request.isFilled
    ? []
    : claims.filter(({ name }) => !request.volumes.some(({ claim }) => claim === name));
  if (empty.length > 0) {
    const names = joinSome(
      empty.map(({ name }) => name),
      ', ',
    );
    objections.push(
      `the checkpoint keeps no data of PersistentVolumeClaim ${names}, and an empty one would prove nothing`,
    );
  }
  if (objections.length > 0) {
    return { kind: 'Refused', why: joinSome(objections, '; ') };
  }
  const wanted = wantedNames(templates.map(({ template }) => template));
  const taken = request.objects.filter((object) => isWanted(object, wanted));
  const volumes = request.volumes.filter(({ claim }) => claims.some(({ name }) => name === claim));
  return {
    kind: 'Plan',
    volumes,
    before: [
      ...wanted.serviceAccounts.map((name) => made(request, { apiVersion: 'v1', kind: 'ServiceAccount' }, name)),
      ...taken.map((object) => copyOf(request, object)),
      ...claims.map(({ object }) => object),
    ],
    workloads: workloads.map((object) => workloadOf(request, object)),
    leftOut: leftOut(request, { workloads, taken, wanted, volumes }),
  };
}

interface Template {
  readonly what: string;
  readonly template: Fields;
}

function templateOf(workload: Fields): Template {
  const template = fieldAt(workload, 'spec.template');
  return { what: say(workload), template: isFields(template) ? template : {} };
}

interface Wanted {
  readonly ConfigMap: readonly string[];
  readonly Secret: readonly string[];
  readonly serviceAccounts: readonly string[];
}

function wantedNames(templates: readonly Fields[]): Wanted {
  const all = templates.map(referencesOf);
  const unique = (list: readonly string[]) => [...new Set(list)];
  return {
    ConfigMap: unique(all.flatMap(({ configMaps }) => configMaps)),
    Secret: unique(all.flatMap(({ secrets }) => secrets)),
    serviceAccounts: unique(all.flatMap(({ serviceAccounts }) => serviceAccounts)),
  };
}

function isWanted(object: Fields, wanted: Wanted): boolean {
  const { kind } = object;
  if (kind === 'ConfigMap' || kind === 'Secret') {
    // A token of a ServiceAccount would be made anew for it by the cluster.
    return wanted[kind].includes(nameOf(object)) && object['type'] !== 'kubernetes.io/service-account-token';
  }
  return kind === 'Service' && fieldAt(object, 'spec.type') !== 'ExternalName';
}

/** Services are reached from within the cluster alone, whatever those of the App are. */
function copyOf(request: CopyRequest, object: Fields): Fields {
  const { apiVersion, kind, metadata: _, spec, status: __, ...rest } = object;
  const base = made(request, { apiVersion, kind }, nameOf(object));
  if (kind !== 'Service') {
    return { ...base, ...rest };
  }
  const isHeadless = fieldAt(object, 'spec.clusterIP') === 'None';
  const given = isFields(spec) ? spec : {};
  const ports = Array.isArray(given['ports']) ? given['ports'].filter(isFields) : [];
  return {
    ...base,
    spec: {
      ...only(given, ['selector', 'publishNotReadyAddresses', 'sessionAffinity']),
      ...(isHeadless && { clusterIP: 'None' }),
      type: 'ClusterIP',
      ports: ports.map(({ nodePort: _nodePort, ...port }) => port),
    },
  };
}

function workloadOf(request: CopyRequest, object: Fields): Fields {
  const { apiVersion, kind } = object;
  const { template } = templateOf(object);
  const {
    volumeClaimTemplates,
    persistentVolumeClaimRetentionPolicy: _,
    ...spec
  } = isFields(object['spec']) ? object['spec'] : {};
  return {
    ...made(request, { apiVersion, kind }, nameOf(object)),
    spec: {
      ...spec,
      ...(Array.isArray(volumeClaimTemplates) && {
        volumeClaimTemplates: volumeClaimTemplates
          .filter(isFields)
          .map((one) => ({ metadata: { name: nameOf(one) }, spec: claimSpec(one) })),
      }),
      template: copiedTemplate(template, { [drillLabel]: request.namespace }),
    },
  };
}

interface CopiedClaim {
  readonly name: string;
  readonly object: Fields;
}

/** Of the checkpoint; those without a snapshot are empty, for a Job to fill. */
function claimsOf(request: CopyRequest, workloads: readonly Fields[]): readonly CopiedClaim[] {
  const used = new Set(workloads.flatMap(usedClaims));
  return request.objects
    .filter((object) => object['kind'] === claimKind && used.has(nameOf(object)))
    .map((object) => {
      const name = nameOf(object);
      const kept = request.volumes.find(({ claim }) => claim === name);
      const dataSource = kept && {
        ...{ apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: kept.snapshot },
      };
      const spec = { ...claimSpec(object, kept?.sizeBytes), ...(dataSource && { dataSource }) };
      return { name, object: { ...made(request, { apiVersion: 'v1', kind: claimKind }, name), spec } };
    });
}

/** Without the volume that it is bound to, and without where that came from. */
function claimSpec(claim: Fields, leastBytes = 0): Fields {
  const spec = isFields(claim['spec']) ? claim['spec'] : {};
  const asked = textAt(spec, 'resources.requests.storage', '0');
  const isEnough = (parseQuantity(asked) ?? 0) >= leastBytes;
  return {
    ...only(spec, ['accessModes', 'storageClassName', 'volumeMode']),
    resources: { requests: { storage: isEnough ? asked : String(leastBytes) } },
  };
}

/** An empty claim that takes a volume which lies there already would have a Job write over what is in it. */
function foundVolumes({ objects, volumes }: CopyRequest, claims: readonly CopiedClaim[]): readonly string[] {
  const isFound = (name: string) =>
    objects.some(
      (object) =>
        object['kind'] === claimKind &&
        nameOf(object) === name &&
        (fieldAt(object, 'spec.storageClassName') === '' || isFields(fieldAt(object, 'spec.selector'))),
    );
  return claims
    .filter(({ name }) => !volumes.some(({ claim }) => claim === name) && isFound(name))
    .map(
      ({ name }) =>
        `PersistentVolumeClaim ${name} takes a volume that is there already (no storage class, or a selector)`,
    );
}

/** A Job that mounts a claim beside the App's own: only that one has what it needs, and it is not in the drill's namespace. */
function missingClaims({ jobs }: CopyRequest, claims: ReadonlySet<string>): readonly string[] {
  return jobs.flatMap(({ what, template }) =>
    referencesOf(template)
      .claims.filter((name) => !claims.has(name))
      .map(
        (name) =>
          `${what} mounts PersistentVolumeClaim ${name}, which is not in the checkpoint and cannot be mounted in another namespace; let it read from an object store, or keep the data by snapshots`,
      ),
  );
}

interface Chosen {
  readonly workloads: readonly Fields[];
  readonly taken: readonly Fields[];
  readonly wanted: Wanted;
  readonly volumes: readonly KeptVolume[];
}

function leftOut(request: CopyRequest, { workloads, taken, wanted, volumes }: Chosen): readonly string[] {
  const used = new Set<Fields>([...workloads, ...taken]);
  const others = request.objects.filter((object) => !used.has(object) && object['kind'] !== claimKind).map(say);
  const has = (kind: 'ConfigMap' | 'Secret', name: string) =>
    taken.some((object) => object['kind'] === kind && nameOf(object) === name);
  const missing = (['ConfigMap', 'Secret'] as const).flatMap((kind) =>
    wanted[kind].filter((name) => !has(kind, name)).map((name) => `${kind}/${name} is not in the checkpoint`),
  );
  const unmounted = request.volumes.filter((volume) => !volumes.includes(volume));
  return [
    ...others.map((name) => `${name} is left out`),
    ...missing,
    ...unmounted.map(({ claim }) => `PersistentVolumeClaim/${claim} is mounted by no workload of the checkpoint`),
  ];
}

/** Of its metadata only the name is kept: labels and annotations are what other controllers act upon. */
function made({ namespace }: CopyRequest, type: Fields, name: string): Fields {
  return { ...type, metadata: { namespace, name, labels: { ...ours, [drillLabel]: namespace } } };
}

function only(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])));
}

function nameOf(object: Fields): string {
  return textAt(object, 'metadata.name', '');
}

function say(object: Fields): string {
  return `${textAt(object, 'kind', '')}/${nameOf(object)}`;
}
