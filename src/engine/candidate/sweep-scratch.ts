/** Removes scratch namespaces that are left over, whatever ended before it could do so itself. */

import { openTrial } from '../../core/candidate/candidate.ts';
import { isUncleared } from '../../core/candidate/transitions.ts';
import { decodeCandidate } from '../../resources/channel/candidate-codec.ts';
import type { Channels } from '../ports/channels.ts';
import type { Clock } from '../ports/clock.ts';
import type { FoundSpace, ScratchSpaces } from '../ports/scratch-spaces.ts';

export interface SweepContext {
  readonly channels: Pick<Channels, 'readChannel'>;
  readonly scratch: Pick<ScratchSpaces, 'list' | 'clear'>;
  readonly clock: Clock;
  readonly assertLeading: () => void;
}

/** Until a namespace that is being removed is gone. */
const lookAgainMs = 5_000;

/**
 * @returns when to look again; undefined: there is none
 * @throws errors of the API server
 */
export async function sweepScratch(context: SweepContext, signal: AbortSignal): Promise<Date | undefined> {
  const { scratch, clock, assertLeading } = context;
  const times: number[] = [];
  for (const space of await scratch.list(signal)) {
    if (space.expiresAt > clock.now() && (await isNeeded(context, space, signal))) {
      times.push(space.expiresAt.getTime());
      continue;
    }
    assertLeading();
    if ((await scratch.clear(space, signal)) !== undefined) {
      times.push(clock.now().getTime() + lookAgainMs);
    }
  }
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}

/** By the Channel as the API server has it: a trial may have begun a moment ago. */
async function isNeeded({ channels }: SweepContext, space: FoundSpace, signal: AbortSignal): Promise<boolean> {
  const { namespace, name, uid } = space.channel;
  const channel = await channels.readChannel(namespace, name, signal);
  const wire = channel?.metadata.uid === uid ? channel.status?.candidate : undefined;
  const candidate = wire && decodeCandidate(wire);
  return (
    candidate?.trials.some(
      (trial) => trial.scratch === space.namespace && (isUncleared(trial) || trial === openTrial(candidate)),
    ) === true
  );
}
