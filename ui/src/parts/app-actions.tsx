/** What the viewer may do with an App. */
import { Group } from '@mantine/core';
import type { App } from '../../../src/server/api/schemas.ts';
import type { Seen } from '../api/queries.ts';
import { useText } from '../text/language.tsx';
import { ActionButton } from './action-button.tsx';

export function AppActions({ app }: { readonly app: Seen<App> }) {
  const { act } = useText();
  const { namespace, name, hold, mayDo, update } = app;
  const path = `apps/${namespace}/${name}`;
  const mayHold = mayDo.includes('hold');
  return (
    <Group gap="xs">
      {mayDo.includes('check') && (
        <ActionButton action={{ label: act.checkNow, path: `${path}/check`, asksReason: false }} />
      )}
      {mayDo.includes('deploy') && update?.open && (
        <ActionButton action={{ label: act.updateNow, lead: act.updateNowLead, path: `${path}/update` }} />
      )}
      {mayHold && hold && <ActionButton action={{ label: act.unhold, path: `${path}/unhold` }} />}
      {mayHold && !hold && (
        <ActionButton action={{ label: act.hold, lead: act.holdLead, path: `${path}/hold`, asksFor: true }} />
      )}
      {mayDo.includes('rollback') && (
        <ActionButton
          action={{ label: act.rollBack, lead: act.rollBackLead, path: `${path}/rollback`, isGrave: true }}
        />
      )}
    </Group>
  );
}
