/** Which App and which Update a change in the cluster concerns. Controllers re-read everything; this only wakes them. */
import { isDeepStrictEqual } from 'node:util';

import { vetoAnnotation, vetoUntilAnnotation } from '../core/gates/veto.ts';
import type { WaitingReason } from '../core/waiting.ts';
import { type Workload, workloadKey } from '../core/workload/workload.ts';

import { isReady } from '../engine/check/find-unready.ts';
import { keyOf, parseKey } from '../kube/objects.ts';
import { isAdopted } from '../resources/app/adopted-app.ts';
import { releaseOfApp } from '../resources/app/adopted-release.ts';
import {
  topicOfAdopted,
  topicOfChoosers,
  topicOfConflicts,
  topicOfDependents,
  topicOfRelease,
  topicOfWorkload,
} from '../resources/app/app-topics.ts';
import type { AppObjectWire } from '../resources/app/decode-app.ts';
import { checkAtKey } from '../resources/metadata.ts';
import type { UpdateObjectWire } from '../resources/update/decode-update.ts';
import {
  changing,
  isPending,
  onRelease,
  openIn,
  openOf,
  pendingIn,
  waitingFor,
  watchingIn,
} from '../resources/update/update-topics.ts';
import { adoptedWorkloadOf, releaseKey, workloadsNamedBy } from './adoption-controller.ts';

export interface Wakeable {
  readonly listApps: (namespace: string) => readonly AppObjectWire[];
  /** Listed under a word of resources/app-topics.ts. */
  readonly appsUnder: (topic: string) => readonly AppObjectWire[];
  /** Listed under a word of resources/update-topics.ts. */
  readonly updatesUnder: (topic: string) => readonly UpdateObjectWire[];
  readonly wakeApp: (key: string) => void;
  readonly wakeUpdate: (key: string) => void;
  /** Has the sources of an App looked at now. */
  readonly checkApp: (key: string) => void;
  /** By the key of a workload. */
  readonly wakeAdoption: (key: string) => void;
  /** The drills of an App are looked at. */
  readonly wakeDrills: (key: string) => void;
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
    wakeable.wakeDrills(change.key);
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
    wakeUpdates(wakeable, openOf(app.metadata.namespace, app.metadata.name));
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
  const { namespace } = workload;
  const matters = !isDeepStrictEqual([value?.containers, value?.labels], [previous?.containers, previous?.labels]);
  if (matters) {
    wakeAppsUnder(wakeable, topicsOn(workload));
  }
  if (matters || value?.uid !== previous?.uid || !isDeepStrictEqual(value?.annotations, previous?.annotations)) {
    wakeable.wakeAdoption(workloadKey(workload));
  }
  const isNews = matters || !isDeepStrictEqual(vetoOf(value), vetoOf(previous));
  wakeHeld(wakeable, isNews ? pendingIn(namespace) : waitingFor('Unhealthy'), workload);
  wakeUpdates(wakeable, watchingIn(namespace));
  wakeUpdates(wakeable, changing(workload));
}

/** Those under the topic whose App may look after the workload. */
function wakeHeld(wakeable: Wakeable, topic: string, workload: Workload): void {
  const held = wakeable.updatesUnder(topic).filter(({ metadata }) => metadata.namespace === workload.namespace);
  if (held.length === 0) {
    return;
  }
  const names = new Set(
    topicsOn(workload)
      .flatMap(wakeable.appsUnder)
      .map(({ metadata }) => metadata.name),
  );
  for (const update of held.filter(({ spec }) => names.has(spec.app))) {
    wakeable.wakeUpdate(keyOf(update));
  }
}

function topicsOn({ namespace, name }: Workload): readonly string[] {
  return [topicOfWorkload(namespace, name), topicOfChoosers(namespace)];
}

/** Something of what an App applied changed. @param app `namespace/name` */
export function onObjectChange(wakeable: Wakeable, app: string): void {
  wakeable.wakeApp(app);
  const { namespace, name } = parseKey(app);
  wakeUpdates(wakeable, openOf(namespace, name));
}

/** A Helm release got another revision, or the status of one changed. */
export function onReleaseChange(
  wakeable: Wakeable,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): void {
  wakeAppsUnder(wakeable, [topicOfRelease(namespace, name)]);
  wakeUpdates(wakeable, onRelease(namespace, name));
}

export function onRejectionChange(wakeable: Wakeable, namespace: string): void {
  wakeApps(wakeable, namespace);
  wakeUpdates(wakeable, openIn(namespace));
}

/** Windows of a namespace matter to what waits for them, and to what is undone when they close. */
export function onNamespaceGatesChange(wakeable: Wakeable, namespace: string): void {
  wakeUpdates(wakeable, openIn(namespace));
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
  wakeAppsUnder(wakeable, [topicOfConflicts(namespace), ...makesWay]);
}

/** Apps that wait for this one. */
function wakeDependents(wakeable: Wakeable, { metadata }: AppObjectWire): void {
  wakeAppsUnder(wakeable, [topicOfDependents(metadata.namespace, metadata.name)]);
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
  for (const reason of reasons) {
    wakeUpdates(wakeable, waitingFor(reason));
  }
}

function wakeAppsUnder(wakeable: Wakeable, topics: readonly string[]): void {
  for (const app of topics.flatMap(wakeable.appsUnder)) {
    wakeable.wakeApp(keyOf(app));
  }
}

function wakeApps(wakeable: Wakeable, namespace: string): void {
  for (const app of wakeable.listApps(namespace)) {
    wakeable.wakeApp(`${namespace}/${app.metadata.name}`);
  }
}

function wakeUpdates(wakeable: Wakeable, topic: string): void {
  for (const update of wakeable.updatesUnder(topic)) {
    wakeable.wakeUpdate(keyOf(update));
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
