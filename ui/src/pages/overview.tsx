/** All Apps at one glance: how they are, what is new, what waits and until when. */
import { Anchor, Button, Grid, Group, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import type { AppSummary } from '../../../src/server/api/schemas.ts';
import { type AppFilter, type AppPage, appsQuery } from '../api/queries.ts';
import { AppTable } from '../parts/app-table.tsx';
import { Mark, StateBadge } from '../parts/badges.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { PauseButton } from '../parts/pause.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { useText } from '../text/language.tsx';
import { FirstRun } from './first-run.tsx';
import classes from './overview.module.css';
import { NowAndNext } from './overview-asides.tsx';

/** Each letter is asked for at once, and an answer that is not wanted any more is dropped; the address follows when one has stopped. */
const addressDelayMs = 300;

export function OverviewPage() {
  const text = useText();
  const [filter, search] = useFilter();
  const query = useInfiniteQuery(appsQuery(filter));
  return (
    <>
      <PageTitle title={text.overview.title} actions={<PauseButton />} />
      <QueryState query={{ ...query, data: query.data?.pages }}>
        {(pages) => {
          const [first] = pages;
          const isFiltered = Object.values(filter).some((value) => value !== undefined);
          if (!first || (first.total === 0 && !isFiltered)) {
            return <FirstRun />;
          }
          return (
            <Grid gap="lg">
              <Grid.Col span={{ base: 12, lg: 9 }}>
                <Stack>
                  <StateFilter counts={first.states} filter={filter} />
                  <SearchField typed={filter.q ?? ''} onType={search} />
                  <Apps pages={pages} query={query} isFiltered={isFiltered} onClear={() => search('')} />
                </Stack>
              </Grid.Col>
              <Grid.Col span={{ base: 12, lg: 3 }}>
                <NowAndNext />
              </Grid.Col>
            </Grid>
          );
        }}
      </QueryState>
    </>
  );
}

/** What the address says, with what is typed ahead of it. */
function useFilter(): readonly [AppFilter, (q: string) => void] {
  const filter = useSearch({ from: '/' });
  const navigate = useNavigate({ from: '/' });
  const [typed, setTyped] = useState(filter.q ?? '');
  const sent = useRef(filter.q ?? '');
  const follow = useDebouncedCallback((q: string) => {
    sent.current = q;
    void navigate({ search: (before) => ({ ...before, q: q || undefined }), replace: true });
  }, addressDelayMs);
  useEffect(() => {
    // By somebody else: a link, or the way back in the history.
    if ((filter.q ?? '') !== sent.current) {
      sent.current = filter.q ?? '';
      setTyped(sent.current);
    }
  }, [filter.q]);
  const search = (q: string) => {
    setTyped(q);
    follow(q);
  };
  return [{ ...filter, q: typed || undefined }, search];
}

function StateFilter({ counts, filter }: { readonly counts: AppPage['states']; readonly filter: AppFilter }) {
  const text = useText();
  const navigate = useNavigate({ from: '/' });
  const choose = (state: string | undefined) =>
    void navigate({ search: (before) => ({ ...before, state }), replace: true });
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return (
    <Group gap="xs" role="group" aria-label={text.overview.filterByState}>
      <Tile isChosen={filter.state === undefined} count={all} onChoose={() => choose(undefined)}>
        <Mark tone="off" text={text.common.all} />
      </Tile>
      {Object.entries(counts)
        .filter(([state, count]) => count > 0 || filter.state === state)
        .map(([state, count]) => (
          <Tile key={state} isChosen={filter.state === state} count={count} onChoose={() => choose(state)}>
            <StateBadge state={state} />
          </Tile>
        ))}
    </Group>
  );
}

interface TileProps {
  readonly isChosen: boolean;
  readonly count: number;
  readonly onChoose: () => void;
  readonly children: React.ReactNode;
}

function Tile({ isChosen, count, onChoose, children }: TileProps) {
  return (
    <UnstyledButton className={classes['tile'] ?? ''} aria-pressed={isChosen} onClick={onChoose}>
      <Text size="xl" fw={700} lh={1.2} component="div">
        {count}
      </Text>
      {children}
    </UnstyledButton>
  );
}

interface SearchFieldProps {
  readonly typed: string;
  readonly onType: (text: string) => void;
}

function SearchField({ typed, onType }: SearchFieldProps) {
  const text = useText();
  return (
    <TextInput
      type="search"
      aria-label={text.overview.searchLabel}
      placeholder={text.overview.searchLabel}
      value={typed}
      onChange={({ currentTarget }) => onType(currentTarget.value)}
    />
  );
}

interface AppsProps {
  readonly pages: readonly AppPage[];
  readonly query: { readonly hasNextPage: boolean; readonly fetchNextPage: () => unknown };
  readonly isFiltered: boolean;
  readonly onClear: () => void;
}

function Apps({ pages, query, isFiltered, onClear }: AppsProps) {
  const text = useText();
  const navigate = useNavigate({ from: '/' });
  const clear = () => {
    onClear();
    void navigate({ search: {}, replace: true });
  };
  const apps: readonly AppSummary[] = pages.flatMap(({ items }) => items);
  const total = pages[0]?.total ?? 0;
  return (
    <>
      <Group justify="space-between">
        <Text size="sm" role="status">
          {total === 0 ? text.overview.noMatch : text.overview.apps(total)}
        </Text>
        {isFiltered && (
          <Anchor component="button" size="sm" onClick={clear}>
            {text.overview.clear}
          </Anchor>
        )}
      </Group>
      {apps.length > 0 && <AppTable apps={apps} />}
      {query.hasNextPage && (
        <Button variant="default" onClick={() => void query.fetchNextPage()}>
          {text.common.more} ({text.common.count(apps.length, total)})
        </Button>
      )}
    </>
  );
}
