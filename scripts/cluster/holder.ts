import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { locateTools } from '../../test/cluster/binaries.ts';
import { type ControlPlane, startControlPlane } from '../../test/cluster/control-plane.ts';
import { startNode } from '../../test/cluster/node.ts';
import { type ClusterState, writeHolder, writeState } from './state.ts';

export interface HolderOptions {
  readonly node: boolean;
  readonly member: boolean;
}

/** Starts the cluster in `folder`, says so in its state file, and ends it at SIGTERM or SIGINT. */
export async function hold(folder: string, options: HolderOptions): Promise<void> {
  await writeHolder(folder);
  const ending = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const { kubectl } = await locateTools(['kubectl']);
  const cluster = options.node
    ? await startWithNode(folder, options.member)
    : await startWithoutNode(folder, options.member);
  await writeState(folder, { ...cluster.state, programs: dirname(kubectl) });
  // An unsettled promise alone does not keep Node running.
  const awake = setInterval(() => undefined, 2 ** 30);
  await ending;
  clearInterval(awake);
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
}

interface Held {
  readonly state: Omit<ClusterState, 'programs'>;
  stop(): Promise<void>;
}

async function startWithNode(folder: string, withMember: boolean): Promise<Held> {
  const hub = await startNode({ directory: join(folder, 'state'), name: 'hub' });
  const { hostAddress } = hub.network;
  const member = withMember
    ? await startControlPlane({
        directory: join(folder, 'member'),
        name: 'member',
        controllers: true,
        network: hub.network,
      })
    : undefined;
  const { registry, localRegistry, nodeAddress } = hub;
  return {
    state: {
      kubeconfig: hub.kubeconfigPath,
      server: hub.controlPlane.server,
      registry,
      localRegistry,
      nodeAddress,
      ...(await describeMember(member, hostAddress)),
    },
    stop: async () => {
      await member?.stop();
      await hub.stop();
    },
  };
}

async function startWithoutNode(folder: string, withMember: boolean): Promise<Held> {
  const start = (name: string): Promise<ControlPlane> =>
    startControlPlane({ directory: join(folder, name), name, controllers: true });
  const hub = await start('hub');
  const member = withMember ? await start('member') : undefined;
  return {
    state: {
      kubeconfig: hub.kubeconfigPath,
      server: hub.server,
      ...(member === undefined ? {} : { memberKubeconfig: member.kubeconfigPath }),
    },
    stop: async () => {
      await member?.stop();
      await hub.stop();
    },
  };
}

async function describeMember(member: ControlPlane | undefined, hostAddress: string): Promise<Partial<ClusterState>> {
  if (member === undefined) {
    return {};
  }
  const forPods = new URL(member.server);
  forPods.hostname = hostAddress;
  const admin = { commonName: 'admin', organization: 'system:masters' };
  return {
    memberKubeconfig: member.kubeconfigPath,
    memberKubeconfigForPods: await member.writeKubeconfig('kubeconfig-for-pods', admin, forPods.origin),
  };
}
