/** What waits for a person. */
import { Card, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Approval, approvalsQuery } from '../api/queries.ts';
import { PageTitle } from '../parts/page-title.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { UpdateActions, UpdateLink } from '../parts/update-actions.tsx';
import { ChangeLines } from '../parts/versions.tsx';
import { WaitingLine } from '../parts/waiting-line.tsx';
import { useText } from '../text/language.tsx';

export function ApprovalsPage() {
  const text = useText();
  const query = useQuery(approvalsQuery());
  return (
    <>
      <PageTitle title={text.approvals.title} lead={text.approvals.lead} />
      <QueryState query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Text>{text.approvals.none}</Text>
          ) : (
            <Stack component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
              {items.map((item) => (
                <ApprovalCard key={item.update.uid} item={item} />
              ))}
            </Stack>
          )
        }
      </QueryState>
    </>
  );
}

function ApprovalCard({ item: { update, mayApprove, hasApproved } }: { readonly item: Approval }) {
  const text = useText();
  return (
    <Card withBorder component="li">
      <Group justify="space-between" align="flex-start">
        <Stack gap={4}>
          <UpdateLink update={update} />
          <ChangeLines changes={update.changes} />
          <WaitingLine waiting={update.waiting} />
          <Text size="sm">{text.approvals.given(update.approvals.length)}</Text>
        </Stack>
        <Stack gap={4} align="flex-end">
          {hasApproved && <Text size="sm">{text.act.approved}</Text>}
          {mayApprove ? (
            <UpdateActions update={update} mayDo={['approve', 'reject']} />
          ) : (
            <Text size="sm">{text.act.mayNot}</Text>
          )}
        </Stack>
      </Group>
    </Card>
  );
}
