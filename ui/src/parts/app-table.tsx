/** Apps in a table; on a narrow screen one below the other. */

import { Table, Text } from '@mantine/core';
import { memo } from 'react';
import type { AppSummary } from '../../../src/server/api/schemas.ts';
import { useText } from '../text/language.tsx';
import classes from './app-table.module.css';
import { StateBadge } from './badges.tsx';
import { PageLink } from './page-link.tsx';
import { WaitingLine } from './waiting-line.tsx';

export function AppTable({ apps }: { readonly apps: readonly AppSummary[] }) {
  const text = useText();
  const { app, state, running, available, why } = text.common;
  return (
    <Table className={classes['table'] ?? ''} aria-label={text.overview.tableLabel} verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          {[app, state, running, available, why].map((heading) => (
            <Table.Th key={heading} scope="col">
              {heading}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {apps.map((one) => (
          <AppRow key={one.uid} app={one} labels={{ state, running, available, why }} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

interface AppRowProps {
  readonly app: AppSummary;
  readonly labels: Readonly<Record<'state' | 'running' | 'available' | 'why', string>>;
}

const AppRow = memo(
  function Row({ app, labels }: AppRowProps) {
    const { namespace, name } = app;
    return (
      <Table.Tr>
        <Table.Th scope="row" className={classes['name'] ?? ''}>
          <PageLink to="/apps/$namespace/$name" params={{ namespace, name }} fw={600}>
            {name}
          </PageLink>
          <Text size="xs">{namespace}</Text>
        </Table.Th>
        <Table.Td data-label={labels.state}>
          <StateBadge state={app.state} />
        </Table.Td>
        <Table.Td data-label={labels.running}>
          <bdi>{app.current || '–'}</bdi>
        </Table.Td>
        <Table.Td data-label={labels.available}>
          <bdi>{app.available || '–'}</bdi>
        </Table.Td>
        <Table.Td data-label={labels.why}>
          <div>
            <WaitingLine waiting={app.hold ? { ...app.hold, message: app.hold.reason } : waitingOf(app)} lines={2} />
          </div>
        </Table.Td>
      </Table.Tr>
    );
  },
  ({ app: before, labels: said }, { app: after, labels }) =>
    before.resourceVersion === after.resourceVersion &&
    before.update?.phase === after.update?.phase &&
    before.update?.waiting?.message === after.update?.waiting?.message &&
    said.state === labels.state,
);

/** An open Update says more than the App that waits for it. */
function waitingOf({ update, waiting }: AppSummary): AppSummary['waiting'] {
  return update?.open ? (update.waiting ?? waiting) : waiting;
}
