/** "Not now" for all Apps: who may says so on the Overview, and everybody sees it on every page. */
import { Alert, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { pausedQuery } from '../api/queries.ts';
import { useMayRead } from '../api/session.ts';
import { useText } from '../text/language.tsx';
import { ActionButton } from './action-button.tsx';
import { Until } from './times.tsx';

export function PausedBanner() {
  const { pause } = useText();
  const mayRead = useMayRead() !== undefined;
  const { data } = useQuery({ ...pausedQuery(), enabled: mayRead });
  if (!data || data.paused === 0) {
    return null;
  }
  const { apps, paused, reason = '', until, mayPause } = data;
  return (
    <Alert
      color="yellow"
      variant="outline"
      mb="md"
      title={pause.title(paused, apps)}
      styles={{ title: { color: 'var(--mantine-color-text)' } }}
    >
      <Group justify="space-between" gap="xs">
        <Text size="sm">
          <bdi>{reason}</bdi>
          {until !== undefined && (
            <>
              , <Until at={until} />
            </>
          )}
        </Text>
        {mayPause && <ActionButton action={{ label: pause.resume, lead: pause.resumeLead, path: 'resume' }} />}
      </Group>
    </Alert>
  );
}

export function PauseButton() {
  const { pause } = useText();
  const { data } = useQuery(pausedQuery());
  return data?.mayPause && data.paused < data.apps ? (
    <ActionButton action={{ label: pause.pauseAll, lead: pause.pauseAllLead, path: 'pause', asksFor: true }} />
  ) : null;
}
