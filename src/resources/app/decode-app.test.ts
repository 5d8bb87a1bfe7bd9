import { describe, expect, test } from 'vitest';
import { decodeApp, decodeAppSpec } from './decode-app.ts';

const metadata = { name: 'web', namespace: 'demo', uid: 'uid', creationTimestamp: '2026-05-04T12:00:00Z' };
const image = { repository: 'ghcr.io/org/web', policy: { semver: { range: '1.x' } } };
const source = { name: 'web', image };
const target = { kind: 'Deployment', name: 'web' };
const spec = { sources: [source], deploy: { workloads: { targets: [target] } } };

const noGates = {
  approvals: undefined,
  windows: [],
  atWindowEnd: 'Finish',
  coolDown: { afterSuccessMs: 0, afterFailureMs: 0 },
  maxRollbacks: 5,
  vetoes: [],
  after: [],
  preflight: { checks: undefined, dataVersion: undefined },
};

describe('decodeAppSpec', () => {
  test('fills in what is left out', () => {
    expect(decode(spec)).toEqual({
      intervalMs: 300_000,
      suspend: false,
      sources: [
        {
          name: 'web',
          kind: 'Image',
          repositoryText: 'ghcr.io/org/web',
          repository: { registry: 'ghcr.io', path: 'org/web' },
          policy: { kind: 'semver', range: '1.x' },
          insecure: false,
          pullSecret: undefined,
          caSecret: undefined,
        },
      ],
      deploy: {
        kind: 'Workloads',
        imageReference: 'Digest',
        targets: [{ kind: 'Deployment', choose: { by: 'name', name: 'web' }, containers: [] }],
        changeCause: false,
      },
      checks: { kind: 'Interval' },
      tests: [],
      healthChecks: [],
      update: { timeoutMs: 300_000, stableForMs: 30_000, tests: [], data: 'Never' },
      backup: undefined,
      rollback: { data: 'Never', required: false },
      gates: noGates,
      notify: { channels: [], releaseNotes: undefined, to: [] },
      historyLimit: 20,
    });
  });

  test('takes what is written', () => {
    const containers = [{ name: 'app', source: 'edge' }];
    const written = {
      interval: '1m',
      suspend: true,
      sources: [
        {
          name: 'edge',
          image: {
            repository: 'registry.local:5000/web',
            policy: { digest: { tag: 'edge' } },
            insecure: true,
            secretRef: { name: 'pull' },
            certSecretRef: { name: 'ca' },
          },
        },
      ],
      deploy: {
        workloads: { targets: [{ selector: { matchLabels: { app: 'web' } }, containers }], changeCause: true },
      },
      trigger: 'Webhook',
      gates: { approvals: { required: 2, deadline: '48h' } },
      backup: {
        job: { template: { spec: {} }, restore: { spec: {} } },
        ...{ timeout: '1h', keep: 5, maxAge: '24h', serviceAccountName: 'backup', scaleDown: true },
      },
      rollback: { data: 'Ask', required: true },
      notify: { channels: ['ops'], releaseNotes: 'https://example.com' },
      health: { timeout: '10m', stableFor: '0s' },
      historyLimit: 5,
    };

    expect(decode(written)).toEqual({
      intervalMs: 60_000,
      suspend: true,
      sources: [
        {
          name: 'edge',
          kind: 'Image',
          repositoryText: 'registry.local:5000/web',
          repository: { registry: 'registry.local:5000', path: 'web' },
          policy: { kind: 'digest', tag: 'edge' },
          insecure: true,
          pullSecret: 'pull',
          caSecret: 'ca',
          verify: undefined,
        },
      ],
      deploy: {
        kind: 'Workloads',
        imageReference: 'Digest',
        targets: [{ kind: undefined, choose: { by: 'labels', labels: { app: 'web' } }, containers }],
        changeCause: true,
      },
      checks: { kind: 'Webhook' },
      healthChecks: [],
      gates: { ...noGates, approvals: { required: 2, deadlineMs: 172_800_000 } },
      notify: { channels: ['ops'], releaseNotes: 'https://example.com', to: [] },
      tests: [],
      update: { timeoutMs: 600_000, stableForMs: 0, tests: [], data: 'Ask' },
      backup: {
        data: { kind: 'Job', template: { spec: {} }, restore: { spec: {} }, drills: false },
        ...{ timeoutMs: 3_600_000, keep: 5, maxAgeMs: 86_400_000, serviceAccount: 'backup', scaleDown: true },
        hooks: { before: [], after: [] },
      },
      rollback: { data: 'Ask', required: true },
      historyLimit: 5,
    });
  });

  const targets = (...all: readonly unknown[]) => ({ deploy: { workloads: { targets: all } } });
  const patched = { apiVersion: 'v1', kind: 'ConfigMap', name: 'web', path: 'data.version', source: source.name };
  const patch = (fields: object) => ({ deploy: { patch: { targets: [{ ...patched, ...fields }] } } });
  const policy = (written: unknown) => ({ sources: [{ ...source, image: { ...image, policy: written } }] });

  test.each<[string, object, string]>([
    ['two policies', policy({ semver: { range: '1.x' }, digest: { tag: 'a' } }), 'both semver and digest given; write'],
    ['no policy', policy({}), 'spec.sources[0].image.policy: no policy given; write exactly one'],
    [
      'range that no parser takes',
      policy({ semver: { range: 'newest' } }),
      'spec.sources[0].image.policy.semver.range: "newest" is not a semver range; write for example 1.x',
    ],
    [
      'tag that is none',
      policy({ digest: { tag: 'a b' } }),
      'spec.sources[0].image.policy.digest.tag: "a b" is not a tag',
    ],
    [
      'repository with a tag',
      { sources: [{ ...source, image: { ...image, repository: 'nginx:1' } }] },
      'spec.sources[0].image.repository: read image name "nginx:1": a repository has no tag or digest; write nginx',
    ],
    ['no duration', { interval: '5min' }, 'spec.interval "5min" must match pattern'],
    [
      'interval too short',
      { interval: '4s' },
      'spec.interval: "4s" is below 5s, which no registry thanks you for; use 5s',
    ],
    ['interval too long', { interval: '9000h' }, 'spec.interval: "9000h" is longer than a year; write 8760h or less'],
    [
      'no time at all',
      { health: { timeout: '0s' } },
      'spec.health.timeout: "0s" leaves no time to become healthy; use 1s',
    ],
    [
      'time beyond all dates',
      { health: { stableFor: '99999999999h' } },
      'spec.health.stableFor: "99999999999h" is longer',
    ],
    [
      'two sources of a name',
      { sources: [source, source] },
      'spec.sources: two are named "web"; give each a name of its',
    ],
    [
      'source that is not there',
      targets({ ...target, containers: [{ name: 'app', source: 'api' }] }),
      'spec.deploy.workloads.targets[0].containers[0].source: there is no source "api"; the sources are web',
    ],
    [
      'target that chooses nothing',
      targets(target, {}),
      'spec.deploy.workloads.targets[1]: exactly one of name and selector',
    ],
    [
      'target that chooses twice',
      targets({ name: 'web', selector: { matchLabels: { app: 'web' } } }),
      'spec.deploy.workloads.targets[0]: exactly one of name and selector must be set',
    ],
    [
      'selector that matches everything',
      targets({ selector: { matchLabels: {} } }),
      'spec.deploy.workloads.targets[0].selector.matchLabels must not have fewer than 1 properties',
    ],
    [
      'kind that is not known',
      targets({ ...target, kind: 'Job' }),
      'targets[0].kind "Job" must be equal to one of the allowed',
    ],
    [
      'patch of its own kinds',
      patch({ apiVersion: 'headgate.dev/v1alpha1' }),
      'targets[0].apiVersion: Headgate does not update its',
    ],
    [
      'patch with a path that is none',
      patch({ path: 'spec..x' }),
      'spec.deploy.patch.targets[0].path: "spec..x" is no path',
    ],
    ['patch of no source', patch({ source: 'x' }), 'spec.deploy.patch.targets[0].source: there is no source "x"'],
    [
      'patch by a text without version',
      patch({ template: 'v1' }),
      'targets[0].template: "v1" holds no version; put {tag}',
    ],
    [
      'patch of a tag that stays the same',
      { ...policy({ digest: { tag: 'latest' } }), ...patch({}) },
      'spec.deploy.patch.targets[0]: a tag cannot follow a source whose tag stays the same; use value Digest',
    ],
    [
      'two deploys',
      { deploy: { ...patch({}).deploy, ...targets(target).deploy } },
      'exactly one of workloads, helm, patch, manifests and git must be set',
    ],
    ['no deploy', { deploy: {} }, 'spec.deploy: exactly one of workloads, helm, patch, manifests and git must be set'],
    [
      'Tag with policy digest',
      { ...policy({ digest: { tag: 'latest' } }), deploy: { workloads: { targets: [target], imageReference: 'Tag' } } },
      'spec.deploy.workloads.imageReference: "Tag" cannot follow a source with policy digest, because the tag stays the',
    ],
  ])('refuses %s', (_, fields, problem) => {
    expect(() => decode({ ...spec, ...fields })).toThrow(
      expect.objectContaining({
        code: 'OBJECT_INVALID',
        retry: 'never',
        message: expect.stringMatching(/^App demo\/web: /),
        context: { object: 'App demo/web' },
      }),
    );
    expect(() => decode({ ...spec, ...fields })).toThrow(problem);
  });

  test('reads fields of objects', () => {
    const deploy = { patch: { targets: [{ ...patched, template: 'v{tag}' }, patched], serviceAccountName: 'robot' } };
    const path = [
      { kind: 'Key', key: 'data' },
      { kind: 'Key', key: 'version' },
    ];

    expect(decode({ ...spec, deploy }).deploy).toEqual({
      kind: 'Patch',
      serviceAccount: 'robot',
      targets: [
        { ...patched, path, form: { kind: 'Template', text: 'v{tag}' } },
        { ...patched, path, form: { kind: 'Tag' } },
      ],
    });
  });

  test('tells all that is wrong at once', () => {
    const wrong = {
      interval: '1s',
      sources: [{ ...source, image: { repository: 'A', policy: { semver: { range: '?' } } } }],
      ...targets({ ...target, containers: [{ name: 'app', source: 'x' }] }, {}),
      health: { timeout: '0s', stableFor: '9999h' },
    };

    expect(() => decode(wrong)).toThrow(
      /^App demo\/web: spec.interval: .+; spec.health.timeout: .+; spec.health.stableFor: .+; spec.sources\[0\].image.repository: .+; spec.sources\[0\].image.policy.semver.range: .+; spec.deploy.workloads.targets\[0\].containers\[0\].source: .+; spec.deploy.workloads.targets\[1\]: /,
    );
  });
});

test.each([
  ['no object', 'text'],
  ['no spec', { metadata }],
  ['no metadata', { spec }],
  ['no sources', { metadata, spec: { ...spec, sources: [] } }],
  ['historyLimit 0', { metadata, spec: { ...spec, historyLimit: 0 } }],
])('decodeApp refuses %s', (_, object) => {
  expect(() => decodeApp(object, 'App demo/web')).toThrow(
    expect.objectContaining({ code: 'OBJECT_INVALID', message: expect.stringMatching(/^App demo\/web: /) }),
  );
});

function decode(written: object) {
  return decodeAppSpec(decodeApp({ metadata, spec: written }, 'App demo/web'));
}
