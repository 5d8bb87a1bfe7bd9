/** Every parser of bytes that others write, with what it is fed to begin with and what holds of all it answers. */
import { gzipSync } from 'node:zlib';
import { ArchiveFault, readArchive } from '../../src/adapters/artifact/read-archive.ts';
import { readFileOf } from '../../src/adapters/channel/signed-file.ts';
import { commitOfRef, tagsOf } from '../../src/adapters/git/remote-refs.ts';
import { readTgz } from '../../src/adapters/helm/read-tar.ts';
import { parseChallenges } from '../../src/adapters/registry/challenge.ts';
import { createIndexReader, IndexFault } from '../../src/adapters/registry/charts/index-reader.ts';
import { findNextLink } from '../../src/adapters/registry/link-header.ts';
import { parsePolicyText } from '../../src/app/commands/policy-text.ts';
import { parseGateSettings } from '../../src/app/safety/gate-settings.ts';
import { parseExpression } from '../../src/core/expression/parse.ts';
import { judgeWindows } from '../../src/core/gates/window.ts';
import { parseGitUrl } from '../../src/core/git/git-url.ts';
import { formatImageReference, parseImageReference } from '../../src/core/image/reference.ts';
import { rankTags } from '../../src/core/policy/rank-tags.ts';
import { parseCron } from '../../src/core/schedule/cron.ts';
import { nextTime } from '../../src/core/schedule/next-time.ts';
import { cronOfRule } from '../../src/core/schedule/recurrence-rule.ts';
import { parseBoundedJson } from '../../src/core/webhook/bounded-json.ts';
import { webhookSenders } from '../../src/core/webhook/senders.ts';
import { parseManifests } from '../../src/kube/manifest-text.ts';
import { decodeApp, readAppSpec } from '../../src/resources/app/decode-app.ts';
import { decodePod, decodeWorkload } from '../../src/resources/app/decode-workload.ts';
import { decodeChannel } from '../../src/resources/channel/decode-channel.ts';
import { decodeReleaseObject } from '../../src/resources/channel/decode-release.ts';
import { decodeSubscription } from '../../src/resources/channel/decode-subscription.ts';
import { decodeRejection } from '../../src/resources/update/decode-rejection.ts';
import { decodeUpdate, journalOf } from '../../src/resources/update/decode-update.ts';
import { writeTar } from './tar.ts';

export interface FuzzTarget {
  readonly name: string;
  readonly seeds: readonly (string | Buffer)[];
  /** Throws what it throws; the test judges it. */
  readonly run: (bytes: Buffer) => unknown;
  /** Errors besides OperationError that its caller makes something of. */
  readonly allows?: (error: unknown) => boolean;
}

const now = new Date('2026-06-01T12:00:00Z');

function need(holds: boolean, what: string): void {
  if (!holds) {
    throw new Error(`does not hold: ${what}`);
  }
}

const text = (name: string, seeds: readonly string[], parse: (text: string) => unknown): FuzzTarget => ({
  name,
  seeds,
  run: (bytes) => parse(bytes.toString('utf8')),
});

/** JSON is decoded by JSON.parse, which need not be tried; what is no JSON goes no further. */
const json = (name: string, seeds: readonly object[], decode: (value: unknown) => unknown): FuzzTarget => ({
  name,
  seeds: seeds.map((one) => JSON.stringify(one)),
  run(bytes) {
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString('utf8'));
    } catch {
      return;
    }
    decode(value);
  },
});

const digest = `sha256:${'ab'.repeat(32)}`;
const metadata = {
  name: 'web',
  namespace: 'shop',
  uid: 'u-1',
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
};
const head = { apiVersion: 'headgate.dev/v1alpha1', metadata };
const appSpec = {
  interval: '5m',
  sources: [{ name: 'web', image: { repository: 'example.com/web', policy: { semver: { range: '1.x' } } } }],
  deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
  health: { timeout: '5m', stableFor: '30s' },
  gates: {
    windows: [{ kind: 'Allow', cron: '0 3 * * *', duration: '2h', timeZone: 'Europe/Berlin' }],
    approvals: { required: 1 },
  },
  tests: [{ name: 'front', http: { url: 'http://example.com/' } }],
};
const container = { name: 'web', image: 'example.com/web:1.0.0' };
const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [container], initContainers: [container] },
};

