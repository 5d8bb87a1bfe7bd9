import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as sent from '../../../test/webhooks/payloads.ts';
import { formatImageReference } from '../image/reference.ts';
import type { Announcement, Delivery } from './announcement.ts';
import { webhookSenders } from './senders.ts';

const { sha } = sent;

function read(path: string, body: unknown, rest: Omit<Delivery, 'headers' | 'body'> & { event?: string } = {}) {
  const sender = webhookSenders.find(({ paths }) => paths.includes(path));
  const { event = '', ...others } = rest;
  const headers = { 'x-github-event': event, 'x-event-key': event };
  return sender?.read({ headers, body, ...others });
}

/** Announced things as texts; `*` for any registry. */
function say(announcement: Announcement | 'nothing' | undefined): readonly string[] | string {
  if (announcement === undefined || announcement === 'nothing') {
    return String(announcement);
  }
  const { images, repositories } = announcement;
  return [
    ...images.map((image) => formatImageReference({ ...image, registry: image.registry ?? '*' })),
    ...repositories.map(({ host, path }) => `git ${host}/${path}`),
  ];
}

interface Row {
  readonly name: string;
  readonly path: string;
  readonly event?: string;
  readonly body: unknown;
  readonly privateRegistry?: string;
  readonly says: readonly string[] | 'nothing';
}

const ghcr = (name: string, tag: string) => `ghcr.io/${name}:${tag}@${sha}`;
const google = 'us-west1-docker.pkg.dev/my-project/my-repo/hello-world';
const purl = `pkg:oci/myapp@${encodeURIComponent(sha)}`;
const published = 'dev.cdevents.artifact.published.0.2.0';

