/** How a Release spreads over the clusters: the curve, where it stands now, and the same in words. */
import { Group, Text } from '@mantine/core';
import type { Curve } from '../../../src/server/api/channel-views.ts';
import { useLanguage } from '../text/language.tsx';
import { Mark } from './badges.tsx';
import classes from './curve.module.css';
import { sayDate, useNow, When } from './times.tsx';

const width = 640;
const height = 160;

export function CurveView({ curve }: { readonly curve: Curve }) {
  const { text, locale } = useLanguage();
  const { fleet } = text;
  const now = useNow();
  const start = Date.parse(curve.publishedAt);
  const end = Math.max(Date.parse(curve.points.at(-1)?.at ?? curve.publishedAt), start + 1);
  const { canary } = curve;
  return (
    <figure className={classes['figure'] ?? ''}>
      <Drawing curve={curve} span={{ start, end, now }} />
      <div className={classes['times'] ?? ''} aria-hidden="true">
        <span>{sayDate(new Date(start), locale)}</span>
        <span>{sayDate(new Date(end), locale)}</span>
      </div>
      <figcaption>
        <Text size="sm">
          {fleet.shareNow(curve.release, Math.round(curve.share * 100))}
          {curve.paused && ` ${fleet.paused}`}
        </Text>
        {canary && Date.parse(canary.until) > now && (
          <Text size="sm">
            {fleet.canary(canary.group)} <When at={canary.until} />
          </Text>
        )}
        {curve.reports && (
          <Group gap="md" role="group" aria-label={fleet.reports}>
            <Mark tone="good" text={fleet.ranWell(curve.reports.succeeded)} />
            <Mark tone={curve.reports.wentBack > 0 ? 'bad' : 'off'} text={fleet.wentBack(curve.reports.wentBack)} />
          </Group>
        )}
      </figcaption>
    </figure>
  );
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly now: number;
}

function Drawing({ curve, span: { start, end, now } }: { readonly curve: Curve; readonly span: Span }) {
  const x = (at: number) => (width * (at - start)) / (end - start);
  const y = (share: number) => height * (1 - share);
  const line = curve.points.map(({ at, share }) => `${x(Date.parse(at))},${y(share)}`);
  return (
    <svg viewBox={`-44 -8 ${width + 52} ${height + 16}`} className={classes['curve'] ?? ''} aria-hidden="true">
      <line x1="0" x2={width} y1={height} y2={height} className={classes['axis'] ?? ''} />
      <line x1="0" x2={width} y1="0" y2="0" className={classes['grid'] ?? ''} />
      <line x1="0" x2={width} y1={height / 2} y2={height / 2} className={classes['grid'] ?? ''} />
      {[0, 0.5, 1].map((share) => (
        <text key={share} x="-10" y={y(share) + 4} textAnchor="end" className={classes['share'] ?? ''}>
          {100 * share} %
        </text>
      ))}
      <polyline points={[`0,${height}`, ...line].join(' ')} className={classes['line'] ?? ''} />
      {now < end && (
        <>
          <line x1={x(now)} x2={x(now)} y1="0" y2={height} className={classes['now'] ?? ''} />
          <circle cx={x(now)} cy={y(curve.share)} r="5" className={classes['dot'] ?? ''} />
        </>
      )}
    </svg>
  );
}
