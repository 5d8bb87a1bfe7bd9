/** Commands in the containers of pods. */
import type { Hook } from '../../core/checkpoint/backup.ts';

export interface PodCommand extends Hook {
  readonly namespace: string;
  readonly pod: string;
  /** ServiceAccount of the namespace with whose rights it is run; Headgate's own when undefined. */
  readonly serviceAccount: string | undefined;
}

export interface PodCommands {
  /**
   * @returns why it did not go well; undefined when it did
   * @throws API_FORBIDDEN without the right to `create` `pods/exec`; API_UNAVAILABLE when the API server cannot be reached
   */
  run(command: PodCommand, signal: AbortSignal): Promise<string | undefined>;
}
