/** The last restore drill of an App, or the one under way. */
import { Text } from '@mantine/core';
import type { App } from '../../../src/server/api/schemas.ts';
import { useText } from '../text/language.tsx';
import { Mark } from './badges.tsx';
import { sayDuration, When } from './times.tsx';

const toneOf = { Passed: 'good', Failed: 'bad', Inconclusive: 'off', Refused: 'off' } as const;
const second = 1_000;

export function DrillView({ drill }: { readonly drill: NonNullable<App['drill']> }) {
  const text = useText();
  const { checkpoint, outcome, startedAt, finishedAt, durationSeconds, message } = drill;
  const hasEnded = finishedAt !== undefined && outcome !== undefined;
  const word = hasEnded ? text.app.drillOutcome[outcome] : text.app.drillUnderWay;
  return (
    <div>
      <Mark tone={hasEnded ? toneOf[outcome] : 'busy'} text={`${text.app.drill}: ${checkpoint ?? ''} ${word}`} />
      <Text size="sm">
        <When at={finishedAt ?? startedAt} />
        {durationSeconds !== undefined && `, ${sayDuration(durationSeconds * second)}`}
      </Text>
      {message !== undefined && (
        <Text size="sm">
          <bdi>{message}</bdi>
        </Text>
      )}
    </div>
  );
}
