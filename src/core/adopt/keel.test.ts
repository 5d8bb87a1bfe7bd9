import { describe, expect, test } from 'vitest';
import { container } from '../../../test/fixtures.ts';
import type { MarkedWorkload } from './adoption.ts';
import { keelCron, readKeel } from './keel.ts';

type Marks = Readonly<Record<string, string>>;

const settings = { defaultSchedule: '@every 1m' };

const web: MarkedWorkload = {
  annotations: {},
  labels: {},
  containers: [
    container({ name: 'app', image: 'org/web:1.2.0' }),
    container({ name: 'proxy', image: 'host:4567/a/proxy:0.0.1' }),
    container({ name: 'migrate', image: 'org/web:1.2.0', init: true }),
  ],
};

function read(annotations: Marks, labels: Marks = {}, containers = web.containers) {
  return readKeel({ annotations, labels, containers }, settings);
}

/** Each container as `name repository policy[ matchTag][ anyPreRelease]`. */
function followedBy(annotations: Marks, labels: Marks = {}, containers = web.containers) {
  return read(annotations, labels, containers)?.followed.map(({ name, repository, policy }) => {
    const { policy: text, matchTag, matchPreRelease } = policy.keel ?? { policy: '' };
    return `${name} ${repository} ${text}${matchTag ? ' matchTag' : ''}${matchPreRelease ? '' : ' anyPreRelease'}`;
  });
}

describe('the policy and its settings are read from one place', () => {
  test.each<[annotations: Marks, labels: Marks, policy: string | undefined]>([
    [{}, {}, undefined],
    [{ 'keel.sh/policy': 'minor' }, {}, 'minor'],
    [{}, { 'keel.sh/policy': 'minor' }, 'minor'],
    [{ 'keel.observer/policy': 'patch' }, {}, 'patch'],
    [{ 'keel.sh/policy': 'minor', 'keel.observer/policy': 'patch' }, {}, 'minor'],
    [{ 'keel.sh/policy': 'minor' }, { 'keel.sh/policy': 'major' }, 'minor'],
    [{ 'keel.observer/policy': 'minor' }, { 'keel.sh/policy': 'major' }, 'minor'],
    [{ 'keel.sh/policy': 'never' }, { 'keel.sh/policy': 'major' }, undefined],
    [{ 'keel.sh/policy': '' }, { 'keel.sh/policy': 'major' }, undefined],
    [{ 'keel.sh/policy': 'never' }, {}, undefined],
    [{ 'keel.sh/policy': 'force', 'keel.sh/matchTag': 'true' }, {}, 'force matchTag'],
    [{ 'keel.sh/policy': 'force', 'keel.sh/match-tag': 'true' }, {}, 'force matchTag'],
    [{ 'keel.sh/policy': 'force', 'keel.sh/matchTag': 'false', 'keel.sh/match-tag': 'true' }, {}, 'force'],
    [{ 'keel.sh/policy': 'force', 'keel.sh/matchTag': 'yes' }, {}, 'force'],
    [{ 'keel.sh/policy': 'force' }, { 'keel.sh/matchTag': 'true' }, 'force'],
    [{ 'keel.sh/matchTag': 'true' }, { 'keel.sh/policy': 'force' }, 'force'],
    [{}, { 'keel.sh/policy': 'force', 'keel.sh/matchTag': 'true' }, 'force matchTag'],
    [{ 'keel.sh/policy': 'minor', 'keel.sh/matchPreRelease': 'false' }, {}, 'minor anyPreRelease'],
    [{ 'keel.sh/policy': 'minor', 'keel.sh/matchPreRelease': 'true' }, {}, 'minor'],
    [{ 'keel.sh/policy': 'minor' }, { 'keel.sh/matchPreRelease': 'false' }, 'minor'],
    [{ 'keel.sh/policy': 'glob:v1.*' }, {}, 'glob:v1.*'],
    [{ 'keel.sh/policy': 'regexp:^build-(?P<compare>[0-9]+)$' }, {}, 'regexp:^build-(?P<compare>[0-9]+)$'],
  ])('%o with labels %o follow as %s', (annotations, labels, policy) => {
    const only = [container({ name: 'app', image: 'org/web:1.2.0' })];

    expect(followedBy(annotations, labels, only)).toEqual(policy && [`app org/web ${policy}`]);
  });
});

