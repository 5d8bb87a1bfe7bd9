import { describe, expect, test } from 'vitest';
import { setChartVersions } from './set-chart-versions.ts';

const charts = [{ name: 'ingress-nginx', version: '4.11.3' }];
const set = (text: string, file = 'a.yaml') => setChartVersions(text, charts, file);

describe('places of a chart version', () => {
  test.each([
    {
      title: 'HelmRelease of Flux',
      text: 'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  chart:\n    spec:\n      chart: ingress-nginx\n      version: "4.10.x" # range\n',
      path: 'spec.chart.spec.version',
      old: '4.10.x',
    },
    {
      title: 'HelmRelease of the Helm Operator',
      text: 'apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nspec: {chart: {name: ingress-nginx, version: 4.0.0}}\n',
      path: 'spec.chart.version',
      old: '4.0.0',
    },
    {
      title: 'HelmChart of k3s',
      text: 'apiVersion: helm.cattle.io/v1\nkind: HelmChart\nspec:\n  chart: ingress/ingress-nginx\n  version: 4.0.0\n',
      path: 'spec.version',
      old: '4.0.0',
    },
    {
      title: 'Application of Argo CD, one source',
      text: 'apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    chart: ingress-nginx\n    targetRevision: 4.0.0\n',
      path: 'spec.source.targetRevision',
      old: '4.0.0',
    },
    {
      title: 'Application of Argo CD, several',
      text: 'apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  sources:\n  - {repoURL: x, targetRevision: main}\n  - {chart: ingress-nginx, targetRevision: 4.0.0}\n',
      path: 'spec.sources[1].targetRevision',
      old: '4.0.0',
    },
    {
      title: 'Chart.yaml',
      text: 'apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n- name: redis\n  version: 1.0.0\n- name: ingress-nginx\n  version: ^4.0.0\n',
      file: 'charts/shop/Chart.yaml',
      path: 'dependencies[1].version',
      old: '^4.0.0',
    },
    {
      title: 'helmfile',
      text: 'releases:\n- name: edge\n  chart: ingress/ingress-nginx\n  version: 4.0.0\n',
      file: 'helmfile.yaml',
      path: 'releases[0].version',
      old: '4.0.0',
    },
    {
      title: 'helmfile.d',
      text: 'releases:\n- name: edge\n  chart: oci://r.example/charts/ingress-nginx\n  version: 4.0.0\n',
      file: 'helmfile.d/10-edge.yaml',
      path: 'releases[0].version',
      old: '4.0.0',
    },
  ])('$title', ({ text, file, path, old }) => {
    const expected = text.replace(old, '4.11.3');

    expect(set(text, file)).toMatchObject({ kind: 'Written', text: expected, changes: [{ path, old, new: '4.11.3' }] });
    expect(set(expected, file)).toMatchObject({ text: expected, changes: [], named: new Set(['ingress-nginx']) });
  });
});

describe('left alone', () => {
  test.each([
    {
      title: 'another chart',
      text: 'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: ingress-nginx}\nspec: {chart: {spec: {chart: my-ingress-nginx, version: "1"}}}\n',
    },
    {
      title: 'the version of a chart itself',
      text: 'apiVersion: v2\nname: ingress-nginx\nversion: 1.0.0\n',
      file: 'Chart.yaml',
    },
    {
      title: 'a list of dependencies elsewhere',
      text: 'dependencies:\n- name: ingress-nginx\n  version: "1"\n',
      file: 'values.yaml',
    },
    { title: 'a template that mentions it', text: '{{ if }} ingress-nginx', file: 'templates/a.yaml' },
  ])('$title', ({ text, file }) => {
    expect(set(text, file)).toMatchObject({ kind: 'Written', text, changes: [] });
  });

  test('a chart without a version is said', () => {
    expect(
      set('apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {chart: {spec: {chart: ingress-nginx}}}\n'),
    ).toEqual({
      kind: 'Broken',
      line: 3,
      reason: 'spec.chart.spec.version is not written for the chart ingress-nginx; write it with any version once',
    });
  });
});