const files = [
  { name: 'web/Chart.yaml', content: 'apiVersion: v2\nname: web\nversion: 1.0.0\n' },
  { name: 'web/templates/web.yaml', content: 'kind: ConfigMap\n' },
  { name: `web/${'long/'.repeat(30)}name.yaml`, content: 'a: 1\n' },
];
const tar = writeTar(files);
const index = `apiVersion: v1
entries:
  web:
  - apiVersion: v2
    created: "2026-01-01T00:00:00Z"
    description: |
      several
      lines
    digest: ${'ab'.repeat(32)}
    name: web
    urls:
    - https://example.com/web-1.0.0.tgz
    version: 1.0.0
  other:
    - name: other
      version: 2.0.0
generated: "2026-01-01T00:00:00Z"
`;
const signed = {
  signatures: [{ keyid: 'ab'.repeat(32), sig: 'cd'.repeat(64) }],
  signed: {
    _type: 'timestamp',
    spec_version: '1.0.31',
    version: 3,
    expires: '2026-12-31T00:00:00Z',
    meta: { 'snapshot.json': { version: 3, length: 100, hashes: { sha256: 'ab'.repeat(32) } } },
  },
};
const webhookBodies = [
  { name: 'example.com/web', tag: '1.0.0' },
  { push_data: { tag: '1.0.0' }, repository: { repo_name: 'team/web' } },
  {
    events: [
      { action: 'push', target: { repository: 'team/web', tag: '1.0.0', digest }, request: { host: 'example.com' } },
    ],
  },
  {
    type: 'PUSH_ARTIFACT',
    event_data: { resources: [{ resource_url: 'example.com/team/web:1.0.0', tag: '1.0.0', digest }] },
  },
  {
    ref: 'refs/heads/main',
    repository: { clone_url: 'https://example.com/a/b.git', html_url: 'https://example.com/a/b' },
  },
  { message: { data: Buffer.from('{"action":"INSERT","tag":"example.com/a/b:1"}').toString('base64') } },
];

