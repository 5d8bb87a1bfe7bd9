import { describe, expect, test } from 'vitest';
import { decodeDemand } from '../../resources/app/decode-limits.ts';
import { fillAccepts, judgeDataVersion } from './data-version.ts';
import { findBudgetProblems, findQuotaProblems, type PodDemand } from './preflight.ts';
import { parseQuantity } from './quantity.ts';

test.each([
  ['1', 1],
  ['500m', 0.5],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['2e3', 2_000],
  ['2E', 2e18],
  ['.5', 0.5],
  ['+3k', 3_000],
  ['1n', 1e-9],
  ['', undefined],
  ['1.2.3', undefined],
  ['1GB', undefined],
  ['Ki', undefined],
  ['9'.repeat(40), undefined],
])('the amount %s is %d', (text, amount) => {
  expect(parseQuantity(text)).toEqual(amount);
});

const template = (...containers: readonly unknown[]) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: containers.map((resources) => ({ name: 'x', resources })) },
});
const deployment = (spec: object) => ({ metadata: { name: 'web' }, spec });

describe('pods that come before others go', () => {
  test.each([
    ['a quarter of 3, rounded up', 'Deployment', { replicas: 3 }, 1],
    ['a share', 'Deployment', { replicas: 10, strategy: { rollingUpdate: { maxSurge: '50%' } } }, 5],
    ['a number', 'Deployment', { replicas: 10, strategy: { rollingUpdate: { maxSurge: 3 } } }, 3],
    ['none', 'Deployment', { replicas: 10, strategy: { rollingUpdate: { maxSurge: 0 } } }, 0],
    ['Recreate', 'Deployment', { replicas: 3, strategy: { type: 'Recreate' } }, 0],
    ['no replicas', 'Deployment', { replicas: 0 }, 0],
    ['a StatefulSet', 'StatefulSet', { replicas: 3 }, 0],
  ])('%s', (_, kind, spec, pods) => {
    expect(decodeDemand(kind, deployment({ ...spec, template: template() })).pods).toBe(pods);
  });

  test('request what their containers do, and their limits where they do not', () => {
    const spec = {
      template: template(
        { requests: { cpu: '500m' }, limits: { cpu: 1, memory: '1Gi' } },
        { requests: { cpu: '250m' } },
      ),
    };

    expect(Object.fromEntries(decodeDemand('Deployment', deployment(spec)).amounts)).toEqual({
      'requests.cpu': 0.75,
      'requests.memory': 2 ** 30,
      'limits.cpu': 1,
      'limits.memory': 2 ** 30,
    });
  });
});

const demand = (fields: Partial<PodDemand> = {}): PodDemand => ({
  name: 'Deployment web',
  pods: 2,
  amounts: new Map([['requests.cpu', 0.5]]),
  labels: { app: 'web' },
  ...fields,
});

describe('a quota', () => {
  test.each([
    ['with room', { 'requests.cpu': '4' }, { 'requests.cpu': '3' }, []],
    ['of cpu', { cpu: '4' }, { cpu: '3500m' }, [expect.stringContaining('allows 4 cpu, of which 3500m are used')]],
    ['of pods', { pods: '10' }, { pods: '9' }, [expect.stringContaining('need 2 more')]],
    ['of what is not asked for', { 'limits.memory': '1' }, { 'limits.memory': '1' }, []],
    ['that cannot be read', { pods: 'ten' }, { pods: '9' }, []],
  ])('%s', (_, hard, used, problems) => {
    expect(findQuotaProblems([{ name: 'q', hard, used }], [demand()])).toEqual(problems);
  });

  test('holds for all workloads together', () => {
    const quota = { name: 'q', hard: { pods: '10' }, used: { pods: '7' } };

    expect(findQuotaProblems([quota], [demand(), demand({ name: 'Deployment api' })])).toEqual([
      'ResourceQuota q allows 10 pods, of which 7 are used; the pods that come first (2 of Deployment web, 2 of Deployment api) need 4 more',
    ]);
  });
});

describe('a disruption budget', () => {
  const budget = (selector: object, currentHealthy = 1) => ({
    ...{ name: 'b', currentHealthy, desiredHealthy: 2 },
    selector: { matchLabels: {}, matchExpressions: [], ...selector },
  });
  const missed = ['PodDisruptionBudget b wants 2 healthy pods, and there are 1'];

  test.each([
    ['that is met', budget({ matchLabels: { app: 'web' } }, 2), []],
    ['that is not', budget({ matchLabels: { app: 'web' } }), missed],
    ['of all pods', budget({}), missed],
    ['of others', budget({ matchLabels: { app: 'api' } }), []],
    ['In', budget({ matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'api'] }] }), missed],
    ['NotIn', budget({ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }), []],
    ['Exists', budget({ matchExpressions: [{ key: 'tier', operator: 'Exists', values: [] }] }), []],
    ['DoesNotExist', budget({ matchExpressions: [{ key: 'tier', operator: 'DoesNotExist', values: [] }] }), missed],
    ['of an unknown operator', budget({ matchExpressions: [{ key: 'app', operator: 'Like', values: [] }] }), []],
  ])('%s', (_, one, problems) => {
    expect(findBudgetProblems([one], [demand()])).toEqual(problems);
  });
});

describe('data', () => {
  test.each([
    ['17', '{major}.x', '17.2', undefined],
    ['17\n', '{major}.x', '17.2-alpine', undefined],
    ['16', '{major}.x', '17.2', 'the data is of version 16, and the new version takes 17.x'],
    ['16.4', '>=15 <18', '17.2', undefined],
    ['v2.3.1', '^2.3', '3.0.0', undefined],
    ['10.11.6-MariaDB', '/10\\.11\\..*/', '10.11.7', undefined],
    ['10.6.6-MariaDB', '/10\\.11\\..*/', '10.11.7', expect.stringContaining('takes /10')],
    ['x10.11.6', '/10\\.11\\..*/', '10.11.7', expect.stringContaining('takes /10')],
    ['', '17.x', '17.2', 'the version of the data cannot be read from ""'],
    ['latest', '17.x', '17.2', expect.stringContaining('cannot be read from "latest"')],
    ['17', 'seventeen', '17.2', expect.stringContaining('is no semver range')],
  ])('of version %j, where %s is accepted by %s', (found, accepts, version, problem) => {
    expect(judgeDataVersion(found, fillAccepts(accepts, version))).toEqual(problem);
  });
});
