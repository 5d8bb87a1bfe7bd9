/** What each source of an App has: the version in use, the newer one, and on wish all of them with the policy's reasons. */
import { Button, Code, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { App } from '../../../src/server/api/schemas.ts';
import { type Candidates, candidatesQuery } from '../api/queries.ts';
import tableClasses from '../parts/app-table.module.css';
import { QueryState } from '../parts/query-state.tsx';
import { VersionText } from '../parts/versions.tsx';
import { useText } from '../text/language.tsx';

export function Versions({ app }: { readonly app: App }) {
  const text = useText();
  const [asked, setAsked] = useState(false);
  return (
    <Stack>
      <Table aria-label={text.app.versions} className={tableClasses['table'] ?? ''}>
        <Table.Thead>
          <Table.Tr>
            {[text.app.source, text.common.running, text.common.available, text.app.policy].map((heading) => (
              <Table.Th key={heading} scope="col">
                {heading}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {app.sources.map((source) => (
            <Table.Tr key={source.name}>
              <Table.Th scope="row" fw={400}>
                <Text fw={600} size="sm">
                  {source.name}
                </Text>
                <Text size="xs">
                  {source.kind} <bdi>{source.location}</bdi>
                </Text>
              </Table.Th>
              <Table.Td data-label={text.common.running}>
                {source.current ? <VersionText version={source.current} /> : '–'}
              </Table.Td>
              <Table.Td data-label={text.common.available}>
                {source.available ? <VersionText version={source.available} /> : '–'}
              </Table.Td>
              <Table.Td data-label={text.app.policy}>
                {source.policy ? <Code>{JSON.stringify(source.policy)}</Code> : '–'}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {asked ? (
        <AllVersions app={app} />
      ) : (
        <Button variant="default" onClick={() => setAsked(true)} style={{ alignSelf: 'flex-start' }}>
          {text.app.showCandidates}
        </Button>
      )}
    </Stack>
  );
}

function AllVersions({ app: { namespace, name } }: { readonly app: App }) {
  const query = useQuery(candidatesQuery(namespace, name));
  return (
    <QueryState query={query}>
      {({ sources }) => sources.map((source) => <SourceVersions key={source.source} source={source} />)}
    </QueryState>
  );
}

function SourceVersions({ source }: { readonly source: Candidates }) {
  const text = useText();
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        {source.source}
      </Title>
      {source.message !== undefined && <Text size="sm">{source.message}</Text>}
      <Table aria-label={source.source}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{text.common.version}</Table.Th>
            <Table.Th scope="col">{text.common.reason}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {source.candidates.map((tag, index) => (
            <Table.Tr key={tag}>
              <Table.Td>
                <bdi>{tag}</bdi>
              </Table.Td>
              <Table.Td>
                {text.app.taken}
                {index === 0 && `, ${text.app.best}`}
              </Table.Td>
            </Table.Tr>
          ))}
          {source.rejected.map(({ tag, message }) => (
            <Table.Tr key={tag}>
              <Table.Td>
                <bdi>{tag}</bdi>
              </Table.Td>
              <Table.Td>{message}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
