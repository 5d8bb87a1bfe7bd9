/** The steps of an Update, each with its time and a bar for how much of the whole it took. */
import { Text } from '@mantine/core';
import type { Update } from '../../../src/server/api/schemas.ts';
import { useText } from '../text/language.tsx';
import { Mark, wordFor } from './badges.tsx';
import classes from './timeline.module.css';
import { sayDuration, useNow, When } from './times.tsx';

type Step = Update['steps'][number];

const toneOf: Readonly<Record<string, 'good' | 'bad' | 'off'>> = { Done: 'good', Failed: 'bad', Stopped: 'off' };

export function Timeline({ steps }: { readonly steps: readonly Step[] }) {
  const text = useText();
  const isOpen = steps.some(({ finishedAt }) => finishedAt === undefined);
  const now = useNow(isOpen);
  const spans = steps.map((step) => ({ step, ms: lengthOf(step, now) }));
  const longest = Math.max(1, ...spans.map(({ ms }) => ms));
  return (
    <ol className={classes['steps'] ?? ''} aria-label={text.update.timelineLabel}>
      {spans.map(({ step, ms }) => (
        <li key={`${step.name} ${step.startedAt}`} className={classes['step'] ?? ''}>
          <div className={classes['head'] ?? ''}>
            <Mark
              tone={step.finishedAt === undefined ? 'busy' : (toneOf[step.result ?? 'Done'] ?? 'off')}
              text={wordFor(text.step, step.name)}
            />
            <Text size="sm" component="span">
              {sayDuration(ms)}
              {step.result !== undefined && `, ${wordFor(text.update.stepResult, step.result)}`}
            </Text>
            <Text size="xs" component="span">
              <When at={step.startedAt} />
            </Text>
          </div>
          <div
            className={classes['bar'] ?? ''}
            data-open={step.finishedAt === undefined}
            style={{ width: `${Math.max(0.5, (100 * ms) / longest)}%` }}
            aria-hidden="true"
          />
          {step.message !== undefined && step.message !== '' && (
            <Text size="sm" className={classes['message'] ?? ''}>
              <bdi>{step.message}</bdi>
            </Text>
          )}
        </li>
      ))}
    </ol>
  );
}

function lengthOf({ startedAt, finishedAt, tookMs }: Step, now: number): number {
  return finishedAt === undefined ? Math.max(0, now - Date.parse(startedAt)) : (tookMs ?? 0);
}
