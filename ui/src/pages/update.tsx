/** One Update, the unit no other tool shows: every step with its time, why it waits, what it sets and what going back would set. */

import { Alert, Anchor, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { Update } from '../../../src/server/api/schemas.ts';
import { updateQuery } from '../api/queries.ts';
import { ActionList } from '../parts/action-list.tsx';
import { PhaseBadge } from '../parts/badges.tsx';
import { CheckpointView } from '../parts/checkpoint.tsx';
import { Fact, Facts, Section } from '../parts/facts.tsx';
import { PageLink } from '../parts/page-link.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { PlanView } from '../parts/plan-view.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { Timeline } from '../parts/timeline.tsx';
import { sayDuration, When } from '../parts/times.tsx';
import { UpdateActions, UpdateRollback } from '../parts/update-actions.tsx';
import { ChangeLines } from '../parts/versions.tsx';
import { WaitingLine } from '../parts/waiting-line.tsx';
import { YamlView } from '../parts/yaml-view.tsx';
import { useText } from '../text/language.tsx';
import { UpdateChanges } from './update-changes.tsx';
import { RestoredData, TestList } from './update-evidence.tsx';
import { UpdateLogs } from './update-logs.tsx';

export function UpdatePage() {
  const text = useText();
  const { namespace, name } = useParams({ from: '/updates/$namespace/$name' });
  const query = useQuery(updateQuery(namespace, name));
  const update = query.data;
  return (
    <>
      <PageTitle
        title={update ? `${update.app}: ${text.update.title(update.sequence)}` : name}
        lead={
          <>
            {namespace}
            {update && (
              <>
                {' · '}
                <PageLink
                  to="/apps/$namespace/$name"
                  params={{ namespace, name: update.app }}
                  size="sm"
                  underline="always"
                >
                  {text.common.app} {update.app}
                </PageLink>
              </>
            )}
          </>
        }
        actions={
          update && (
            <Group gap="xs">
              <UpdateActions update={update} mayDo={update.mayDo} />
              <UpdateRollback update={update} mayDo={update.mayDo} />
            </Group>
          )
        }
      />
      <QueryState query={query}>{(data) => <UpdateDetails update={data} />}</QueryState>
    </>
  );
}

function UpdateDetails({ update }: { readonly update: Update }) {
  const text = useText();
  return (
    <Stack gap="lg">
      <Group gap="md" role="status">
        <PhaseBadge phase={update.phase} />
        <WaitingLine waiting={update.open ? update.waiting : undefined} />
      </Group>
      <UpdateFacts update={update} />
      {update.failure && (
        <Alert color="red" variant="outline" title={`${text.update.failure}: ${update.failure.reason}`}>
          <bdi>{update.failure.message}</bdi>
          <Text size="sm" mt="xs">
            {update.failure.blamesVersion ? text.update.blames : text.update.noBlame}
          </Text>
        </Alert>
      )}
      <Section title={text.update.timeline}>
        <Timeline steps={update.steps} />
      </Section>
      <Section title={text.logs.title}>
        <UpdateLogs update={update} />
      </Section>
      {update.plan && ('manifests' in update.plan || 'helm' in update.plan) && (
        <Section title={text.changes.title}>
          <UpdateChanges update={update} />
        </Section>
      )}
      {update.checkpoint && (
        <Section title={text.update.checkpoint}>
          <CheckpointView checkpoint={update.checkpoint} />
          {update.dataRestore && <RestoredData data={update.dataRestore} />}
        </Section>
      )}
      {update.tests.length > 0 && (
        <Section title={text.update.tests}>
          <TestList tests={update.tests} />
        </Section>
      )}
      {update.actions.length > 0 && (
        <Section title={text.update.actions}>
          <ActionList actions={update.actions} />
        </Section>
      )}
      {update.plan && (
        <Section title={text.update.plan}>
          <PlanView plan={{ ...update.plan }} />
        </Section>
      )}
      <Section title={text.update.record}>
        <details>
          <summary>{text.common.details}</summary>
          <YamlView value={update} label={text.update.record} />
        </details>
      </Section>
    </Stack>
  );
}

function UpdateFacts({ update }: { readonly update: Update }) {
  const text = useText();
  const { changes, trigger, startedAt, createdAt, finishedAt, tookMs, approvals, releaseNotes } = update;
  return (
    <Facts>
      <Fact name={text.update.changes}>
        <ChangeLines changes={changes} />
      </Fact>
      <Fact name={text.update.trigger}>
        <bdi>{trigger.by}</bdi>: <bdi>{trigger.reason}</bdi>
      </Fact>
      <Fact name={text.update.began}>
        <When at={startedAt ?? createdAt} />
      </Fact>
      <Fact name={text.update.ended}>
        {finishedAt === undefined ? (
          text.update.running
        ) : (
          <>
            <When at={finishedAt} /> {tookMs !== undefined && `(${sayDuration(tookMs)})`}
          </>
        )}
      </Fact>
      {releaseNotes !== undefined && (
        <Fact name={text.update.releaseNotes}>
          <NotesLink notes={releaseNotes} />
        </Fact>
      )}
      {approvals.length > 0 && (
        <Fact name={text.update.approvals}>
          {approvals.map(({ by, at }) => (
            <div key={by}>
              <bdi>{by}</bdi>, <When at={at} />
            </div>
          ))}
        </Fact>
      )}
    </Facts>
  );
}

/** Whoever writes an App may write anything: only what leads to a page is a link. */
function NotesLink({ notes }: { readonly notes: string }) {
  return /^https?:\/\//.test(notes) ? (
    <Anchor href={notes} size="sm" rel="noreferrer noopener" target="_blank" underline="always">
      <bdi>{notes}</bdi>
    </Anchor>
  ) : (
    <bdi>{notes}</bdi>
  );
}
