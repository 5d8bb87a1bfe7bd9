/**
 * The namespaces of a node: processes, mounts and network apart from the machine's own, joined by one pair of network interfaces.
 *
 * All of a node lives in them, so that ending one process ends every pod, mount, bridge and packet filter rule of it.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ClusterNetwork, clusterNetwork, largestNetworkIndex } from './cluster-network.ts';
import { outputOf } from './run-command.ts';
import { type Command, type RunningProcess, type Warden, waitUntilReady } from './warden.ts';

export interface NodeNamespace {
  readonly network: ClusterNetwork;
  /** Starts a process inside; stopping it stops the process at once. */
  start(command: Command): RunningProcess;
}

const script = fileURLToPath(new URL('node-namespace.sh', import.meta.url));

/**
 * Makes the namespaces and takes the first free network. Needs root.
 * Throws when namespaces are not permitted here or all networks are taken.
 */
export async function makeNodeNamespace(warden: Warden, cgroup: string): Promise<NodeNamespace> {
  const { directory } = warden;
  const holder = warden.start({
    name: 'namespace',
    program: 'unshare',
    arguments: ['--pid', '--net', '--mount', '--fork', '--kill-child', '--mount-proc', script, directory, cgroup],
  });
  await waitUntilReady(holder, 10_000, async () => existsSync(join(directory, 'namespace.ready')));
  const children = await readFile(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8');
  const firstPid = Number(children.trim().split(' ')[0]);
  // Waiting for the end of the first process is waiting for the end of all: the kernel reaps them before it.
  warden.adopt(firstPid);
  const network = await claimNetwork(firstPid);
  await connect(network, firstPid);
  return {
    network,
    start: (command) => warden.start(enter(firstPid, command)),
  };
}

/** nsenter waits outside for what it started inside; the parent death signal makes one end with the other. */
function enter(firstPid: number, command: Command): Command {
  const inside = ['setpriv', '--pdeathsig', 'KILL', command.program, ...command.arguments];
  return {
    ...command,
    program: 'nsenter',
    arguments: [...target(firstPid), '--pid', '--mount', '--net', '--', ...inside],
  };
}

function target(pid: number): string[] {
  return ['--target', `${pid}`];
}

/** The kernel lets only one interface have a name, so that making it is the lock; it goes with the namespace. */
async function claimNetwork(namespacePid: number): Promise<ClusterNetwork> {
  for (let index = 0; index <= largestNetworkIndex; index += 1) {
    const network = clusterNetwork(index);
    try {
      await ip(
        'link',
        'add',
        network.hostInterface,
        'type',
        'veth',
        'peer',
        'name',
        'uplink',
        'netns',
        `${namespacePid}`,
      );
      return network;
    } catch (error) {
      if (!String(error).includes('File exists')) {
        throw error;
      }
    }
  }
  throw new Error(
    `take a network for the node: headgate0 to headgate${largestNetworkIndex} are all in use; end another test run or \`make cluster-down\``,
  );
}

async function connect(network: ClusterNetwork, namespacePid: number): Promise<void> {
  const { hostInterface, hostAddress, nodeAddress, podRange, serviceRange } = network;
  await ip('address', 'add', `${hostAddress}/30`, 'dev', hostInterface);
  await ip('link', 'set', hostInterface, 'up');
  const inside = async (...parts: string[]): Promise<void> => {
    await outputOf('nsenter', [...target(namespacePid), '--net', '--', 'ip', ...parts]);
  };
  await inside('address', 'add', `${nodeAddress}/30`, 'dev', 'uplink');
  await inside('link', 'set', 'uplink', 'up');
  await inside('route', 'add', 'default', 'via', hostAddress);
  await ip('route', 'add', podRange, 'via', nodeAddress);
  await ip('route', 'add', serviceRange, 'via', nodeAddress);
}

async function ip(...parts: string[]): Promise<void> {
  await outputOf('ip', parts);
}
