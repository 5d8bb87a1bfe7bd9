/** States as a dot with a word: the colour helps, the word says it. */
import { Group, Text } from '@mantine/core';
import { useText } from '../text/language.tsx';
import classes from './badges.module.css';

type Tone = 'good' | 'busy' | 'wait' | 'bad' | 'off';

const toneOfState: Readonly<Record<string, Tone>> = {
  Current: 'good',
  Waiting: 'wait',
  Updating: 'busy',
  RollingBack: 'bad',
  Trouble: 'bad',
  Suspended: 'off',
  Unknown: 'off',
};

const toneOfPhase: Readonly<Record<string, Tone>> = {
  Pending: 'wait',
  Succeeded: 'good',
  RolledBack: 'bad',
  RollingBack: 'bad',
  VerifyingRollback: 'bad',
  Failed: 'bad',
  Superseded: 'off',
  Cancelled: 'off',
};

const toneOfHealth: Readonly<Record<string, Tone>> = {
  Current: 'good',
  InProgress: 'busy',
  Failed: 'bad',
  Absent: 'bad',
  Terminating: 'off',
  Unknown: 'off',
};

export function StateBadge({ state }: { readonly state: string }) {
  return <Mark tone={toneOfState[state] ?? 'off'} text={wordFor(useText().state, state)} />;
}

export function PhaseBadge({ phase }: { readonly phase: string }) {
  return <Mark tone={toneOfPhase[phase] ?? 'busy'} text={wordFor(useText().phase, phase)} />;
}

export function HealthBadge({ health }: { readonly health: string }) {
  return <Mark tone={toneOfHealth[health] ?? 'off'} text={wordFor(useText().health, health)} />;
}

export function Mark({ tone, text }: { readonly tone: Tone; readonly text: string }) {
  return (
    <Group gap={8} wrap="nowrap" component="span" display="inline-flex">
      <span className={classes['dot']} data-tone={tone} aria-hidden="true" />
      <Text span size="sm" fw={500} className={classes['word'] ?? ''}>
        {text}
      </Text>
    </Group>
  );
}

/** The word of the catalogue; what a newer server calls otherwise is shown as it calls it. */
export function wordFor(words: Readonly<Record<string, string>>, key: string): string {
  return words[key] ?? key;
}
