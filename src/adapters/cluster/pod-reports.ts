/** Fulfils the engine's PodReports. */
import { isOperationError } from '../../core/errors.ts';
import type { PodReport, PodReports } from '../../engine/ports/pod-reports.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { pods } from '../../kube/resource-types.ts';

interface PodObject extends KubeObject {
  readonly spec?: { readonly containers?: readonly { readonly name: string }[] };
  readonly status?: { readonly phase?: string; readonly startTime?: string; readonly message?: string };
}

/** As the Environment Operator has it. */
const tailLines = 500;
const limitBytes = 262_144;
const mostPods = 50;

export function createPodReports(client: KubeClient): PodReports {
  return {
    async report(namespace, labelSelector, signal) {
      const { items } = await client.list<PodObject>(pods, { namespace, labelSelector, signal });
      return await Promise.all(items.slice(0, mostPods).map((pod) => reportOf(client, pod, signal)));
    },
  };
}

async function reportOf(client: KubeClient, pod: PodObject, signal: AbortSignal): Promise<PodReport> {
  const { metadata, spec, status } = pod;
  return {
    name: metadata.name,
    phase: status?.phase ?? 'Unknown',
    startedAt: status?.startTime ?? '',
    message: status?.message ?? '',
    log: await readLog(client, pod, { container: spec?.containers?.[0]?.name ?? '', signal }),
  };
}

async function readLog(
  client: KubeClient,
  { metadata }: PodObject,
  { container, signal }: { readonly container: string; readonly signal: AbortSignal },
): Promise<string> {
  const { namespace = '', name } = metadata;
  try {
    const answer = await client.request({
      what: `read the log of Pod ${namespace}/${name}`,
      method: 'GET',
      path: `/api/v1/namespaces/${namespace}/pods/${name}/log`,
      query: { container, tailLines, limitBytes },
      signal,
      accept: '*/*',
    });
    return String(answer);
  } catch (error) {
    if (isOperationError(error)) {
      return `(its log could not be read: ${error.message})`;
    }
    throw error;
  }
}
