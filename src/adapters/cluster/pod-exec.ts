/** Fulfils the engine's PodCommands by the subresource `exec` of pods. */
import { formatDuration } from '../../core/duration.ts';
import type { PodCommand, PodCommands } from '../../engine/ports/pod-commands.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import { startDeadline } from '../../kube/deadline.ts';

export class PodExec implements PodCommands {
  readonly #client: KubeClient;
  readonly #clock: Clock;

  constructor(client: KubeClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async run(command: PodCommand, signal: AbortSignal): Promise<string | undefined> {
    const { namespace, serviceAccount, timeoutMs } = command;
    const acting =
      serviceAccount === undefined
        ? this.#client
        : this.#client.actAs(`system:serviceaccount:${namespace}:${serviceAccount}`);
    const deadline = startDeadline(this.#clock, timeoutMs, signal);
    try {
      const { exitCode, output } = await acting.exec({ ...command, signal: deadline.signal });
      const said = output.trim();
      return exitCode === 0
        ? undefined
        : `${exitCode === undefined ? 'it could not be started' : `exit code ${exitCode}`}: ${said}`;
    } catch (error) {
      if (deadline.isExpired && !signal.aborted) {
        return `it did not end within ${formatDuration(timeoutMs)}`;
      }
      throw error;
    } finally {
      deadline.end();
    }
  }
}
