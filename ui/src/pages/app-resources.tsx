/** The objects an App looks after, by kind, with their health. */
import { List, Stack, Text, Title } from '@mantine/core';
import type { Resource } from '../../../src/server/api/schemas.ts';
import { HealthBadge } from '../parts/badges.tsx';
import { useText } from '../text/language.tsx';

export function Resources({ resources }: { readonly resources: readonly Resource[] }) {
  const text = useText();
  if (resources.length === 0) {
    return <Text>{text.app.noResources}</Text>;
  }
  return (
    <Stack>
      {[...Map.groupBy(resources, ({ kind }) => kind)].map(([kind, ones]) => (
        <section key={kind}>
          <Title order={2} size="h4" mb="xs">
            {kind}
          </Title>
          <Stack gap="xs">
            {ones.map((one) => (
              <ResourceLine key={`${one.namespace}/${one.name}`} resource={one} />
            ))}
          </Stack>
        </section>
      ))}
    </Stack>
  );
}

function ResourceLine({ resource: { name, health, message, replicas, images } }: { readonly resource: Resource }) {
  const text = useText();
  return (
    <div>
      <HealthBadge health={health} />{' '}
      <Text span fw={600} size="sm">
        {name}
      </Text>{' '}
      {replicas && (
        <Text span size="sm">
          {text.app.replicas(replicas.ready, replicas.wanted)}
        </Text>
      )}
      {message !== undefined && <Text size="sm">{message}</Text>}
      <List size="sm" withPadding>
        {images?.map(({ container, image }) => (
          <List.Item key={container}>
            {container}: <bdi style={{ overflowWrap: 'anywhere' }}>{image}</bdi>
          </List.Item>
        ))}
      </List>
    </div>
  );
}
