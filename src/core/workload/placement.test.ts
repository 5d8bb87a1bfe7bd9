import { expect, test } from 'vitest';
import { type ClusterNode, type Placement, platformsOf, type Taint } from './placement.ts';

const anywhere: Placement = { nodeSelector: {}, nodeTerms: [], tolerations: [] };

const node = (name: string, architecture: string, taints: readonly Taint[] = []): ClusterNode => ({
  name,
  labels: { 'kubernetes.io/arch': architecture, 'kubernetes.io/os': 'linux', cores: name.length > 1 ? '8' : '2' },
  taints,
  platform: { os: 'linux', architecture },
});

const gpu: Taint = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };
const nodes = [
  node('a', 'amd64'),
  node('arm', 'arm64'),
  node('big', 's390x', [gpu]),
  node('ill', 'riscv64', [{ key: 'node.kubernetes.io/not-ready', value: '', effect: 'NoExecute' }]),
];

const inTerm = (key: string, operator: string, values: readonly string[] = []): Partial<Placement> => ({
  nodeTerms: [{ expressions: [{ key, operator, values }], fields: [] }],
});

test.each<[string, Partial<Placement>, readonly string[]]>([
  ['anywhere: not behind a taint, but where a node is only ill', {}, ['amd64', 'arm64', 'riscv64']],
  ['node selector', { nodeSelector: { 'kubernetes.io/arch': 'arm64' } }, ['arm64']],
  ['node selector that fits none', { nodeSelector: { disk: 'ssd' } }, []],
  ['affinity In', inTerm('kubernetes.io/arch', 'In', ['amd64', 'arm64']), ['amd64', 'arm64']],
  ['affinity NotIn', inTerm('kubernetes.io/arch', 'NotIn', ['arm64', 'riscv64']), ['amd64']],
  ['affinity Exists', inTerm('kubernetes.io/arch', 'Exists'), ['amd64', 'arm64', 'riscv64']],
  ['affinity DoesNotExist', inTerm('kubernetes.io/arch', 'DoesNotExist'), []],
  ['affinity Gt', inTerm('cores', 'Gt', ['4']), ['arm64', 'riscv64']],
  ['affinity Lt', inTerm('cores', 'Lt', ['4']), ['amd64']],
  ['an operator that is none', inTerm('cores', 'Like', ['4']), []],
  ['a term without expressions', { nodeTerms: [{ expressions: [], fields: [] }] }, []],
  [
    'the name of a node',
    { nodeTerms: [{ expressions: [], fields: [{ key: 'metadata.name', operator: 'In', values: ['arm'] }] }] },
    ['arm64'],
  ],
  [
    'a toleration of the value',
    { tolerations: [{ key: 'gpu', operator: 'Equal', value: 'yes', effect: undefined }] },
    ['amd64', 'arm64', 's390x', 'riscv64'],
  ],
  [
    'a toleration of another value',
    { tolerations: [{ key: 'gpu', operator: 'Equal', value: 'no', effect: undefined }] },
    ['amd64', 'arm64', 'riscv64'],
  ],
  [
    'a toleration of another effect',
    { tolerations: [{ key: 'gpu', operator: 'Exists', value: '', effect: 'NoExecute' }] },
    ['amd64', 'arm64', 'riscv64'],
  ],
  [
    'a toleration of everything',
    { tolerations: [{ key: undefined, operator: 'Exists', value: '', effect: undefined }] },
    ['amd64', 'arm64', 's390x', 'riscv64'],
  ],
])('%s: %j may run on %j', (_, placement, architectures) => {
  expect(platformsOf([{ ...anywhere, ...placement }], nodes).map(({ architecture }) => architecture)).toEqual(
    architectures,
  );
});
