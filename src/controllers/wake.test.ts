import { describe, expect, it } from 'vitest';
import { digest, startOfTest, workload } from '../../test/fixtures.ts';
import { Store } from '../kube/store.ts';
import { neighbourTopicsOfApp, topicsOfApp } from '../resources/app/app-topics.ts';
import { type AppObjectWire, decodeApp } from '../resources/app/decode-app.ts';
import { decodeUpdate, type UpdateObjectWire } from '../resources/update/decode-update.ts';
import { topicsOfUpdate } from '../resources/update/update-topics.ts';
import {
  onAppChange,
  onObjectChange,
  onReleaseChange,
  onUpdateChange,
  onWorkloadChange,
  type Wakeable,
} from './wake.ts';

const image = { name: 'app', image: { repository: 'web', policy: { semver: { range: '*' } } } };
const folder = { name: 'app', folder: { path: 'web' } };

function app(name: string, spec: object, more: object = {}): AppObjectWire {
  const object = {
    metadata: { namespace: 'demo', name, ...born(name) },
    spec: { sources: [image], ...spec },
    ...more,
  };
  return decodeApp(object, `App ${name}`);
}

function update(name: string, status: object | undefined, ofApp = name): UpdateObjectWire {
  const change = { source: 'app', repository: 'web', from: {}, to: { digest: digest('b') } };
  const trigger = { kind: 'Source', by: 'test', reason: 'test' };
  const object = {
    metadata: { namespace: 'demo', name: `${name}-1`, ...born(name) },
    spec: { app: ofApp, sequence: 1, trigger, changes: [change] },
    ...(status === undefined ? {} : { status }),
  };
  return decodeUpdate(object, `Update ${name}-1`);
}

function born(name: string) {
  return { uid: name, resourceVersion: '1', generation: 1, creationTimestamp: startOfTest.toISOString() };
}

const chooses = { deploy: { workloads: { targets: [{ selector: { matchLabels: { app: 'web' } } }] } } };
const names = { deploy: { workloads: { targets: [{ name: 'web' }] } } };
const apps = [
  app('by-name', names),
  app('other-name', { deploy: { workloads: { targets: [{ name: 'db' }] } } }),
  app('by-labels', chooses),
  app('charted', { deploy: { helm: { chart: { source: 'app' }, releaseName: 'release' } } }),
  app('files', { sources: [folder], deploy: { manifests: {} } }),
  app('after', { ...names, dependsOn: ['files'] }),
];
const workloadStatus = { kind: 'Deployment', name: 'web', uid: 'uid-web', reversible: true, containers: [] };
const unhealthy = { reason: 'Unhealthy', message: 'by-labels is not healthy' };
const updates = [
  update('by-name', undefined),
  update('other-name', { phase: 'Pending' }),
  update('by-labels', { phase: 'Pending', waiting: unhealthy }),
  update('files', { phase: 'Pending' }),
  update('changing', { phase: 'Watching', workloads: [workloadStatus] }),
  update('ended', { phase: 'Succeeded', workloads: [workloadStatus] }, 'by-name'),
  update('held', { phase: 'Pending', waiting: { reason: 'Predecessor', message: 'files is not there' } }, 'after'),
];

/** What a change wakes in a namespace with these Apps and Updates. */
function wokenBy(change: (wakeable: Wakeable) => void): readonly string[] {
  const ofApps = new Store<AppObjectWire & { apiVersion: string; kind: string }>({
    own: (one) => [...topicsOfApp(one), ...neighbourTopicsOfApp(one)],
  });
  const ofUpdates = new Store<UpdateObjectWire & { apiVersion: string; kind: string }>({ own: topicsOfUpdate });
  for (const one of apps) {
    ofApps.set({ apiVersion: 'headgate.dev/v1alpha1', kind: 'App', ...one });
  }
  for (const one of updates) {
    ofUpdates.set({ apiVersion: 'headgate.dev/v1alpha1', kind: 'Update', ...one });
  }
  const woken: string[] = [];
  const note = (what: string) => (key: string) => void woken.push(`${what} ${key.replace('demo/', '')}`);
  change({
    listApps: () => ofApps.list(),
    appsUnder: (topic) => ofApps.byIndex('own', topic),
    updatesUnder: (topic) => ofUpdates.byIndex('own', topic),
    wakeApp: note('App'),
    wakeUpdate: note('Update'),
    checkApp: note('check of'),
    wakeAdoption: note('adoption of'),
    wakeDrills: () => undefined,
    wakeNotices: note('notices in'),
  });
  return [...new Set(woken)].sort();
}

const before = workload();
const fresh = workload({ containers: [{ name: 'app', image: 'web:2.0.0', init: false }] });
const [byName, , , , files] = apps;
const ready: NonNullable<AppObjectWire['status']> = {
  observedGeneration: 1,
  conditions: [
    { type: 'Ready', status: 'True', reason: 'Ready', message: '', lastTransitionTime: startOfTest.toISOString() },
  ],
};

describe('what a change wakes', () => {
  it.each([
    [
      'another image of a workload: the Apps that may look after it, and what they wait with',
      (to: Wakeable) => onWorkloadChange(to, { key: 'demo/web', value: fresh, previous: before }),
      [
        'App after',
        'App by-labels',
        'App by-name',
        'App charted',
        'Update by-labels-1',
        'Update by-name-1',
        'Update changing-1',
        'Update held-1',
        'adoption of Deployment/web',
      ],
    ],
    [
      'another status of it: only what watches it, or waits for its health',
      (to: Wakeable) => onWorkloadChange(to, { key: 'demo/web', value: workload({ generation: 2 }), previous: before }),
      ['Update by-labels-1', 'Update changing-1'],
    ],
    [
      'an object that an App applied: that App and its Update',
      (to: Wakeable) => onObjectChange(to, 'demo/files'),
      ['App files', 'Update files-1'],
    ],
    [
      'a Helm release: the App that has it',
      (to: Wakeable) => onReleaseChange(to, { namespace: 'demo', name: 'release' }),
      ['App charted'],
    ],
    [
      'an App that runs now: those that wait for it',
      (to: Wakeable) =>
        files && onAppChange(to, { key: 'demo/files', value: { ...files, status: ready }, previous: files }),
      ['App after'],
    ],
    [
      'another spec of an App: that App and its Update, and what waits for others',
      (to: Wakeable) =>
        byName &&
        onAppChange(to, {
          key: 'demo/by-name',
          value: { ...byName, metadata: { ...byName.metadata, generation: 2 } },
          previous: byName,
        }),
      ['App by-name', 'Update by-name-1', 'Update held-1', 'notices in demo'],
    ],
    [
      'the end of an Update: its App, and what waits for it',
      (to: Wakeable) =>
        onUpdateChange(to, {
          key: 'demo/files-1',
          value: update('files', { phase: 'Succeeded' }),
          previous: update('files', { phase: 'Watching' }),
        }),
      ['App files', 'Update files-1', 'Update held-1', 'notices in demo'],
    ],
  ])('%s', (_, change, expected) => {
    expect(wokenBy(change)).toEqual(expected);
  });
});
