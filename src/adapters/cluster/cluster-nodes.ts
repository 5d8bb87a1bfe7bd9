/** Fulfils the engine's Nodes by a watch that is begun when a policy asks for the platforms of nodes, and by none before. */
import type { OperationError } from '../../core/errors.ts';
import type { ClusterNode } from '../../core/workload/placement.ts';
import type { Nodes } from '../../engine/ports/nodes.ts';
import type { KubeClient } from '../../kube/client.ts';
import { nodes } from '../../kube/resource-types.ts';
import { decodeNode } from '../../resources/decode-node.ts';
import { type Watched, watch } from './watched.ts';

export interface ClusterNodesOptions {
  readonly client: KubeClient;
  readonly onError: (error: OperationError) => void;
  readonly onProblem: (problem: OperationError) => void;
  readonly signal: AbortSignal;
}

export function createClusterNodes(options: ClusterNodesOptions): Nodes {
  let watched: Watched<ClusterNode> | undefined;
  return {
    async list(signal) {
      if (watched === undefined) {
        // Asks plainly first: a watch without the right to it would try for ever and say nothing here.
        for await (const _page of options.client.listPages(nodes, { pageSize: 1, signal })) {
          break;
        }
        watched ??= watch<ClusterNode>({
          ...options,
          type: nodes,
          namespaces: [],
          decode: decodeNode,
          onChange: () => undefined,
        });
      }
      await watched.synced;
      return watched.listAll();
    },
  };
}
