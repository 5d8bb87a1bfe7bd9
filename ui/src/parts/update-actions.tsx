/** What the viewer may do with an Update that has not ended. */

import { Group } from '@mantine/core';
import type { UpdateSummary } from '../../../src/server/api/schemas.ts';
import { useText } from '../text/language.tsx';
import { ActionButton } from './action-button.tsx';
import { PageLink } from './page-link.tsx';

/** Reasons for which an Update waits until somebody says yes. */
const asksPeople: ReadonlySet<string> = new Set(['ApprovalRequired', 'TooManyRollbacks', 'TestInconclusive']);

interface UpdateActionsProps {
  readonly update: UpdateSummary;
  /** Verbs that they have on it. */
  readonly mayDo: readonly string[];
}

export function UpdateActions({ update, mayDo }: UpdateActionsProps) {
  const { act } = useText();
  const { namespace, name, open, waiting } = update;
  const path = `updates/${namespace}/${name}`;
  if (!open) {
    return null;
  }
  return (
    <Group gap="xs">
      {mayDo.includes('approve') && asksPeople.has(waiting?.reason ?? '') && (
        <ActionButton action={{ label: act.approve, lead: act.approveLead, path: `${path}/approve` }} />
      )}
      {mayDo.includes('reject') && (
        <ActionButton action={{ label: act.reject, lead: act.rejectLead, path: `${path}/reject`, isGrave: true }} />
      )}
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
