/** Fulfils the engine's PodReports. */
import { isOperationError } from '../../core/errors.ts';
import type { LogPlace, PodReport, PodReports, PodState } from '../../engine/ports/pod-reports.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { pods } from '../../kube/resource-types.ts';

interface ContainerSpec {
  readonly name: string;
  readonly image?: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string };
    readonly terminated?: { readonly reason?: string };
  };
}

interface PodObject extends KubeObject {
  readonly spec?: {
    readonly containers?: readonly ContainerSpec[];
    readonly initContainers?: readonly ContainerSpec[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly startTime?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
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
    async list(namespace, labelSelector, signal) {
      const { items } = await client.list<PodObject>(pods, { namespace, labelSelector, signal });
      const age = ({ metadata }: PodObject) => metadata.creationTimestamp ?? '';
      return items
        .toSorted((left, right) => age(right).localeCompare(age(left)))
        .slice(0, mostPods)
        .map(stateOf);
    },
    lines: (place, signal) => followLog(client, place, signal),
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

function stateOf({ metadata, spec, status }: PodObject): PodState {
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const reasons = statuses.map(({ state }) => state?.waiting?.reason ?? state?.terminated?.reason ?? '');
  const job = metadata.labels?.['batch.kubernetes.io/job-name'];
  const update = containers.flatMap(({ env = [] }) => env).find(({ name }) => name === 'HEADGATE_UPDATE')?.value;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  const reason = reasons.find((one) => one !== '' && one !== 'Completed');
  return {
    name: metadata.name,
    phase: status?.phase ?? 'Unknown',
    startedAt: status?.startTime ?? '',
    message: reason ?? status?.reason ?? '',
    containers: containers.map(({ name, image = '' }) => ({
      name,
      image,
      ready: statuses.find((one) => one.name === name)?.ready === true,
    })),
    restarts: statuses.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0),
    ...(owner && { owner: { kind: owner.kind, name: owner.name } }),
    ...(job !== undefined && { job }),
    ...(update !== undefined && { update }),
  };
}

/** What a follower may get in all; then it has to ask again. */
const mostFollowedBytes = 16 * 1_048_576;
const longestLine = 16_384;

async function* followLog(
  client: KubeClient,
  { namespace, pod, container, previous, follow, tailLines: tail }: LogPlace,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const query = { container, previous, follow, tailLines: tail, limitBytes: mostFollowedBytes };
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log`;
  const chunks = client.stream({ what: `read the log of Pod ${namespace}/${pod}`, path, query, signal });
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      yield line;
    }
    for (; rest.length > longestLine; rest = rest.slice(longestLine)) {
      yield rest.slice(0, longestLine);
    }
  }
  if (rest !== '') {
    yield rest;
  }
}
