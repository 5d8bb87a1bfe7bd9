import { expect, test } from 'vitest';
import { findMisfit, fitsCluster } from './chart-fit.ts';

/** The pre-release of managed clusters counts, as in Helm: `>=1.25.0-0` is what authors write for it. */
test.each([
  { kubeVersion: '>=1.25.0-0', clusterVersion: 'v1.31.2', fits: true },
  { kubeVersion: '>=1.25.0-0', clusterVersion: 'v1.31.2-gke.1', fits: true },
  { kubeVersion: '>=1.25.0', clusterVersion: 'v1.31.2-gke.1', fits: false },
  { kubeVersion: '>= 1.19.0-0 < 1.30.0-0', clusterVersion: 'v1.31.2', fits: false },
  { kubeVersion: '^1.20', clusterVersion: 'v1.31.2+k3s1', fits: true },
  { kubeVersion: 'what?', clusterVersion: 'v1.31.2', fits: false },
])('$kubeVersion on $clusterVersion: $fits', ({ kubeVersion, clusterVersion, fits }) => {
  expect(fitsCluster(kubeVersion, clusterVersion)).toBe(fits);
});

test.each([
  { facts: {}, demand: {}, misfit: undefined },
  {
    facts: { kubeVersion: '>=1.32' },
    demand: { clusterVersion: 'v1.31.0' },
    misfit: 'it needs Kubernetes >=1.32, and this is v1.31.0',
  },
  { facts: { kubeVersion: '>=1.32' }, demand: {}, misfit: undefined },
  {
    facts: { appVersion: '2.0' },
    demand: { appVersion: { include: ['^1[.]'] } },
    misfit: 'its appVersion 2.0 matches none of ^1[.]',
  },
  { facts: {}, demand: { appVersion: { include: ['^1[.]'] } }, misfit: 'its appVersion (none) matches none of ^1[.]' },
  {
    facts: { appVersion: '1.0-rc' },
    demand: { appVersion: { exclude: ['-rc'] } },
    misfit: 'its appVersion 1.0-rc matches -rc, which is excluded',
  },
])('$facts under $demand: $misfit', ({ facts, demand, misfit }) => {
  expect(findMisfit(facts, { appVersion: undefined, clusterVersion: undefined, ...demand })).toBe(misfit);
});
