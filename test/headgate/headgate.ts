/** Headgate at work in the process of the test, in one namespace where nothing else is said. */
import { inject } from 'vitest';
import { type ControllerSettings, runController } from '../../src/app/run-controller.ts';
import { adoptableSystems } from '../../src/core/adopt/adoption.ts';
import type { StepListener } from '../../src/engine/ports/step-listener.ts';
import type { Stage } from './stage.ts';

export interface RunningHeadgate {
  /** Ends it and waits; rejects with what it ended of before. */
  stop(): Promise<void>;
}

/** Starts the controller as `headgate controller --no-leader-election` would; it stops with the test at the latest. */
export function startHeadgate(
  stage: Stage,
  listener?: StepListener,
  more: Partial<
    Pick<
      ControllerSettings,
      | 'kubeconfig'
      | 'channelFolder'
      | 'channelListen'
      | 'reportListen'
      | 'allowOutbound'
      | 'registrySubstitutes'
      | 'api'
      | 'namespaces'
    >
  > = {},
): RunningHeadgate {
  const stopping = new AbortController();
  const settings = {
    kubeconfig: stage.kubeconfigPath,
    namespaces: [stage.namespace],
    leaderElection: false,
    leaseName: 'headgate',
    listen: '127.0.0.1:0',
    logLevel: 'error',
    adoption: { systems: adoptableSystems, insecureRegistries: [inject('registry')] },
    programs: stage.programs,
    ...more,
    ...(listener ? { listener } : {}),
  } as const;
  const ended = runController(settings, stopping.signal);
  // Seen by `stop`; until then it must not end the test run as an unhandled rejection.
  ended.catch(() => undefined);
  const stop = async () => {
    stopping.abort();
    await ended;
  };
  stage.atEnd(stop);
  return { stop };
}