const rows: readonly Row[] = [
  {
    name: 'a name with its registry',
    path: 'native',
    body: sent.nativePush,
    says: ['gcr.io/v2-namespace/hello-world:1.1.1'],
  },
  {
    name: 'host, name, tag and digest',
    path: 'native',
    body: { host: 'gcr.io', name: 'team/web', tag: '1.1.1', digest: sha },
    says: [`gcr.io/team/web:1.1.1@${sha}`],
  },
  {
    name: 'a short name of Docker Hub',
    path: 'native',
    body: { name: 'alpine', tag: '3' },
    says: ['docker.io/library/alpine:3'],
  },
  {
    name: 'a digest that is none',
    path: 'native',
    body: { name: 'index.docker.io/karolisr/keel', tag: '1', digest: 'abc' },
    says: ['docker.io/karolisr/keel:1'],
  },
  { name: 'a push', path: 'dockerhub', body: sent.dockerHubPush, says: ['docker.io/karolisr/keel:0.1.7'] },
  {
    name: 'each tag',
    path: 'quay',
    body: sent.quayPush,
    says: ['quay.io/mynamespace/repository:latest', 'quay.io/mynamespace/repository:1.2.3'],
  },
  { name: 'a push', path: 'azure', body: sent.azurePush, says: [`myregistry.azurecr.io/hello-world:v1@${sha}`] },
  {
    name: 'a chart',
    path: 'azure',
    body: sent.azureChartPush,
    says: [`myregistry.azurecr.io/repo:wordpress-5.4.0.tgz@${sha}`],
  },
  { name: 'a deletion', path: 'azure', body: sent.azureDelete, says: 'nothing' },
  { name: 'a ping', path: 'azure', body: { id: '1', timestamp: '', action: 'ping' }, says: 'nothing' },
  {
    name: 'a package',
    path: 'github',
    event: 'package',
    body: sent.gitHubPackage,
    says: [ghcr('utaitebox/utaitebox-server', '3.2.1')],
  },
  {
    name: 'a package of old',
    path: 'github',
    event: 'package_v2',
    body: sent.gitHubPackage,
    says: [ghcr('utaitebox/utaitebox-server', '3.2.1')],
  },
  {
    name: 'a package whose name is not that of the repository',
    path: 'github',
    event: 'registry_package',
    body: sent.gitHubRegistryPackage,
    says: [ghcr('theryan/www-server', '0e2a89b')],
  },
  {
    name: 'a package with the fields that Keel knows',
    path: 'github',
    event: 'registry_package',
    body: {
      registry_package: {
        name: 'server',
        package_type: 'CONTAINER',
        package_version: { version: '1.2.3', package_url: 'ghcr.io:' },
      },
      repository: { full_name: 'DingGGu/UtaiteBOX' },
    },
    says: ['ghcr.io/dingggu/utaitebox:1.2.3'],
  },
  { name: 'a ping', path: 'github', event: 'ping', body: sent.gitHubPing, says: 'nothing' },
  { name: 'no event', path: 'github', body: sent.gitHubPush, says: 'nothing' },
  {
    name: 'a push, by https, ssh and page',
    path: '/hook/github',
    event: 'push',
    body: sent.gitHubPush,
    says: Array(3).fill('git github.com/Codertocat/Hello-World'),
  },
  {
    name: 'a pull request that was merged, or closed',
    path: '/hook/github',
    event: 'pull_request',
    body: { ...sent.gitHubPush, action: 'closed', pull_request: { merged: true } },
    says: Array(3).fill('git github.com/Codertocat/Hello-World'),
  },
  {
    name: 'a pull request that stays open',
    path: '/hook/github',
    event: 'pull_request',
    body: { ...sent.gitHubPush, action: 'synchronize' },
    says: 'nothing',
  },
  ...['merge', 'close'].map((action) => ({
    name: `the ${action} of a merge request`,
    path: '/hook/gitlab',
    body: { ...sent.gitLabPush, object_kind: 'merge_request', object_attributes: { action } },
    says: Array(3).fill('git example.com/mike/diaspora'),
  })),
  {
    name: 'an approval of a merge request',
    path: '/hook/gitlab',
    body: { ...sent.gitLabPush, object_kind: 'merge_request', object_attributes: { action: 'approved' } },
    says: 'nothing',
  },
  { name: 'a push', path: 'harbor', body: sent.harborPush, says: [`hub.harbor.com/test-webhook/debian:latest@${sha}`] },
  {
    name: 'each resource',
    path: 'harbor',
    body: sent.harborOnePush,
    says: [`quay.io/mynamespace/repository:1.2.3@${sha}`, `docker.io/mynamespace/repository@${sha}`],
  },
  {
    name: 'a CloudEvent',
    path: 'harbor',
    body: sent.harborCloudEvent,
    says: [`harbor.dev/library/busybox:v1.0@${sha}`],
  },
  { name: 'a pull', path: 'harbor', body: { ...sent.harborPush, type: 'PULL_ARTIFACT' }, says: 'nothing' },
  { name: 'no type', path: 'harbor', body: {}, says: 'nothing' },
  {
    name: 'a path in any registry',
    path: 'jfrog',
    body: sent.jfrogPush,
    says: ['*/team/web:1.4.0', '*/docker-local/team/web:1.4.0'],
  },
  {
    name: 'PRIVATE_REGISTRY before the name',
    path: 'jfrog',
    body: sent.jfrogPush,
    privateRegistry: 'example.jfrog.io/docker',
    says: ['example.jfrog.io/docker/team/web:1.4.0'],
  },
  {
    name: 'a push among others',
    path: 'registry',
    body: sent.distributionPush,
    says: [`registry.git.erxes.io/shinebayar-g/a:0.01@${sha}`],
  },
  { name: 'a pull', path: 'registry', body: sent.distributionPull, says: 'nothing' },
  { name: 'no events', path: 'registry', body: {}, says: 'nothing' },
  {
    name: 'images and repositories',
    path: '/hook/generic',
    body: { images: ['ghcr.io/org/web:1.2', 'alpine'], repositories: ['https://github.com/org/web', 'nowhere'] },
    says: ['ghcr.io/org/web:1.2', 'docker.io/library/alpine', 'git github.com/org/web'],
  },
  { name: 'no body', path: '/hook/generic', body: undefined, says: [] },
  { name: 'a body of its own', path: '/hook/generic-hmac', body: ['whatever', { it: 'is' }], says: [] },
  { name: 'a push', path: '/hook/gitlab', body: sent.gitLabPush, says: Array(3).fill('git example.com/mike/diaspora') },
  {
    name: 'a tag',
    path: '/hook/gitlab',
    body: { ...sent.gitLabPush, object_kind: 'tag_push', event_name: 'tag_push' },
    says: Array(3).fill('git example.com/mike/diaspora'),
  },
  { name: 'an issue', path: '/hook/gitlab', body: sent.gitLabIssue, says: 'nothing' },
  {
    name: 'a push to Data Center, by ssh and http',
    path: '/hook/bitbucket',
    event: 'repo:refs_changed',
    body: sent.bitbucketServerPush,
    says: ['git bitbucketserver/myproject/test-repo', 'git bitbucketserver/scm/myproject/test-repo'],
  },
  {
    name: 'a push to Cloud',
    path: '/hook/bitbucket',
    event: 'repo:push',
    body: sent.bitbucketCloudPush,
    says: ['git bitbucket.org/team_name/repo_name'],
  },
  { name: 'a ping', path: '/hook/bitbucket', event: 'diagnostics:ping', body: { test: true }, says: 'nothing' },
  { name: 'a push in an envelope', path: '/hook/gcr', body: sent.pubSub(sent.googleInsert), says: [`${google}:1.1`] },
  { name: 'a push without envelope', path: '/hook/gcr', body: sent.googleInsert, says: [`${google}:1.1`] },
  { name: 'a push without tag', path: '/hook/gcr', body: sent.pubSub(sent.googleUntagged), says: [`${google}@${sha}`] },
  { name: 'a deletion', path: '/hook/gcr', body: sent.pubSub(sent.googleDelete), says: 'nothing' },
  {
    name: 'a component',
    path: '/hook/nexus',
    body: sent.nexusComponent,
    says: ['*/team/web:1.4.0', '*/docker-hosted/team/web:1.4.0'],
  },
  { name: 'an asset', path: '/hook/nexus', body: sent.nexusAsset, says: 'nothing' },
  { name: 'a component of another format', path: '/hook/nexus', body: sent.nexusNpm, says: 'nothing' },
  {
    name: 'a component that is gone',
    path: '/hook/nexus',
    body: { ...sent.nexusComponent, action: 'DELETED' },
    says: 'nothing',
  },
  {
    name: 'an image with its repository',
    path: '/hook/cdevents',
    body: sent.cdEvent(published, { id: `${purl}?repository_url=mycr.io/org/myapp&tag=1.2` }),
    says: [`mycr.io/org/myapp:1.2@${sha}`],
  },
  {
    name: 'an image with the place of its repository',
    path: '/hook/cdevents',
    body: {
      specversion: '1.0',
      type: published,
      data: sent.cdEvent(published, { id: `${purl}?repository_url=https%3A%2F%2Fmycr.io%2Forg%2F` }),
    },
    says: [`mycr.io/org/myapp@${sha}`],
  },
  {
    name: 'an image without repository',
    path: '/hook/cdevents',
    body: sent.cdEvent(published, { id: purl }),
    says: [`*/myapp@${sha}`],
  },
  {
    name: 'a docker image',
    path: '/hook/cdevents',
    body: sent.cdEvent(published, { id: 'pkg:docker/customer/web@1.2?repository_url=gcr.io#path' }),
    says: ['gcr.io/customer/web:1.2'],
  },
  {
    name: 'a docker image of Docker Hub',
    path: '/hook/cdevents',
    body: sent.cdEvent(published, { id: 'pkg:docker/cassandra@latest' }),
    says: ['docker.io/library/cassandra:latest'],
  },
  {
    name: 'another artifact',
    path: '/hook/cdevents',
    body: sent.cdEvent(published, { id: 'pkg:npm/left-pad@1' }),
    says: 'nothing',
  },
  {
    name: 'a repository',
    path: '/hook/cdevents',
    body: sent.cdEvent('dev.cdevents.repository.modified.0.2.0', {
      content: { name: 'web', url: 'https://github.com/org/web' },
    }),
    says: ['git github.com/org/web'],
  },
  {
    name: 'a merged change',
    path: '/hook/cdevents',
    body: sent.cdEvent('dev.cdevents.change.merged.0.2.0', {
      content: { repository: { id: 'x', source: 'git@github.com:org/web.git' } },
    }),
    says: ['git github.com/org/web'],
  },
  {
    name: 'another event',
    path: '/hook/cdevents',
    body: sent.cdEvent('dev.cdevents.build.started.0.2.0', { id: '1' }),
    says: 'nothing',
  },
];

