/** What the viewer may do with an Update that has not ended. */

import { Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { UpdateSummary } from '../../../src/server/api/schemas.ts';
import { appQuery } from '../api/queries.ts';
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
  const { namespace, name, app, phase, open, waiting } = update;
  const path = `updates/${namespace}/${name}`;
  if (!open) {
    return null;
  }
  return (
    <Group gap="xs">
      {mayDo.includes('approve') && asksPeople.has(waiting?.reason ?? '') && (
        <ActionButton action={{ label: act.approve, lead: act.approveLead, path: `${path}/approve` }} />
      )}
      {waiting?.reason === 'RestoreApproval' && mayDo.includes('approve') && mayDo.includes('rollback') && (
        <>
          <ActionButton
            action={{
              label: act.restoreData,
              lead: act.restoreDataLead,
              path: `apps/${namespace}/${app}/restore`,
              isGrave: true,
            }}
          />
          <ActionButton
            action={{
              label: act.keepData,
              lead: act.keepDataLead,
              path: `apps/${namespace}/${app}/restore`,
              fields: { keepData: true },
            }}
          />
        </>
      )}
      {(phase === 'Pending' || waiting?.reason === 'TestInconclusive') && mayDo.includes('reject') && (
        <ActionButton action={{ label: act.reject, lead: act.rejectLead, path: `${path}/reject`, isGrave: true }} />
      )}
    </Group>
  );
}

const isOnItsWay: ReadonlySet<string> = new Set(['BackingUp', 'Applying', 'Watching', 'Testing']);

/** Back to what ran before it, or from something newer to what it brought. */
export function UpdateRollback({ update, mayDo }: UpdateActionsProps) {
  const { act } = useText();
  const { namespace, name, app, phase } = update;
  const last = useQuery(appQuery(namespace, app)).data?.history.find((one) => one.phase === 'Succeeded');
  const path = `apps/${namespace}/${app}/rollback`;
  if (!mayDo.includes('rollback')) {
    return null;
  }
  if (isOnItsWay.has(phase) || last?.name === name) {
    return <ActionButton action={{ label: act.rollBack, lead: act.rollBackLead, path, isGrave: true }} />;
  }
  return phase === 'Succeeded' && last !== undefined ? (
    <ActionButton action={{ label: act.goBackTo, lead: act.goBackToLead, path, fields: { to: name }, isGrave: true }} />
  ) : null;
}

export function UpdateLink({ update: { namespace, name, app, sequence } }: { readonly update: UpdateSummary }) {
  return (
    <PageLink to="/updates/$namespace/$name" params={{ namespace, name }} fw={600}>
      {namespace}/{app} {sequence}
    </PageLink>
  );
}
