/** Who updated what, when, and how it ended; filtered, searched, and to take along as CSV. */
import { Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type UpdateFilter, updatesQuery } from '../api/queries.ts';
import { csvOf, download } from '../parts/csv.ts';
import { PageTitle } from '../parts/page-title.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { UpdateTable } from '../parts/update-table.tsx';
import { useText } from '../text/language.tsx';

const outcomes = ['Succeeded', 'RolledBack', 'Failed', 'Superseded', 'Cancelled', 'Pending', 'Watching'] as const;
const filterDelayMs = 150;
const mostForCsv = 5_000;

export function HistoryPage() {
  const text = useText();
  const filter = useSearch({ from: '/history' });
  const query = useInfiniteQuery(updatesQuery(filter));
  return (
    <>
      <PageTitle title={text.history.title} lead={text.history.lead} actions={<CsvButton filter={filter} />} />
      <Stack>
        <Filters filter={filter} />
        <QueryState query={{ ...query, data: query.data?.pages }}>
          {(pages) => {
            const updates = pages.flatMap(({ items }) => items);
            const total = pages[0]?.total ?? 0;
            return (
              <>
                <Text size="sm" role="status">
                  {text.common.count(updates.length, total)}
                </Text>
                <UpdateTable updates={updates} empty={text.history.none} />
                {query.hasNextPage && (
                  <Button variant="default" onClick={() => void query.fetchNextPage()}>
                    {text.common.more}
                  </Button>
                )}
              </>
            );
          }}
        </QueryState>
      </Stack>
    </>
  );
}

function Filters({ filter }: { readonly filter: UpdateFilter }) {
  const text = useText();
  const navigate = useNavigate({ from: '/history' });
  const set = (part: UpdateFilter) =>
    void navigate({ search: (before) => clean({ ...before, ...part }), replace: true });
  const setSoon = useDebouncedCallback(set, filterDelayMs);
  const words: Readonly<Record<string, string>> = text.phase;
  return (
    <Group align="flex-end" gap="sm">
      <TextInput
        type="search"
        style={{ flex: '1 1 12rem' }}
        label={text.history.search}
        defaultValue={filter.q ?? ''}
        onChange={({ currentTarget }) => setSoon({ q: currentTarget.value })}
      />
      <NativeSelect
        label={text.history.outcome}
        value={filter.phase ?? ''}
        onChange={({ currentTarget }) => set({ phase: currentTarget.value })}
        data={[
          { value: '', label: text.history.any },
          ...outcomes.map((phase) => ({ value: phase, label: words[phase] ?? phase })),
        ]}
      />
      <TextInput
        label={text.history.by}
        style={{ flex: '1 1 8rem' }}
        defaultValue={filter.by ?? ''}
        onChange={({ currentTarget }) => setSoon({ by: currentTarget.value })}
      />
      <TextInput
        type="date"
        label={text.history.from}
        defaultValue={dayOf(filter.since)}
        onChange={({ currentTarget }) => set({ since: momentOf(currentTarget.value, 0) })}
      />
      <TextInput
        type="date"
        label={text.history.to}
        defaultValue={dayOf(filter.until, -1)}
        onChange={({ currentTarget }) => set({ until: momentOf(currentTarget.value, 1) })}
      />
    </Group>
  );
}

function CsvButton({ filter }: { readonly filter: UpdateFilter }) {
  const text = useText();
  const queries = useQueryClient();
  const save = async () => {
    const { pages } = await queries.fetchInfiniteQuery(updatesQuery(filter, mostForCsv));
    download('headgate-history.csv', csvOf(pages.flatMap(({ items }) => items)));
  };
  return (
    <Button variant="default" onClick={() => void save()}>
      {text.history.csv}
    </Button>
  );
}

function clean(filter: UpdateFilter): UpdateFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined && value !== ''));
}

const dayMs = 86_400_000;

/** A day of the viewer's calendar as the moment at which it begins, or the one after it. */
function momentOf(day: string, later: 0 | 1): string | undefined {
  const [year, month, date] = day.split('-').map(Number);
  if (year === undefined || month === undefined || date === undefined || Number.isNaN(date)) {
    return undefined;
  }
  return new Date(year, month - 1, date + later).toISOString();
}

function dayOf(moment: string | undefined, later: 0 | -1 = 0): string {
  if (moment === undefined) {
    return '';
  }
  const date = new Date(Date.parse(moment) + later * dayMs);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
