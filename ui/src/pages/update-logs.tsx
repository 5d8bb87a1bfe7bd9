/** The pods of an Update, of its workloads and of its Jobs, and what they write as they write it. */
import { Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Update } from '../../../src/server/api/schemas.ts';
import { type PodOfUpdate, podsQuery } from '../api/queries.ts';
import { LogView } from '../parts/log-view.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { useText } from '../text/language.tsx';

export function UpdateLogs({ update }: { readonly update: Update }) {
  const { logs } = useText();
  const [asked, setAsked] = useState(false);
  return asked ? (
    <Pods update={update} />
  ) : (
    <Button variant="default" size="xs" onClick={() => setAsked(true)}>
      {logs.show}
    </Button>
  );
}

function Pods({ update: { namespace, name, open } }: { readonly update: Update }) {
  const { logs } = useText();
  const query = useQuery(podsQuery(namespace, name, open));
  return (
    <QueryState query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <Text size="sm">{logs.none}</Text>
        ) : (
          <PodLogs path={`updates/${namespace}/${name}/pods`} pods={items} />
        )
      }
    </QueryState>
  );
}

function PodLogs({ path, pods }: { readonly path: string; readonly pods: readonly PodOfUpdate[] }) {
  const { logs } = useText();
  const choices = pods.flatMap((pod) => pod.containers.map((container) => ({ pod, container: container.name })));
  const [chosen, setChosen] = useState('');
  const keyOf = ({ pod, container }: (typeof choices)[number]) => `${pod.name}/${container}`;
  const choice = choices.find((one) => keyOf(one) === chosen) ?? choices[0];
  if (choice === undefined) {
    return null;
  }
  const { pod, container } = choice;
  return (
    <Stack gap="xs">
      <Group gap="md" align="flex-end">
        <NativeSelect
          label={logs.container}
          value={keyOf(choice)}
          onChange={({ currentTarget }) => setChosen(currentTarget.value)}
          data={choices.map((one) => ({ value: keyOf(one), label: `${one.pod.part}: ${keyOf(one)}` }))}
        />
        <Text size="sm">
          {logs.podIs(pod.phase, pod.restarts)}
          {pod.message !== '' && `, ${pod.message}`}
        </Text>
      </Group>
      <LogView path={`${path}/${pod.name}/log`} container={container} label={logs.label(`${pod.name}/${container}`)} />
    </Stack>
  );
}
