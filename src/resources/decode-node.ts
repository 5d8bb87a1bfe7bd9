/** A node: wire form -> the little of it that tells what may run there. */
import Type from 'typebox';
import type { ClusterNode } from '../core/workload/placement.ts';
import { decoderOf } from './decode.ts';

const NodeWire = Type.Object({
  metadata: Type.Object({
    name: Type.String(),
    labels: Type.Optional(Type.Record(Type.String(), Type.String())),
  }),
  spec: Type.Optional(
    Type.Object({
      taints: Type.Optional(
        Type.Array(
          Type.Object({
            key: Type.String(),
            value: Type.Optional(Type.String()),
            effect: Type.Optional(Type.String()),
          }),
        ),
      ),
    }),
  ),
  status: Type.Optional(
    Type.Object({
      nodeInfo: Type.Optional(
        Type.Object({ operatingSystem: Type.Optional(Type.String()), architecture: Type.Optional(Type.String()) }),
      ),
    }),
  ),
});

const decodeShape = decoderOf(NodeWire);

/**
 * What the kubelet reports of its machine, else what the node's labels say, else Linux on amd64.
 *
 * @throws OBJECT_INVALID
 */
export function decodeNode(object: unknown): ClusterNode {
  const { metadata, spec, status } = decodeShape(object, 'Node');
  const { labels = {} } = metadata;
  const info = status?.nodeInfo;
  return {
    name: metadata.name,
    labels,
    taints: (spec?.taints ?? []).map(({ key, value = '', effect = '' }) => ({ key, value, effect })),
    platform: {
      os: info?.operatingSystem || labels['kubernetes.io/os'] || 'linux',
      architecture: info?.architecture || labels['kubernetes.io/arch'] || 'amd64',
    },
  };
}
