import { expect, test } from 'vitest';
import { decodeApp, decodeAppSpec } from './decode-app.ts';

const reach = { insecure: false, loginSecret: undefined, caSecret: undefined };
const anyVersion = { kind: 'fluxSemver', range: '*' };

test.each([
  {
    what: 'a chart of a repository',
    source: { chart: { repository: 'https://charts.example/stable', name: 'web' } },
    decoded: {
      kind: 'Chart',
      location: { kind: 'Index', url: 'https://charts.example/stable/', chart: 'web' },
      policy: anyVersion,
      appVersion: undefined,
      mustFitCluster: true,
      ...reach,
    },
  },
  {
    what: 'a chart in a registry',
    source: {
      chart: {
        repository: 'oci://ghcr.io/org/charts',
        name: 'web',
        policy: { step: 'minor' },
        appVersion: { include: ['^1[.]'] },
        ignoreKubeVersion: true,
        insecure: true,
        secretRef: { name: 'login' },
        certSecretRef: { name: 'ca' },
      },
    },
    decoded: {
      kind: 'Chart',
      location: { kind: 'Oci', repository: { registry: 'ghcr.io', path: 'org/charts/web' } },
      policy: { kind: 'step', step: 'minor' },
      appVersion: { include: ['^1[.]'] },
      mustFitCluster: false,
      insecure: true,
      loginSecret: 'login',
      caSecret: 'ca',
    },
  },
  {
    what: 'a branch',
    source: { git: { url: 'https://git.example/org/repo', branch: 'main', paths: ['./deploy/', 'base'] } },
    decoded: {
      kind: 'Git',
      url: { text: 'https://git.example/org/repo', scheme: 'https' },
      follow: { by: 'Branch', branch: 'main', paths: ['deploy', 'base'] },
      loginSecret: undefined,
      caSecret: undefined,
    },
  },
  {
    what: 'a branch by a path that is all of it',
    source: { git: { url: 'git@git.example:org/repo', branch: 'main', paths: ['.', 'base'] } },
    decoded: {
      kind: 'Git',
      url: { text: 'git@git.example:org/repo', scheme: 'ssh' },
      follow: { by: 'Branch', branch: 'main', paths: [] },
      loginSecret: undefined,
      caSecret: undefined,
    },
  },
  {
    what: 'tags',
    source: {
      git: { url: 'ssh://git@git.example/org/repo', tag: { semver: { range: '1.x' } }, secretRef: { name: 'key' } },
    },
    decoded: {
      kind: 'Git',
      url: { text: 'ssh://git@git.example/org/repo', scheme: 'ssh' },
      follow: { by: 'Tag', policy: { kind: 'semver', range: '1.x' } },
      loginSecret: 'key',
      caSecret: undefined,
    },
  },
  {
    what: 'an artifact',
    source: { artifact: { repository: 'oci://ghcr.io/org/manifests', policy: { digest: { tag: 'latest' } } } },
    decoded: {
      kind: 'Artifact',
      repositoryText: 'ghcr.io/org/manifests',
      repository: { registry: 'ghcr.io', path: 'org/manifests' },
      policy: { kind: 'digest', tag: 'latest' },
      ...reach,
    },
  },
])('$what is decoded', ({ source, decoded }) => {
  expect(decode(source, 'Digest').sources).toEqual([{ name: 'main', ...decoded }]);
});