const whole = (path: string) => (path.startsWith('/') ? path : `/v1/webhooks/${path}`);

test.each(rows)('$path reads $name', ({ path, event, body, privateRegistry, says }) => {
  const announcement = read(whole(path), body, { ...(event && { event }), privateRegistry });

  expect(say(announcement)).toEqual(says);
});

test('every path has a row', () => {
  const paths = webhookSenders.flatMap((sender) => sender.paths);
  const aliases = ['/hook/dockerhub', '/hook/quay', '/hook/acr', '/v1/webhooks/github', '/hook/harbor'];

  expect(paths.toSorted()).toEqual([...new Set([...rows.map((row) => whole(row.path)), ...aliases])].toSorted());
});

const container = { package: { ecosystem: 'CONTAINER' } };

describe('a missing field is answered in the words of Keel', () => {
  test.each([
    { path: 'native', body: {}, says: 'repository name cannot be empty' },
    { path: 'native', body: { name: 'x' }, says: 'repository tag cannot be empty' },
    { path: 'native', body: { name: '', tag: '1' }, says: 'repository name cannot be empty' },
    { path: 'native', body: { name: 5, tag: '1' }, says: 'repository name cannot be empty' },
    { path: 'native', body: undefined, says: 'repository name cannot be empty' },
    { path: 'native', body: { name: 'Upper', tag: '1' }, says: 'lower case' },
    { path: 'dockerhub', body: { push_data: { tag: '1' } }, says: 'repository name cannot be empty' },
    { path: 'dockerhub', body: { repository: { repo_name: 'a/b' } }, says: 'repository tag cannot be empty' },
    { path: 'quay', body: { updated_tags: ['1'] }, says: 'docker_url cannot be empty' },
    { path: 'quay', body: { docker_url: 'quay.io/a/b' }, says: 'updated_tags cannot be empty' },
    { path: 'quay', body: { docker_url: 'quay.io/a/b', updated_tags: [] }, says: 'updated_tags cannot be empty' },
    {
      path: 'quay',
      body: { docker_url: 'quay.io/a/b', updated_tags: Array(1_001).fill('1') },
      says: '1000 are the most',
    },
    { path: 'azure', body: {}, says: 'tag cannot be empty' },
    { path: 'azure', body: { target: { tag: '1' } }, says: 'request.host cannot be empty' },
    { path: 'github', event: 'package', body: {}, says: 'registry package type was not container' },
    { path: 'github', event: 'package', body: container, says: 'repository name cannot be empty' },
    {
      path: 'github',
      event: 'package',
      body: { package: { ...container.package, name: 'x' } },
      says: 'repository namespace cannot be empty',
    },
    {
      path: 'github',
      event: 'package',
      body: { package: { ...container.package, name: 'x', namespace: 'y' } },
      says: 'repository tag cannot be empty',
    },
    {
      path: 'github',
      event: 'registry_package',
      body: { registry_package: { package_type: 'npm' } },
      says: 'registry package type was not CONTAINER',
    },
    {
      path: 'github',
      event: 'registry_package',
      body: { registry_package: { package_type: 'CONTAINER' } },
      says: 'repository full name cannot be empty',
    },
    { path: 'harbor', body: { type: 'pushImage', event_data: { resources: [{}] } }, says: 'read image name ""' },
    { path: 'jfrog', body: { data: { tag: '1' } }, says: 'data.image_name cannot be empty' },
    { path: 'jfrog', body: { data: { image_name: 'x' } }, says: 'tag cannot be empty' },
    { path: '/hook/github', event: 'push', body: {}, says: 'URL of the git repository' },
    { path: '/hook/gcr', body: { message: { data: 'bm90IGpzb24=' } }, says: 'not JSON' },
    { path: '/hook/gcr', body: {}, says: 'action cannot be empty' },
    { path: '/hook/nexus', body: {}, says: 'repositoryName cannot be empty' },
    { path: '/hook/cdevents', body: {}, says: 'context.type cannot be empty' },
    { path: '/hook/cdevents', body: sent.cdEvent(published, {}), says: 'subject.id cannot be empty' },
    { path: '/hook/cdevents', body: sent.cdEvent(published, { id: 'pkg:oci/%zz' }), says: 'not a package URL' },
    { path: '/hook/cdevents', body: sent.cdEvent(published, { id: 'web' }), says: 'not a package URL' },
    { path: '/hook/generic', body: { images: ['ghcr.io/Org/web'] }, says: 'lower case' },
  ])('$path of $body: $says', ({ path, event, body, says }) => {
    expect(() => read(whole(path), body, event ? { event } : {})).toThrow(says);
  });
});

