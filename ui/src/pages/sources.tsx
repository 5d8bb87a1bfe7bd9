/** Where versions come from: registries with what is left of their budgets, and what each repository answered last. */

import { Card, Progress, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { SourceState } from '../../../src/server/api/schemas.ts';
import { type RegistryHost, registriesQuery, sourcesQuery } from '../api/queries.ts';
import tableClasses from '../parts/app-table.module.css';
import { PageLink } from '../parts/page-link.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { When } from '../parts/times.tsx';
import { useText } from '../text/language.tsx';

export function SourcesPage() {
  const text = useText();
  return (
    <Stack>
      <PageTitle title={text.sources.title} lead={text.sources.lead} />
      <section>
        <Title order={2} size="h4" mb="xs">
          {text.sources.registries}
        </Title>
        <Registries />
      </section>
      <section>
        <Title order={2} size="h4" mb="xs">
          {text.sources.repositories}
        </Title>
        <Repositories />
      </section>
    </Stack>
  );
}

function Registries() {
  const text = useText();
  const query = useQuery(registriesQuery());
  return (
    <QueryState query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <Text>{text.sources.noRegistries}</Text>
        ) : (
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
            {items.map((host) => (
              <HostCard key={host.host} host={host} />
            ))}
          </SimpleGrid>
        )
      }
    </QueryState>
  );
}

const percent = 100;

function HostCard({ host: { host, inFlight, waiting, silentUntil, budgets } }: { readonly host: RegistryHost }) {
  const text = useText();
  return (
    <Card withBorder padding="sm">
      <Title order={3} size="h5" style={{ overflowWrap: 'anywhere' }}>
        {host}
      </Title>
      <Text size="sm">
        {text.sources.inFlight(inFlight)}
        {waiting > 0 && `, ${text.sources.queued(waiting)}`}
      </Text>
      {silentUntil !== undefined && (
        <Text size="sm">
          {text.sources.silent} <When at={silentUntil} />
        </Text>
      )}
      {budgets.map(({ counts, limit, used, resetsAt }) => (
        <div key={counts}>
          <Text size="sm" mt="xs">
            {text.sources.budget(counts, used, limit)}
            {resetsAt !== undefined && (
              <>
                , {text.sources.resets} <When at={resetsAt} />
              </>
            )}
          </Text>
          <Progress
            value={limit === 0 ? percent : (percent * used) / limit}
            aria-label={text.sources.budget(counts, used, limit)}
          />
        </div>
      ))}
    </Card>
  );
}

function Repositories() {
  const text = useText();
  const query = useQuery(sourcesQuery());
  const { answered, error, followedBy, repositories } = text.sources;
  return (
    <QueryState query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <Text>{text.sources.none}</Text>
        ) : (
          <Table className={tableClasses['table'] ?? ''} aria-label={repositories}>
            <Table.Thead>
              <Table.Tr>
                {[text.app.source, answered, error, followedBy].map((heading) => (
                  <Table.Th key={heading} scope="col">
                    {heading}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((source) => (
                <RepositoryRow key={`${source.kind} ${source.repository}`} source={source} />
              ))}
            </Table.Tbody>
          </Table>
        )
      }
    </QueryState>
  );
}

const shownApps = 5;

function RepositoryRow({ source: { kind, repository, answeredAt, error, apps } }: { readonly source: SourceState }) {
  const text = useText();
  return (
    <Table.Tr>
      <Table.Th scope="row">
        <bdi>{repository}</bdi>
        <Text size="xs">{kind}</Text>
      </Table.Th>
      <Table.Td data-label={text.sources.answered}>
        {answeredAt === undefined ? text.sources.never : <When at={answeredAt} />}
      </Table.Td>
      <Table.Td data-label={text.sources.error}>{error ?? '–'}</Table.Td>
      <Table.Td data-label={text.sources.followedBy}>
        <div>
          {apps.slice(0, shownApps).map(({ namespace, name }) => (
            <div key={`${namespace}/${name}`}>
              <PageLink to="/apps/$namespace/$name" params={{ namespace, name }} size="sm">
                {namespace}/{name}
              </PageLink>
            </div>
          ))}
          {apps.length > shownApps && <Text size="sm">+ {apps.length - shownApps}</Text>}
        </div>
      </Table.Td>
    </Table.Tr>
  );
}