export const targets: readonly FuzzTarget[] = [
  text(
    'image-reference',
    ['nginx', 'example.com:5000/team/web:1.0.0', `team/web@${digest}`, 'docker.io/library/nginx:latest'],
    (one) => {
      const parsed = parseImageReference(one);
      const again = parseImageReference(formatImageReference(parsed));
      need(
        formatImageReference(again) === formatImageReference(parsed),
        'a reference that is written and read is the same',
      );
    },
  ),
  text('tags', ['1.0.0\n1.1.0\nv2\nlatest\n2026-01-01\n1.0.0-rc.1\nmain-abc-123'], (one) => {
    const tags = one.split('\n');
    for (const range of ['1.x', '>=1.0.0-0', '*']) {
      const policy = parsePolicyText(`semver:\n  range: ${JSON.stringify(range)}\n`, {
        matchPreRelease: undefined,
        matchTag: undefined,
      });
      const ranking = rankTags(policy as Parameters<typeof rankTags>[0], { tags, current: '1.0.0' });
      need(ranking !== undefined, 'there is an answer');
    }
  }),
  text(
    'policy',
    [
      'semver: {range: 1.x}',
      'calver: {format: YYYY.MM.DD}',
      'regexp: {pattern: "^v(?P<x>[0-9]+)$", extract: "$x"}',
      'glob: {pattern: "v*"}',
      'keel:minor',
      'keel:glob:v*',
    ],
    (one) => parsePolicyText(one, { matchPreRelease: undefined, matchTag: undefined }),
  ),
  text('cron', ['0 3 * * *', '*/5 0-6,22 1 JAN MON-FRI', '@every 10m', '@daily', '0 0 12 * * ?'], (one) => {
    const times = parseCron(one, 'cron');
    const next = nextTime({ times, offsetAt: () => 0 } as Parameters<typeof nextTime>[0], now);
    need(next === undefined || next.getTime() > now.getTime(), 'the next time comes later');
  }),
  text('recurrence-rule', ['FREQ=DAILY;BYHOUR=3', 'RRULE:FREQ=WEEKLY;BYDAY=MO,TU;BYHOUR=1;BYMINUTE=30'], (one) =>
    cronOfRule(one, 'rule'),
  ),
  text(
    'window',
    [
      '{kind: Allow, cron: "0 3 * * *", duration: 2h, timeZone: Europe/Berlin}',
      '{kind: Deny, rrule: "FREQ=DAILY;BYHOUR=3", duration: 1h}',
    ],
    (one) => {
      const { windows } = parseGateSettings({
        windows: [one],
        maxUpdates: undefined,
        maxUpdatesPerNamespace: undefined,
      });
      judgeWindows(windows, now);
    },
  ),
  text('expression', ['result[0] >= 0.95', 'len(result) > 0 && asFloat(result) < 1 ? true : false'], (one) =>
    parseExpression(one, 'field'),
  ),
  text(
    'git-url',
    ['https://example.com/a/b.git', 'ssh://git@example.com:22/a', 'git@example.com:a/b', 'file:///srv/a'],
    parseGitUrl,
  ),
  text(
    'challenge',
    [
      'Bearer realm="https://example.com/token",service="x",scope="repository:a:pull"',
      'Basic realm=x, Bearer realm="y"',
    ],
    parseChallenges,
  ),
  text('link-header', ['</v2/a/tags/list?last=b&n=100>; rel="next"'], findNextLink),
  text(
    'webhook-body',
    webhookBodies.map((one) => JSON.stringify(one)),
    (one) => {
      const body = parseBoundedJson(one);
      for (const sender of webhookSenders) {
        try {
          sender.read({
            headers: { 'x-github-event': 'push', 'x-event-key': 'repo:push' },
            body,
            privateRegistry: 'example.com',
          });
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'WEBHOOK_INVALID')) {
            throw error;
          }
        }
      }
    },
  ),
  text('manifest-text', ['apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\nkind: List\nitems: []\n'], (one) =>
    parseManifests(one, 'file'),
  ),
  {
    name: 'chart-index',
    seeds: [index],
    run(bytes) {
      const reader = createIndexReader(new Set(['web']), {
        maxVersions: 1_000,
        maxLineLength: 100_000,
        maxEntryLength: 100_000,
      });
      for (const line of bytes.toString('utf8').split('\n')) {
        reader.addLine(line);
      }
      reader.finish();
    },
    allows: (error) => error instanceof IndexFault,
  },
  { name: 'chart-archive', seeds: [tar], run: (bytes) => readTgz(gzipSync(bytes, { level: 1 }), 'chart') },
  { name: 'chart-archive-gzip', seeds: [gzipSync(tar)], run: (bytes) => readTgz(bytes, 'chart') },
  {
    name: 'artifact-tar',
    seeds: [tar],
    run: (bytes) =>
      readArchive(gzipSync(bytes, { level: 1 }), '', { maxFiles: 100, maxBytes: 1_000_000 } as Parameters<
        typeof readArchive
      >[2]),
    allows: (error) => error instanceof ArchiveFault,
  },
  {
    name: 'git-refs',
    seeds: [
      `${'a'.repeat(40)}\trefs/heads/main\n${'b'.repeat(40)}\trefs/tags/v1\n${'c'.repeat(40)}\trefs/tags/v1^{}\n`,
    ],
    run(bytes) {
      commitOfRef(bytes, 'refs/heads/main');
      for (const { name } of tagsOf(bytes) as readonly { readonly name: string }[]) {
        need(!/[\n\0]/.test(name), 'a tag has no line end');
      }
    },
  },
  {
    name: 'tuf-timestamp',
    seeds: [JSON.stringify(signed)],
    run: (bytes) => readFileOf('timestamp', bytes, 'timestamp.json'),
  },
  json('app', [{ ...head, kind: 'App', spec: appSpec }], (value) => readAppSpec(decodeApp(value, 'App'))),
  json(
    'update',
    [
      {
        ...head,
        kind: 'Update',
        spec: {
          app: 'web',
          sequence: 1,
          trigger: { kind: 'Source', by: 'x', reason: 'y' },
          changes: [{ source: 'web', repository: 'example.com/web', from: { digest }, to: { digest } }],
        },
        status: { phase: 'Watching' },
      },
    ],
    (value) => journalOf(decodeUpdate(value, 'Update'), now),
  ),
  json(
    'rejection',
    [{ ...head, kind: 'Rejection', spec: { app: 'web', digest, reason: 'bad', author: 'headgate' } }],
    (value) => decodeRejection(value, 'Rejection'),
  ),
  json(
    'channel-kinds',
    [
      { ...head, kind: 'Channel', spec: { apps: [{ name: 'web' }] } },
      { ...head, kind: 'Subscription', spec: { channel: { url: 'https://example.com' } } },
    ],
    (value) => {
      for (const decode of [decodeChannel, decodeSubscription, decodeReleaseObject]) {
        try {
          decode(value, 'object');
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'OBJECT_INVALID')) {
            throw error;
          }
        }
      }
    },
  ),
  json(
    'workload',
    [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: { replicas: 1, template, selector: { matchLabels: { app: 'web' } } },
        status: { readyReplicas: 1 },
      },
    ],
    (value) => decodeWorkload('Deployment', value),
  ),
  json(
    'pod',
    [
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata,
        spec: template.spec,
        status: {
          phase: 'Running',
          containerStatuses: [{ name: 'web', ready: true, imageID: `example.com/web@${digest}` }],
        },
      },
    ],
    decodePod,
  ),
];
