/** What a soak does to the replicas and to what they stand on. */
import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { SoakEvent } from './plan.ts';
import { clockFile, publish, type Replica, runRegistry, type Soak } from './stage.ts';

export async function strike(soak: Soak, { number, blow }: SoakEvent): Promise<void> {
  process.stdout.write(`soak ${number}: ${JSON.stringify(blow)}\n`);
  switch (blow.kind) {
    case 'publish':
      return await publish(soak, `app-${blow.app}`, blow.version);
    case 'registryAway':
      return await takeRegistryAway(soak, blow.seconds);
    case 'apiServerRestarts':
      await soak.controlPlane.stopApiServer(blow.signal);
      return await soak.controlPlane.startApiServer();
    case 'kill':
      return signalTo(soak.replicas[blow.replica], 'SIGKILL');
    case 'freeze':
      signalTo(soak.replicas[blow.replica], 'SIGSTOP');
      soak.pending.push(thaw(soak.replicas[blow.replica], blow.seconds));
      return;
    case 'clockJumps':
      return await moveClock(soak, blow.replica, blow.seconds);
  }
}

function signalTo(replica: Replica | undefined, signal: NodeJS.Signals): void {
  if (replica?.process.ending === undefined && replica !== undefined) {
    process.kill(replica.process.pid, signal);
  }
}

async function thaw(replica: Replica | undefined, seconds: number): Promise<void> {
  const frozen = replica?.process;
  await delay(seconds * 1_000);
  if (frozen !== undefined && frozen.ending === undefined) {
    process.kill(frozen.pid, 'SIGCONT');
  }
}

async function moveClock(soak: Soak, number: number, seconds: number): Promise<void> {
  const replica = soak.replicas[number];
  if (replica !== undefined) {
    replica.offsetSeconds += seconds;
    await writeFile(clockFile(soak, number), String(replica.offsetSeconds));
    signalTo(replica, 'SIGUSR2');
  }
}

async function takeRegistryAway(soak: Soak, seconds: number): Promise<void> {
  const { registry, warden } = soak;
  await registry.back;
  await registry.process.stop('SIGKILL');
  registry.back = delay(seconds * 1_000).then(async () => {
    registry.process = await runRegistry(warden, registry.host);
  });
  soak.pending.push(registry.back);
}