/** Something at a place of real JSON is something else. `steps` choose the way to it among the keys on each level. */
function spoil(value: unknown, steps: readonly number[], other: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== 'object' || value === null) {
    return other;
  }
  const keys = Object.keys(value);
  const key = keys[step % Math.max(1, keys.length)] ?? '';
  const spoilt = Object.entries(value).map(([name, one]) => [name, name === key ? spoil(one, rest, other) : one]);
  return Array.isArray(value) ? spoilt.map(([, one]) => one) : Object.fromEntries(spoilt);
}

const spoilt = fc
  .record({
    row: fc.constantFrom(...rows),
    steps: fc.array(fc.nat(12), { minLength: 1, maxLength: 6 }),
    other: fc.oneof(fc.jsonValue(), fc.string(), fc.constantFrom('::', '@', '/', 'pkg:oci/@', 'https://', '__proto__')),
  })
  .map(({ row, steps, other }) => ({ event: row.event ?? '', body: spoil(row.body, steps, other) }));

const anything = fc.record({
  event: fc.constantFrom('package', 'registry_package', 'push', 'repo:refs_changed', 'repo:push', 'constructor', ''),
  body: fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()), fc.constant(undefined)),
});

test.each(webhookSenders)('$name: whatever is sent is read, or refused as invalid', (sender) => {
  fc.assert(
    fc.property(fc.oneof(spoilt, anything), fc.option(fc.string(), { nil: undefined }), ({ event, body }, host) => {
      try {
        sender.read({ headers: { 'x-github-event': event, 'x-event-key': event }, body, privateRegistry: host });
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(WEBHOOK|REFERENCE)_INVALID$/) });
      }
    }),
    { numRuns: 2_000 },
  );
});

test('names of a mebibyte are refused at once', () => {
  const long = ':/@%'.repeat(262_144);
  const beginsAt = performance.now();
  const pushed = { name: 'x', package_type: 'CONTAINER', package_version: { version: '1', package_url: long } };
  const bodies = [
    { path: 'native', body: { name: long, tag: '1' } },
    { path: 'github', event: 'registry_package', body: { registry_package: pushed, repository: { full_name: long } } },
    { path: '/hook/github', event: 'push', body: { repository: { clone_url: long, ssh_url: `git@${long}` } } },
    { path: '/hook/cdevents', body: sent.cdEvent(published, { id: `pkg:oci/${long}` }) },
    { path: '/hook/cdevents', body: sent.cdEvent(published, { id: `pkg:${long}` }) },
  ];

  for (const { path, event, body } of bodies) {
    expect(() => read(whole(path), body, event ? { event } : {})).toThrow();
  }
  expect(performance.now() - beginsAt).toBeLessThan(1_000);
});