describe('containers', () => {
  const all = { 'keel.sh/policy': 'all' };

  test.each<[string, Marks, Marks, readonly string[]]>([
    ['all but init containers', {}, {}, ['app org/web', 'proxy host:4567/a/proxy']],
    [
      'with init containers',
      { 'keel.sh/initContainers': 'true' },
      {},
      ['app org/web', 'proxy host:4567/a/proxy', 'migrate org/web'],
    ],
    [
      'its key in any case',
      { 'keel.sh/INITCONTAINERS': 'true' },
      {},
      ['app org/web', 'proxy host:4567/a/proxy', 'migrate org/web'],
    ],
    [
      'a label before the annotation',
      { 'keel.sh/initContainers': 'true' },
      { 'keel.sh/initContainers': 'false' },
      ['app org/web', 'proxy host:4567/a/proxy'],
    ],
    ['by name, found anywhere in it', { 'keel.sh/monitorContainers': 'ro' }, {}, ['proxy host:4567/a/proxy']],
    [
      'by name, init containers too',
      { 'keel.sh/monitorContainers': '^(app|migrate)$', 'keel.sh/initContainers': 'true' },
      {},
      ['app org/web', 'migrate org/web'],
    ],
    ['its key in any case', { 'keel.sh/monitorcontainers': '^app$' }, {}, ['app org/web']],
  ])('%s', (_, annotations, labels, expected) => {
    expect(followedBy({ ...all, ...annotations }, labels)).toEqual(expected.map((one) => `${one} all`));
  });

  test.each([
    ['nginx', 'nginx'],
    ['nginx:1.27', 'nginx'],
    [`nginx:1.27@sha256:${'a'.repeat(64)}`, 'nginx'],
    [`nginx@sha256:${'a'.repeat(64)}`, undefined],
    ['docker.io/library/nginx:1', 'docker.io/library/nginx'],
    ['host:4567/a/b:0.0.1', 'host:4567/a/b'],
    ['', undefined],
    ['A B', undefined],
  ])('an image "%s" is followed in %s', (image, repository) => {
    const other = container({ name: 'other', image: 'other:1' });

    expect(followedBy(all, {}, [container({ image }), other])).toEqual([
      ...(repository === undefined ? [] : [`app ${repository} all`]),
      'other other all',
    ]);
  });
});

describe('when it looks', () => {
  const poll = { 'keel.sh/policy': 'all', 'keel.sh/trigger': 'poll' };

  test.each<[Marks, Marks, string]>([
    [{ 'keel.sh/policy': 'all' }, {}, 'Webhook'],
    [{ 'keel.sh/policy': 'all', 'keel.sh/trigger': 'default' }, {}, 'Webhook'],
    [{ 'keel.sh/policy': 'all', 'keel.sh/trigger': 'Poll' }, {}, 'Webhook'],
    [poll, {}, 'Schedule @every 1m'],
    [{ 'keel.sh/policy': 'all' }, { 'keel.sh/trigger': 'poll' }, 'Schedule @every 1m'],
    [{ 'keel.sh/policy': 'all', 'keel.sh/trigger': 'default' }, { 'keel.sh/trigger': 'poll' }, 'Webhook'],
    [{ ...poll, 'keel.sh/pollSchedule': '@every 10m' }, {}, 'Schedule @every 10m'],
    [{ ...poll, 'keel.sh/pollSchedule': '@hourly' }, {}, 'Schedule @hourly'],
    [{ ...poll, 'keel.sh/pollSchedule': '0 0 3 * * *' }, {}, 'Schedule 0 0 3 * * *'],
    [{ ...poll, 'keel.sh/pollSchedule': ' 0 0  3 * * ' }, {}, 'Schedule 0 0 3 * * *'],
    // A schedule in a label is not read.
    [poll, { 'keel.sh/pollSchedule': '@hourly' }, 'Schedule @every 1m'],
    [{ 'keel.sh/policy': 'all', 'keel.sh/pollSchedule': '@hourly' }, {}, 'Webhook'],
  ])('%o with labels %o: %s', (annotations, labels, expected) => {
    const trigger = read(annotations, labels)?.trigger;

    expect(trigger?.kind === 'Schedule' ? `Schedule ${trigger.cron}` : trigger?.kind).toBe(expected);
  });

  test.each([
    ['* * * * *', '* * * * * *'],
    ['0 0 3 * * mon', '0 0 3 * * mon'],
    ['@every 1m', '@every 1m'],
  ])('Keel reads %s as %s', (text, expected) => {
    expect(keelCron(text)).toBe(expected);
  });
});

