/** Which App and which Update a change in the cluster concerns. Controllers re-read everything; this only wakes them. */
import { isDeepStrictEqual } from 'node:util';

import { vetoAnnotation, vetoUntilAnnotation } from '../core/gates/veto.ts';
import type { WaitingReason } from '../core/waiting.ts';
import { type Workload, workloadKey } from '../core/workload/workload.ts';

import { isReady } from '../engine/check/find-unready.ts';
import { keyOf, parseKey } from '../kube/objects.ts';
import { isAdopted } from '../resources/adopted-app.ts';
import { releaseOfApp } from '../resources/adopted-release.ts';
import { topicOfAdopted, topicOfChoosers, topicOfConflicts, topicOfWorkload } from '../resources/app-topics.ts';
import type { AppObjectWire } from '../resources/decode-app.ts';
import type { UpdateObjectWire } from '../resources/decode-update.ts';
import { checkAtKey } from '../resources/metadata.ts';
import { adoptedWorkloadOf, releaseKey, workloadsNamedBy } from './adoption-controller.ts';

export interface Wakeable {
  readonly listApps: (namespace: string) => readonly AppObjectWire[];
  /** Listed under a word of resources/app-topics.ts. */
  readonly appsUnder: (topic: string) => readonly AppObjectWire[];
  readonly openUpdates: (namespace: string) => readonly UpdateObjectWire[];
  /** Of all namespaces looked after. */
  readonly allOpenUpdates: () => readonly UpdateObjectWire[];
  readonly wakeApp: (key: string) => void;
  readonly wakeUpdate: (key: string) => void;
  /** Has the sources of an App looked at now. */
  readonly checkApp: (key: string) => void;
  /** By the key of a workload. */
  readonly wakeAdoption: (key: string) => void;
  /** What there is to tell in a namespace is looked at. */
  readonly wakeNotices: (namespace: string) => void;
}

interface Change<T> {
  readonly key: string;
  readonly value: T | undefined;
  readonly previous: T | undefined;
}

/** Our own status writes come back as changes; they must not start another pass of the App, or it would never rest. */
export function onAppChange(wakeable: Wakeable, change: Change<AppObjectWire>): void {
  const { value, previous } = change;
  if (!value || !previous || isSpecChange(value, previous)) {
    wakeable.wakeApp(change.key);
    wakeable.wakeNotices(parseKey(change.key).namespace);
    wakeRivals(wakeable, change.key, value ?? previous);
    wakeAdopter(wakeable, value ?? previous);
  }
  const asked = value?.metadata.annotations?.[checkAtKey];
  if (asked !== undefined && previous && asked !== previous.metadata.annotations?.[checkAtKey]) {
    wakeable.checkApp(change.key);
  }
  if (value && isReady(value) && !(previous && isReady(previous))) {
    wakeDependents(wakeable, value);
  }
  const app = value ?? previous;
  const tells = (one: AppObjectWire | undefined) => [
    one?.status?.sources,
    one?.metadata.generation,
    vetoOf(one?.metadata),
  ];
  if (app && !isDeepStrictEqual(tells(value), tells(previous))) {
    wakeOpenUpdates(wakeable, app.metadata.namespace, (update) => update.spec.app === app.metadata.name);
    // What an App runs is told a moment after its Update has ended, and others may wait for just that.
    wakeWaiting(wakeable, ['Predecessor']);
  }
}

export function onUpdateChange(wakeable: Wakeable, change: Change<UpdateObjectWire>): void {
  wakeable.wakeUpdate(change.key);
  const update = change.value ?? change.previous;
  const isOneNew = !change.value || !change.previous;
  const notices = (one: UpdateObjectWire | undefined) => [one?.status?.phase, one?.status?.waiting?.reason];
  if (update && !isDeepStrictEqual(notices(change.value), notices(change.previous))) {
    wakeable.wakeNotices(update.metadata.namespace);
  }
  const tells = (one: UpdateObjectWire | undefined) => [one?.status?.phase, gateOf(one)];
  if (update && (isOneNew || !isDeepStrictEqual(tells(change.value), tells(change.previous)))) {
    wakeable.wakeApp(`${update.metadata.namespace}/${update.spec.app}`);
    wakeWaiting(wakeable, ['UpdateLimit', 'Predecessor']);
  }
}

/** An App depends on which workloads there are and on their images and labels; an Update on all of a workload's status. */
export function onWorkloadChange(wakeable: Wakeable, change: Change<Workload>): void {
  const { value, previous } = change;
  const workload = value ?? previous;
  if (!workload) {
    return;
  }
  const matters = !isDeepStrictEqual([value?.containers, value?.labels], [previous?.containers, previous?.labels]);
  if (matters) {
    const topics = [topicOfWorkload(workload.namespace, workload.name), topicOfChoosers(workload.namespace)];
    for (const app of topics.flatMap(wakeable.appsUnder)) {
      wakeable.wakeApp(keyOf(app));
    }
  }
  if (matters || value?.uid !== previous?.uid || !isDeepStrictEqual(value?.annotations, previous?.annotations)) {
    wakeable.wakeAdoption(workloadKey(workload));
  }
  if (matters || !isDeepStrictEqual(vetoOf(value), vetoOf(previous))) {
    wakeOpenUpdates(wakeable, workload.namespace, isPending);
  } else {
    wakeOpenUpdates(wakeable, workload.namespace, ({ status }) => status?.waiting?.reason === 'Unhealthy');
  }
  wakeOpenUpdates(
    wakeable,
    workload.namespace,
    ({ status }) =>
      // A Helm release has its objects in the release, not in the Update.
      status?.helm !== undefined ||
      // What an Update that writes into git watches is said by its App alone.
      status?.git !== undefined ||
      (status?.workloads ?? []).some((one) => one.kind === workload.kind && one.name === workload.name),
  );
}

