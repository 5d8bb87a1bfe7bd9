/** Who has said yes to the set that a Channel tries, and the button for whoever may say so. */
import { Group, Stack, Text } from '@mantine/core';
import type { ChannelView } from '../api/queries.ts';
import { useMayRead } from '../api/session.ts';
import { useText } from '../text/language.tsx';
import { ActionButton } from './action-button.tsx';
import type { Candidate } from './candidates.tsx';
import { When } from './times.tsx';

interface CandidateApprovalsProps {
  readonly channel: ChannelView;
  readonly candidate: Candidate;
}

export function CandidateApprovals({ channel, candidate: { approvals = [] } }: CandidateApprovalsProps) {
  const { act, fleet } = useText();
  const viewer = useMayRead();
  const { namespace, name, spec, mayDo = [] } = channel;
  const required = spec.gates?.approvals?.required ?? 0;
  if (required === 0 && approvals.length === 0) {
    return null;
  }
  const hasApproved = approvals.some(({ by }) => by === viewer);
  const approve = { label: act.approve, lead: fleet.approveLead, path: `channels/${namespace}/${name}/approve` };
  return (
    <Stack gap={4} mt="xs">
      <Group gap="md">
        <Text size="sm">{fleet.approvals(approvals.length, required)}</Text>
        {hasApproved && <Text size="sm">{act.approved}</Text>}
        {!hasApproved && required > 0 && mayDo.includes('approve') && <ActionButton action={approve} />}
      </Group>
      {approvals.map(({ by, at }) => (
        <Text size="sm" key={by}>
          <bdi>{by}</bdi>, <When at={at} />
        </Text>
      ))}
    </Stack>
  );
}