test.each([
  { source: {}, problem: 'spec.sources[0]: exactly one of image, chart, git, artifact and folder must be set' },
  {
    source: { git: { url: 'https://h/r', branch: 'a' }, artifact: { repository: 'h/r', policy: { step: 'all' } } },
    problem: 'spec.sources[0]: exactly one of',
  },
  {
    source: { chart: { repository: 'charts.example', name: 'a' } },
    problem: 'chart.repository: "charts.example" is no chart repository',
  },
  { source: { chart: { repository: 'ftp://charts.example', name: 'a' } }, problem: 'is no chart repository' },
  {
    source: { artifact: { repository: 'h/r', policy: { step: 'all', platforms: ['linux/arm64'] } } },
    problem: 'spec.sources[0].artifact.policy.platforms: are those of images; leave them out',
  },
  {
    source: { git: { url: 'https://h/r', tag: { step: 'all' }, minimumAge: '72h' } },
    problem: 'spec.sources[0].git.minimumAge: and ageFrom are for a branch; write them into tag',
  },
  {
    source: { git: { url: 'https://h/r', branch: 'a', ageFrom: 'Created' } },
    problem: 'spec.sources[0].git.ageFrom: "Created" means nothing without minimumAge; leave it out',
  },
  {
    source: { git: { url: 'https://h/r', branch: 'a', verify: { keysSecretRef: { name: 'k' }, signed: 'Tag' } } },
    problem: 'spec.sources[0].git.verify.signed: "Tag" is for tags; a branch has commits',
  },
  {
    source: { chart: { repository: 'https://charts.example', name: 'a', verify: { keySecretRef: { name: 'k' } } } },
    problem: 'spec.sources[0].chart.verify: is for a chart in a registry (oci://); write provenance for a repository',
  },
  {
    source: { chart: { repository: 'http://charts.example', name: 'a' } },
    problem: 'is not encrypted; write https, or set insecure: true',
  },
  {
    source: { chart: { repository: 'https://me:secret@charts.example', name: 'a' } },
    problem: 'chart.repository: "***" has credentials in it',
  },
  { source: { chart: { repository: 'https://charts.example' } }, problem: 'chart.name: "" is missing' },
  { source: { chart: { repository: 'https://charts.example', name: '../a' } }, problem: 'is no name of a chart' },
  {
    source: { chart: { repository: 'oci://ghcr.io/Org/a' } },
    problem: 'chart.repository: "oci://ghcr.io/Org/a" is not valid',
  },
  {
    source: { chart: { repository: 'oci://ghcr.io/o/a', appVersion: { include: ['('] } } },
    problem: 'chart.appVersion.include[0]',
  },
  {
    source: { git: { url: 'https://h/r' } },
    problem: 'spec.sources[0].git: exactly one of branch and tag must be set',
  },
  { source: { git: { url: 'http://h/r', branch: 'a' } }, problem: 'git.url: "http://h/r" is not encrypted' },
  { source: { git: { url: 'ext::sh', branch: 'a' } }, problem: 'spec.sources[0].git.url: read git URL "ext::sh"' },
  {
    source: { git: { url: 'https://h/r', branch: '--upload-pack=x' } },
    problem: 'git.branch: "--upload-pack=x" is no name',
  },
  { source: { git: { url: 'https://h/r', branch: 'a', paths: ['../b'] } }, problem: 'git.paths[0]: "../b" is no path' },
  {
    source: { git: { url: 'https://h/r', tag: { step: 'all' }, paths: ['b'] } },
    problem: 'git.paths: is for a branch',
  },
  { source: { artifact: { repository: 'ghcr.io/o/a:1', policy: { step: 'all' } } }, problem: 'artifact.repository: ' },
  {
    source: { artifact: { repository: 'ghcr.io/o/a', policy: { semver: { range: '(' } } } },
    problem: 'artifact.policy.semver',
  },
])('$problem', ({ source, problem }) => {
  expect(() => decode(source, 'Digest')).toThrow(
    expect.objectContaining({ code: 'OBJECT_INVALID', message: expect.stringContaining(problem) }),
  );
});

test('a source whose tag stays cannot be written as a tag', () => {
  const git = { url: 'https://h/r', branch: 'main' };

  expect(() => decode({ git }, 'Tag')).toThrow('a tag cannot follow a source whose tag stays the same');
});

test('deploy.workloads has no use for what is no image', () => {
  const sources = [{ name: 'main', git: { url: 'https://h/r', branch: 'main' } }];
  const spec = { sources, deploy: { workloads: { targets: [{ name: 'web' }] } } };

  expect(() => decodeAppSpec(decodeApp({ metadata, spec }, 'App'))).toThrow(
    'spec.sources[0]: deploy.workloads sets images only',
  );
});

const metadata = {
  namespace: 'demo',
  name: 'app',
  uid: '1',
  resourceVersion: '1',
  creationTimestamp: '2026-05-04T12:00:00Z',
};

function decode(source: Readonly<Record<string, unknown>>, value: 'Tag' | 'Digest') {
  const target = { apiVersion: 'v1', kind: 'ConfigMap', name: 'web', path: 'data.version', source: 'main', value };
  const spec = { sources: [{ name: 'main', ...source }], deploy: { patch: { targets: [target] } } };
  return decodeAppSpec(decodeApp({ metadata, spec }, 'App'));
}