/** Something of what an App applied changed. @param app `namespace/name` */
export function onObjectChange(wakeable: Wakeable, app: string): void {
  wakeable.wakeApp(app);
  const { namespace, name } = parseKey(app);
  wakeOpenUpdates(wakeable, namespace, (update) => update.spec.app === name);
}

/** A Helm release got another revision, or the status of one changed. */
export function onReleaseChange(
  wakeable: Wakeable,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): void {
  for (const { metadata, spec } of wakeable.listApps(namespace)) {
    if (spec.deploy.helm !== undefined && (spec.deploy.helm.releaseName ?? metadata.name) === name) {
      wakeable.wakeApp(`${namespace}/${metadata.name}`);
    }
  }
  wakeOpenUpdates(wakeable, namespace, ({ status }) => status?.helm?.release === name);
}

export function onRejectionChange(wakeable: Wakeable, namespace: string): void {
  wakeApps(wakeable, namespace);
  wakeOpenUpdates(wakeable, namespace, () => true);
}

/** Windows of a namespace matter to what waits for them, and to what is undone when they close. */
export function onNamespaceGatesChange(wakeable: Wakeable, namespace: string): void {
  wakeOpenUpdates(wakeable, namespace, () => true);
}

/** An App that was made for a workload is put right when a person changes or removes it. */
function wakeAdopter(wakeable: Wakeable, app: AppObjectWire | undefined): void {
  const workloads = app ? (adoptedWorkloadOf(app) ?? workloadsNamedBy(app)) : [];
  for (const workload of [workloads].flat()) {
    wakeable.wakeAdoption(workload);
  }
  const release = app && releaseOfApp(app);
  if (app !== undefined && release !== undefined) {
    wakeable.wakeAdoption(releaseKey({ namespace: app.metadata.namespace, name: release }));
  }
}

/** Apps that another one keeps from a workload, which may be the one that has just let go; and those that make way for it. */
function wakeRivals(wakeable: Wakeable, key: string, changed: AppObjectWire | undefined): void {
  const { namespace } = parseKey(key);
  const makesWay = changed && !isAdopted(changed) ? [topicOfAdopted(namespace)] : [];
  for (const app of [topicOfConflicts(namespace), ...makesWay].flatMap(wakeable.appsUnder)) {
    wakeable.wakeApp(keyOf(app));
  }
}

/** Apps that wait for this one. */
function wakeDependents(wakeable: Wakeable, { metadata }: AppObjectWire): void {
  const { namespace, name } = metadata;
  for (const app of wakeable.listApps(namespace)) {
    if (app.spec.dependsOn?.includes(name) === true) {
      wakeable.wakeApp(`${namespace}/${app.metadata.name}`);
    }
  }
}

function isPending({ status }: UpdateObjectWire): boolean {
  return status?.phase === undefined || status.phase === 'Pending';
}

/** What an Update that may not begin yet waits for; the App tells it too. */
function gateOf(update: UpdateObjectWire | undefined): unknown {
  return update && isPending(update) ? update.status?.waiting : undefined;
}

function vetoOf(carrier: { readonly annotations?: Readonly<Record<string, string>> } | undefined): readonly unknown[] {
  return [carrier?.annotations?.[vetoAnnotation], carrier?.annotations?.[vetoUntilAnnotation]];
}

/** Those that wait for others, in whatever namespace. */
function wakeWaiting(wakeable: Wakeable, reasons: readonly WaitingReason[]): void {
  for (const { metadata, status } of wakeable.allOpenUpdates()) {
    const reason = status?.waiting?.reason;
    if (reason !== undefined && reasons.includes(reason)) {
      wakeable.wakeUpdate(`${metadata.namespace}/${metadata.name}`);
    }
  }
}

function wakeApps(wakeable: Wakeable, namespace: string): void {
  for (const app of wakeable.listApps(namespace)) {
    wakeable.wakeApp(`${namespace}/${app.metadata.name}`);
  }
}

function wakeOpenUpdates(wakeable: Wakeable, namespace: string, concerns: (update: UpdateObjectWire) => boolean): void {
  for (const update of wakeable.openUpdates(namespace)) {
    if (concerns(update)) {
      wakeable.wakeUpdate(`${namespace}/${update.metadata.name}`);
    }
  }
}

function isSpecChange(value: AppObjectWire, previous: AppObjectWire): boolean {
  const relevant = ({ metadata }: AppObjectWire) => [
    metadata.generation,
    metadata.annotations,
    metadata.deletionTimestamp,
    metadata.uid,
  ];
  return !isDeepStrictEqual(relevant(value), relevant(previous));
}
