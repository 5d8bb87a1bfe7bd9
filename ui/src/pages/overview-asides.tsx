/** Beside the Apps: updates under way, what happens next by itself, and how the last day went. */

import { Card, Group, Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type ReactNode, useId, useState } from 'react';
import type { AppSummary, UpdateSummary } from '../../../src/server/api/schemas.ts';
import { appsQuery, figuresQuery, updatesQuery } from '../api/queries.ts';
import { PhaseBadge } from '../parts/badges.tsx';
import { PageLink } from '../parts/page-link.tsx';
import { sayDuration, When } from '../parts/times.tsx';
import { WaitingLine } from '../parts/waiting-line.tsx';
import { useText } from '../text/language.tsx';

const shown = 5;
const dayMs = 86_400_000;
const hourMs = 3_600_000;

export function NowAndNext() {
  return (
    <Stack>
      <RightNow />
      <ComingUp />
      <LastDay />
      <FourNumbers />
    </Stack>
  );
}

function Aside({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const id = useId();
  return (
    <Card withBorder padding="sm" component="section" aria-labelledby={id}>
      <Title order={2} size="h5" mb="xs" id={id}>
        {title}
      </Title>
      <Stack gap="xs">{children}</Stack>
    </Card>
  );
}

function RightNow() {
  const text = useText();
  const { data } = useInfiniteQuery(updatesQuery({ open: true }, shown));
  const [page] = data?.pages ?? [];
  const rest = (page?.total ?? 0) - (page?.items.length ?? 0);
  return (
    <Aside title={text.overview.now}>
      {page?.total === 0 && <Text size="sm">{text.overview.nothingNow}</Text>}
      {page?.items.map((update) => (
        <div key={update.uid}>
          <UpdateLink update={update} /> <PhaseBadge phase={update.phase} />
          <WaitingLine waiting={update.waiting} lines={2} />
        </div>
      ))}
      {rest > 0 && <Text size="sm">+ {rest}</Text>}
    </Aside>
  );
}

function ComingUp() {
  const text = useText();
  const { data } = useInfiniteQuery(appsQuery({ state: 'Waiting' }));
  const waits = (data?.pages ?? [])
    .flatMap(({ items }) => items)
    .flatMap((app) => {
      const waiting = app.update?.open ? app.update.waiting : app.waiting;
      return waiting?.until === undefined ? [] : [{ app, until: waiting.until, reason: waiting.message }];
    })
    .toSorted((left, right) => left.until.localeCompare(right.until))
    .slice(0, shown);
  return (
    <Aside title={text.overview.next}>
      {waits.length === 0 && <Text size="sm">{text.overview.nothingNext}</Text>}
      {waits.map(({ app, until, reason }) => (
        <div key={app.uid}>
          <Group justify="space-between" gap="xs">
            <AppLink app={app} />
            <Text size="sm">
              <When at={until} />
            </Text>
          </Group>
          <Text size="xs" lineClamp={1}>
            {reason}
          </Text>
        </div>
      ))}
    </Aside>
  );
}

function LastDay() {
  const text = useText();
  // By the hour, so that the question stays the same one for a while.
  const [since] = useState(() => new Date(Math.floor((Date.now() - dayMs) / hourMs) * hourMs).toISOString());
  const { data } = useInfiniteQuery(updatesQuery({ open: false, since }));
  const ended = data?.pages.flatMap(({ items }) => items) ?? [];
  const counts = Map.groupBy(ended, ({ phase }) => phase);
  return (
    <Aside title={text.overview.today}>
      {data && ended.length === 0 && <Text size="sm">{text.overview.nothingToday}</Text>}
      {[...counts].map(([phase, updates]) => (
        <Group key={phase} justify="space-between">
          <PageLink to="/history" search={{ phase, since }} underline="never" c="inherit">
            <PhaseBadge phase={phase} />
          </PageLink>
          <Text size="sm" fw={600}>
            {updates.length}
          </Text>
        </Group>
      ))}
    </Aside>
  );
}

/** As the dashboard has them, over the Updates that are kept. */
function FourNumbers() {
  const text = useText();
  const { figures } = text;
  const { data } = useQuery(figuresQuery());
  if (!data) {
    return null;
  }
  const { days, deployments, perDay, failureShare, leadTimeMs, restoreTimeMs } = data;
  const sayTime = (ms: number | undefined) => (ms === undefined ? '–' : sayDuration(ms));
  const rows = [
    [figures.frequency, deployments === 0 ? '–' : figures.perDay(perDay)],
    [figures.leadTime, sayTime(leadTimeMs)],
    [figures.failureRate, failureShare === undefined ? '–' : `${Math.round(failureShare * 100)} %`],
    [figures.restoreTime, sayTime(restoreTimeMs)],
  ] as const;
  return (
    <Aside title={figures.title(days)}>
      <Stack component="dl" gap="xs" m={0}>
        {rows.map(([name, value]) => (
          <Group key={name} justify="space-between" gap="xs" wrap="nowrap" component="div">
            <Text component="dt" size="sm">
              {name}
            </Text>
            <Text component="dd" size="sm" fw={600} m={0} style={{ whiteSpace: 'nowrap' }}>
              {value}
            </Text>
          </Group>
        ))}
      </Stack>
    </Aside>
  );
}

function AppLink({ app: { namespace, name } }: { readonly app: AppSummary }) {
  return (
    <PageLink to="/apps/$namespace/$name" params={{ namespace, name }} size="sm">
      {name}
    </PageLink>
  );
}

function UpdateLink({ update: { namespace, name, app } }: { readonly update: UpdateSummary }) {
  return (
    <PageLink to="/updates/$namespace/$name" params={{ namespace, name }} size="sm">
      {app}
    </PageLink>
  );
}
