/** What can be done with an App. Whether the viewer may is answered by the server when they try. */
import { Group } from '@mantine/core';
import type { App } from '../../../src/server/api/schemas.ts';
import { useText } from '../text/language.tsx';
import { ActionButton } from './action-button.tsx';

export function AppActions({ app: { namespace, name, hold, available } }: { readonly app: App }) {
  const { act } = useText();
  const path = `apps/${namespace}/${name}`;
  return (
    <Group gap="xs">
      <ActionButton action={{ label: act.checkNow, path: `${path}/check`, asksReason: false }} />
      {available !== '' && <ActionButton action={{ label: act.updateNow, path: `${path}/update` }} />}
      {hold ? (
        <ActionButton action={{ label: act.unhold, path: `${path}/unhold` }} />
      ) : (
        <ActionButton action={{ label: act.hold, lead: act.holdLead, path: `${path}/hold`, asksUntil: true }} />
      )}
      <ActionButton action={{ label: act.rollBack, lead: act.rollBackLead, path: `${path}/rollback`, isGrave: true }} />
    </Group>
  );
}
