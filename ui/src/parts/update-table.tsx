/** Updates in a table, as given. */

import { Table, Text } from '@mantine/core';
import type { UpdateSummary } from '../../../src/server/api/schemas.ts';
import { useText } from '../text/language.tsx';
import classes from './app-table.module.css';
import { PhaseBadge } from './badges.tsx';
import { PageLink } from './page-link.tsx';
import { sayDuration, When } from './times.tsx';
import { ChangeLines } from './versions.tsx';

interface UpdateTableProps {
  readonly updates: readonly UpdateSummary[];
  readonly empty: string;
}

export function UpdateTable({ updates, empty }: UpdateTableProps) {
  const text = useText();
  const { app, change, outcome, when, took, by, reason } = text.common;
  if (updates.length === 0) {
    return <Text>{empty}</Text>;
  }
  return (
    <Table className={classes['table'] ?? ''} aria-label={text.history.tableLabel} verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          {[app, change, outcome, when, took, by, reason].map((heading) => (
            <Table.Th key={heading} scope="col">
              {heading}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {updates.map((update) => (
          <UpdateRow key={update.uid} update={update} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function UpdateRow({ update }: { readonly update: UpdateSummary }) {
  const text = useText();
  const { namespace, name, app, changes, phase, startedAt, createdAt, tookMs, trigger } = update;
  const why = update.failure?.message ?? update.waiting?.message ?? trigger.reason;
  return (
    <Table.Tr>
      <Table.Th scope="row">
        <PageLink to="/updates/$namespace/$name" params={{ namespace, name }} size="sm" fw={600}>
          {app} {update.sequence}
        </PageLink>
        <Text size="xs">{namespace}</Text>
      </Table.Th>
      <Table.Td data-label={text.common.change}>
        <div>
          <ChangeLines changes={changes} />
        </div>
      </Table.Td>
      <Table.Td data-label={text.common.outcome}>
        <PhaseBadge phase={phase} />
      </Table.Td>
      <Table.Td data-label={text.common.when}>
        <When at={startedAt ?? createdAt} />
      </Table.Td>
      <Table.Td data-label={text.common.took}>{tookMs === undefined ? '–' : sayDuration(tookMs)}</Table.Td>
      <Table.Td data-label={text.common.by}>
        <bdi>{trigger.by}</bdi>
      </Table.Td>
      <Table.Td data-label={text.common.reason}>
        <Text size="sm" lineClamp={2}>
          <bdi>{why}</bdi>
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
