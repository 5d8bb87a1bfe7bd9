/** The backups of an App, newest first, and the way back to each. */
import { Group, Stack, Text } from '@mantine/core';
import type { App } from '../../../src/server/api/schemas.ts';
import type { Seen } from '../api/queries.ts';
import { ActionButton } from '../parts/action-button.tsx';
import { CheckpointView } from '../parts/checkpoint.tsx';
import { DrillView } from '../parts/drill.tsx';
import { PageLink } from '../parts/page-link.tsx';
import { useText } from '../text/language.tsx';

export function Backups({ app }: { readonly app: Seen<App> }) {
  const text = useText();
  const { namespace, name, checkpoints, drill, mayDo, update } = app;
  const mayRestore = mayDo.includes('rollback') && update?.open !== true;
  if (checkpoints.length === 0) {
    return <Text size="sm">{text.app.noBackups}</Text>;
  }
  return (
    <Stack>
      {drill && <DrillView drill={drill} />}
      <Stack component="ul" m={0} p={0} style={{ listStyle: 'none' }} aria-label={text.app.backups}>
        {checkpoints.map(({ update: before, ...checkpoint }) => (
          <li key={before}>
            <Group justify="space-between" align="flex-start" gap="xs">
              <div>
                <CheckpointView checkpoint={checkpoint} />
                <Text size="sm">
                  {text.app.beforeUpdate}{' '}
                  <PageLink
                    to="/updates/$namespace/$name"
                    params={{ namespace, name: before }}
                    size="sm"
                    underline="always"
                  >
                    {before}
                  </PageLink>
                </Text>
              </div>
              {mayRestore && checkpoint.state === 'Completed' && checkpoint.kind !== 'Objects' && (
                <ActionButton
                  action={{
                    label: text.act.restore,
                    lead: text.act.restoreLead,
                    path: `apps/${namespace}/${name}/restore`,
                    fields: { to: before },
                    isGrave: true,
                  }}
                />
              )}
            </Group>
          </li>
        ))}
      </Stack>
    </Stack>
  );
}
