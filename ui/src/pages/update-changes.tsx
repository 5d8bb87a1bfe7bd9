/** What an Update changes, file by file: what became of each, each of its objects, and each of their fields. */
import { Button, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ChangesView } from '../../../src/server/api/resource-routes.ts';
import type { Update } from '../../../src/server/api/schemas.ts';
import { changesQuery } from '../api/queries.ts';
import { Mark } from '../parts/badges.tsx';
import { DiffLines } from '../parts/diff-lines.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { useText } from '../text/language.tsx';

type Changed = ChangesView['objects'][number];

export function UpdateChanges({ update }: { readonly update: Update }) {
  const { changes } = useText();
  const [asked, setAsked] = useState(false);
  return asked ? (
    <AllChanges update={update} />
  ) : (
    <Button variant="default" size="xs" onClick={() => setAsked(true)}>
      {changes.show}
    </Button>
  );
}

function AllChanges({ update: { namespace, name } }: { readonly update: Update }) {
  const { changes } = useText();
  const query = useQuery(changesQuery(namespace, name));
  return (
    <QueryState query={query}>
      {({ kept, objects, values }) =>
        kept ? (
          <Stack gap="sm">
            <Text size="sm">{changes.count(countOf(objects))}</Text>
            <Files objects={objects} />
            {values !== undefined && (
              <details>
                <summary>{changes.values(values.length)}</summary>
                <DiffLines lines={values} label={changes.values(values.length)} />
              </details>
            )}
          </Stack>
        ) : (
          <Text size="sm">{changes.notKept}</Text>
        )
      }
    </QueryState>
  );
}

function countOf(objects: readonly Changed[]) {
  const count = (kind: Changed['change']) => objects.filter(({ change }) => change === kind).length;
  return {
    made: count('Created'),
    changed: count('Configured'),
    pruned: count('Pruned'),
    same: count('Unchanged'),
  };
}

/** As kube-applier shows a run: each file with its result and output. Objects without a file stand together. */
function Files({ objects }: { readonly objects: readonly Changed[] }) {
  const { changes } = useText();
  const files = [...Map.groupBy(objects, ({ file }) => file ?? '')].toSorted(([left], [right]) =>
    left.localeCompare(right),
  );
  return (
    <Stack component="ul" gap="xs" m={0} p={0} style={{ listStyle: 'none' }} aria-label={changes.files}>
      {files.map(([file, ones]) => (
        <li key={file}>
          <File file={file} objects={ones} />
        </li>
      ))}
    </Stack>
  );
}

function File({ file, objects }: { readonly file: string; readonly objects: readonly Changed[] }) {
  const { changes } = useText();
  const isTouched = objects.some(({ change }) => change !== 'Unchanged');
  const failed = objects.filter(({ done }) => done === false);
  const tone = failed.length > 0 ? 'bad' : isTouched ? 'good' : 'off';
  const result = failed.length > 0 ? changes.notDone(failed.length) : isTouched ? changes.applied : changes.asBefore;
  return (
    <details open={objects.length < mostOpen && (isTouched || failed.length > 0)}>
      <summary>
        <Mark
          tone={tone}
          text={
            file !== '' ? file : objects.every(({ change }) => change === 'Pruned') ? changes.leftFiles : changes.noFile
          }
        />{' '}
        <Text span size="sm">
          {result}
        </Text>
      </summary>
      <Stack gap={4} pl="md" component="ul" m={0} style={{ listStyle: 'none' }}>
        {objects.map((object) => (
          <li key={`${object.kind} ${object.namespace} ${object.name}`}>
            <Text size="sm">
              {object.kind}{' '}
              <bdi>
                {object.namespace === '' ? '' : `${object.namespace}/`}
                {object.name}
              </bdi>{' '}
              {changes.change[object.change]}
              {object.done === false && `, ${changes.notYet}`}
            </Text>
            {object.lines.length > 0 && (
              <DiffLines lines={object.lines} label={changes.fieldsOf(`${object.kind} ${object.name}`)} />
            )}
          </li>
        ))}
      </Stack>
    </details>
  );
}

const mostOpen = 20;
