/** What can be done with an Update that has not ended. */

import { Group } from '@mantine/core';
import type { UpdateSummary } from '../../../src/server/api/schemas.ts';
import { useText } from '../text/language.tsx';
import { ActionButton } from './action-button.tsx';
import { PageLink } from './page-link.tsx';

export function UpdateActions({ update }: { readonly update: UpdateSummary }) {
  const { act } = useText();
  const { namespace, name, open, waiting } = update;
  const path = `updates/${namespace}/${name}`;
  if (!open) {
    return null;
  }
  return (
    <Group gap="xs">
      {waiting?.reason === 'ApprovalRequired' && (
        <ActionButton action={{ label: act.approve, lead: act.approveLead, path: `${path}/approve` }} />
      )}
      <ActionButton action={{ label: act.reject, lead: act.rejectLead, path: `${path}/reject`, isGrave: true }} />
    </Group>
  );
}

export function UpdateLink({ update: { namespace, name, app, sequence } }: { readonly update: UpdateSummary }) {
  return (
    <PageLink to="/updates/$namespace/$name" params={{ namespace, name }} fw={600}>
      {namespace}/{app} {sequence}
    </PageLink>
  );
}
