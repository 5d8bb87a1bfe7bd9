/** The objects that an App put in place, as a tree: each with its health, what others changed of it, and its pods. */
import { List, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ResourceTree } from '../../../src/server/api/resource-routes.ts';
import { treeQuery } from '../api/queries.ts';
import { HealthBadge, Mark } from '../parts/badges.tsx';
import { Section } from '../parts/facts.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { When } from '../parts/times.tsx';
import { useText } from '../text/language.tsx';
import classes from './app-resources.module.css';

type Item = ResourceTree['items'][number];
type Pod = NonNullable<Item['pods']>[number];

export function Resources({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  const query = useQuery(treeQuery(namespace, name));
  return <QueryState query={query}>{(tree) => <Tree tree={tree} />}</QueryState>;
}

function Tree({ tree: { items, total } }: { readonly tree: ResourceTree }) {
  const text = useText();
  if (items.length === 0) {
    return <Text size="sm">{text.app.noResources}</Text>;
  }
  const drifted = items.filter(({ drift }) => drift !== undefined).length;
  const sick = items.filter(({ health }) => health !== 'Current').length;
  return (
    <Stack>
      <Text size="sm" role="status">
        {text.app.objectsAre(total, sick)}
        {drifted > 0 && ` ${text.app.driftedCount(drifted)}`}
      </Text>
      {[...Map.groupBy(items, ({ kind }) => kind)].map(([kind, ones]) => (
        <Section key={kind} title={kind}>
          <ul className={classes['tree'] ?? ''}>
            {ones.map((one) => (
              <li key={`${one.namespace}/${one.name}`}>
                <ResourceLine item={one} />
              </li>
            ))}
          </ul>
        </Section>
      ))}
      {total > items.length && <Text size="sm">{text.common.count(items.length, total)}</Text>}
    </Stack>
  );
}

function ResourceLine({ item }: { readonly item: Item }) {
  const text = useText();
  const { namespace, name, health, message, drift, replicas, images = [], pods = [] } = item;
  return (
    <>
      <HealthBadge health={health} />{' '}
      <Text span fw={600} size="sm">
        <bdi title={namespace === '' ? name : `${namespace}/${name}`}>{name}</bdi>
      </Text>{' '}
      {replicas && (
        <Text span size="sm">
          {text.app.replicas(replicas.ready, replicas.wanted)}
        </Text>
      )}
      {message !== undefined && (
        <Text size="sm">
          <bdi>{message}</bdi>
        </Text>
      )}
      {drift !== undefined && (
        <div>
          <Mark tone="wait" text={text.app.drift} />{' '}
          <Text span size="sm">
            <bdi>{drift}</bdi>
          </Text>
        </div>
      )}
      {images.length > 0 && (
        <List size="sm" withPadding>
          {images.map(({ container, image }) => (
            <List.Item key={container}>
              {container}: <bdi style={{ overflowWrap: 'anywhere' }}>{image}</bdi>
            </List.Item>
          ))}
        </List>
      )}
      {pods.length > 0 && <Pods of={name} pods={pods} />}
    </>
  );
}

/** Below what made them, where that is something of its own between the workload and them. */
function Pods({ of, pods }: { readonly of: string; readonly pods: readonly Pod[] }) {
  const text = useText();
  const sets = Map.groupBy(pods, ({ owner }) => (owner?.kind === 'ReplicaSet' ? owner.name : ''));
  return (
    <ul className={classes['branch'] ?? ''} aria-label={text.app.podsOf(of)}>
      {[...sets]
        .toSorted(([left], [right]) => left.localeCompare(right))
        .map(([set, ones]) =>
          set === '' ? (
            ones.map((pod) => (
              <li key={pod.name}>
                <PodLine pod={pod} />
              </li>
            ))
          ) : (
            <li key={set}>
              <ReplicaSetLine name={set} pods={ones} />
              <Pods of={set} pods={ones.map(({ owner: _, ...pod }) => pod)} />
            </li>
          ),
        )}
    </ul>
  );
}

function ReplicaSetLine({ name, pods }: { readonly name: string; readonly pods: readonly Pod[] }) {
  const text = useText();
  const ready = pods.filter((pod) => pod.phase === 'Running' && pod.ready === pod.containers).length;
  const images = [...new Set(pods.flatMap((pod) => pod.images))];
  return (
    <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
      ReplicaSet{' '}
      <Text span fw={600} size="sm">
        <bdi>{name}</bdi>
      </Text>{' '}
      <bdi>{images.join(', ')}</bdi>, {text.app.replicas(ready, pods.length)}
    </Text>
  );
}

const toneOfPhase: Readonly<Record<string, 'good' | 'busy' | 'bad' | 'off'>> = {
  Running: 'good',
  Pending: 'busy',
  Succeeded: 'off',
  Failed: 'bad',
};

function PodLine({ pod: { name, phase, ready, containers, restarts, message, startedAt } }: { readonly pod: Pod }) {
  const text = useText();
  const isWell = phase !== 'Running' || ready === containers;
  return (
    <>
      <Mark tone={isWell ? (toneOfPhase[phase] ?? 'off') : 'wait'} text={message === '' ? phase : message} />{' '}
      <Text span size="sm">
        <bdi>{name}</bdi> {text.app.replicas(ready, containers)}
        {restarts > 0 && `, ${text.app.restarts(restarts)}`}
        {startedAt !== '' && (
          <>
            , <When at={startedAt} />
          </>
        )}
      </Text>
    </>
  );
}