describe('approvals and what is told', () => {
  const policy = { 'keel.sh/policy': 'all' };

  test.each<[Marks, Marks, string | undefined]>([
    [{}, {}, undefined],
    [{ 'keel.sh/approvals': '0' }, {}, undefined],
    [{ 'keel.sh/approvals': '2' }, {}, '2 within 24 h'],
    [{ 'keel.sh/approvals': '2', 'keel.sh/approvalDeadline': '48' }, {}, '2 within 48 h'],
    [{ 'keel.sh/approvals': '2' }, { 'keel.sh/approvals': '1', 'keel.sh/approvalDeadline': '5' }, '1 within 5 h'],
    [{ 'keel.sh/approvals': '2' }, { 'keel.sh/approvals': '0' }, undefined],
  ])('%o with labels %o need %s', (annotations, labels, expected) => {
    const approvals = read({ ...policy, ...annotations }, labels)?.approvals;

    expect(approvals && `${approvals.required} within ${approvals.deadlineHours} h`).toBe(expected);
  });

  test('channels, release notes and the pull secret', () => {
    const marks = { ...policy, 'keel.sh/notify': 'ops, dev ,', 'keel.sh/releaseNotes': 'https://example.com/notes' };

    expect(read({ ...marks, 'keel.sh/imagepullsecret': 'own' }, { 'keel.sh/imagePullSecret': 'label' })).toMatchObject({
      notify: ['ops', 'dev'],
      releaseNotes: 'https://example.com/notes',
      pullSecret: 'label',
    });
    expect(read({ ...policy, 'keel.sh/imagepullsecret': 'own' })?.pullSecret).toBe('own');
    expect(read(policy, { 'keel.sh/notify': 'ops', 'keel.sh/releaseNotes': 'x' })).toMatchObject({
      notify: undefined,
      releaseNotes: undefined,
      pullSecret: undefined,
    });
  });
});

describe('what cannot be understood is named, and nothing is guessed in its place', () => {
  test.each<[Marks, readonly string[]]>([
    [
      { 'keel.sh/policy': 'majro' },
      ['keel.sh/policy: "majro" is no policy of Keel; they are all, major, minor, patch'],
    ],
    [{ 'keel.sh/policy': 'Minor' }, ['keel.sh/policy: "Minor" is no policy of Keel']],
    [{ 'keel.sh/policy': 'glob:a:b' }, ['keel.sh/policy: "glob:a:b" has a second colon']],
    [{ 'keel.sh/policy': 'regexp:(' }, ['keel.sh/policy: "("']],
    [{ 'keel.sh/policy': 'all', 'keel.sh/monitorContainers': '(?<!x)y' }, ['keel.sh/monitorContainers: "(?<!x)y"']],
    [
      { 'keel.sh/policy': 'all', 'keel.sh/monitorContainers': '^(a+)+$'.repeat(100) },
      ['keel.sh/monitorContainers: a pattern of 700'],
    ],
    [
      { 'keel.sh/policy': 'all', 'keel.sh/monitorContainers': 'none' },
      ['keel.sh/monitorContainers: no container with a tag is followed; the containers are app, proxy, migrate'],
    ],
    [
      { 'keel.sh/policy': 'all', 'keel.sh/trigger': 'poll', 'keel.sh/pollSchedule': 'often' },
      ['keel.sh/pollSchedule: "often" has 1 fields in place of 5 or 6; write for example'],
    ],
    [
      { 'keel.sh/policy': 'all', 'keel.sh/approvals': 'two' },
      ['keel.sh/approvals: "two" is not a whole number from 0 to 100'],
    ],
    [{ 'keel.sh/policy': 'all', 'keel.sh/approvals': '-1' }, ['keel.sh/approvals: "-1" is not a whole number']],
    [
      { 'keel.sh/policy': 'all', 'keel.sh/approvals': '1', 'keel.sh/approvalDeadline': '1d' },
      ['keel.sh/approvalDeadline: "1d"'],
    ],
    [
      { 'keel.sh/policy': 'some', 'keel.sh/approvals': 'x', 'keel.sh/monitorContainers': '[' },
      ['keel.sh/policy: "some"', 'keel.sh/monitorContainers: "["', 'keel.sh/approvals: "x"'],
    ],
  ])('%o', (annotations, problems) => {
    expect(read(annotations)?.problems).toEqual(problems.map((problem) => expect.stringContaining(problem)));
  });
});
