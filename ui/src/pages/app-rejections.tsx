/** Versions of an App that are not taken again, and the way to lift that. */
import { Group, List, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { rejectionsQuery } from '../api/queries.ts';
import { ActionButton } from '../parts/action-button.tsx';
import { When } from '../parts/times.tsx';
import { sayVersion } from '../parts/versions.tsx';
import { useText } from '../text/language.tsx';

export function Rejections({ namespace, app }: { readonly namespace: string; readonly app: string }) {
  const text = useText();
  const rejections = useQuery(rejectionsQuery(namespace, app)).data?.items ?? [];
  if (rejections.length === 0) {
    return null;
  }
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        {text.app.rejections}
      </Title>
      <List size="sm" spacing="xs">
        {rejections.map((one) => (
          <List.Item key={one.name}>
            <Group gap="sm">
              <span>
                <b title={one.digest}>{sayVersion(one)}</b>: <bdi>{one.reason}</bdi> (<bdi>{one.author}</bdi>
                {one.expiresAt !== undefined && (
                  <>
                    , {text.app.expires} <When at={one.expiresAt} />
                  </>
                )}
                )
              </span>
              <ActionButton
                action={{
                  label: text.act.liftRejection,
                  lead: sayVersion(one),
                  path: `rejections/${one.namespace}/${one.name}`,
                  method: 'DELETE',
                }}
              />
            </Group>
          </List.Item>
        ))}
      </List>
    </section>
  );
}
