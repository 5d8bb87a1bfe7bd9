/** Channels, Releases and Subscriptions in tables, and the word for how each is. */

import type { ChannelView, ReleaseView, SubscriptionView } from '../api/queries.ts';
import { useText } from '../text/language.tsx';
import { Mark } from './badges.tsx';
import { DataTable, NamedInNamespace } from './data-table.tsx';
import { PageLink } from './page-link.tsx';
import { When } from './times.tsx';
import { WaitingLine } from './waiting-line.tsx';

const keyOf = ({ uid }: { readonly uid: string }) => uid;

export function ChannelTable({ channels }: { readonly channels: readonly ChannelView[] }) {
  const text = useText();
  const { fleet, common } = text;
  return (
    <DataTable
      label={fleet.channels}
      rows={channels}
      keyOf={keyOf}
      empty={fleet.noChannels}
      columns={[
        {
          heading: fleet.channel,
          cell: ({ namespace, name }) => (
            <NamedInNamespace
              namespace={namespace}
              name={
                <PageLink to="/channels/$namespace/$name" params={{ namespace, name }} size="sm" fw={600}>
                  {name}
                </PageLink>
              }
            />
          ),
        },
        { heading: common.state, cell: (channel) => <Readiness of={channel} /> },
        { heading: fleet.release, cell: ({ status }) => status?.release ?? '–' },
        { heading: fleet.apps, cell: ({ status }) => status?.apps?.length ?? '–' },
        {
          heading: fleet.published,
          cell: ({ status }) => (status?.published ? <When at={status.published.at} /> : fleet.notYet),
        },
      ]}
    />
  );
}

interface ReleaseTableProps {
  readonly releases: readonly ReleaseView[];
  readonly empty: string;
}

export function ReleaseTable({ releases, empty }: ReleaseTableProps) {
  const { fleet, common } = useText();
  return (
    <DataTable
      label={fleet.releases}
      rows={releases.toSorted((left, right) => right.createdAt.localeCompare(left.createdAt))}
      keyOf={keyOf}
      empty={empty}
      columns={[
        {
          heading: fleet.release,
          cell: ({ namespace, name }) => (
            <NamedInNamespace
              namespace={namespace}
              name={
                <PageLink to="/releases/$namespace/$name" params={{ namespace, name }} size="sm" fw={600}>
                  {name}
                </PageLink>
              }
            />
          ),
        },
        { heading: common.state, cell: (release) => <ReleaseMark release={release} /> },
        { heading: fleet.channel, cell: ({ spec }) => `${spec.channel} ${spec.sequence}` },
        { heading: fleet.newIn, cell: (release) => <ReleaseChanges release={release} /> },
        { heading: fleet.made, cell: ({ spec }) => <When at={spec.createdAt} /> },
      ]}
    />
  );
}

/** What is new in it, a line each; the first few. */
function ReleaseChanges({ release: { spec } }: { readonly release: ReleaseView }) {
  const { fleet } = useText();
  const changes = spec.changes ?? [];
  const shown = 3;
  return (
    <>
      {changes.slice(0, shown).map(({ app, kind, source, from, to }) => (
        <div key={`${app} ${kind} ${source}`}>
          <bdi>{app}</bdi>: {kind === 'Version' ? `${from ?? '–'} → ${to ?? '–'}` : fleet.changeKind[kind]}
        </div>
      ))}
      {changes.length > shown && <div>+ {changes.length - shown}</div>}
      {changes.length === 0 && '–'}
    </>
  );
}

export function ReleaseMark({ release: { status } }: { readonly release: ReleaseView }) {
  const { fleet } = useText();
  if (status?.withdrawn) {
    return <Mark tone="bad" text={fleet.withdrawn} />;
  }
  return status?.published ? <Mark tone="good" text={fleet.isPublished} /> : <Mark tone="wait" text={fleet.notYet} />;
}

export function SubscriptionTable({ subscriptions }: { readonly subscriptions: readonly SubscriptionView[] }) {
  const { fleet, common } = useText();
  return (
    <DataTable
      label={fleet.subscriptions}
      rows={subscriptions}
      keyOf={keyOf}
      empty={fleet.noSubscriptions}
      columns={[
        {
          heading: fleet.subscription,
          cell: ({ namespace, name }) => (
            <NamedInNamespace
              namespace={namespace}
              name={
                <PageLink to="/subscriptions/$namespace/$name" params={{ namespace, name }} size="sm" fw={600}>
                  {name}
                </PageLink>
              }
            />
          ),
        },
        { heading: common.state, cell: (subscription) => <Readiness of={subscription} /> },
        { heading: common.running, cell: ({ status }) => status?.release ?? '–' },
        { heading: common.available, cell: ({ status }) => status?.available ?? '–' },
        { heading: fleet.url, cell: ({ spec }) => <bdi>{spec.url}</bdi> },
      ]}
    />
  );
}

interface Conditioned {
  readonly spec: { readonly suspend?: boolean };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
    readonly waiting?: { readonly reason: string; readonly message: string; readonly until?: string };
  };
}

/** Whether it is as it should be, and what it waits for. */
export function Readiness({ of: object }: { readonly of: Conditioned }) {
  const { fleet } = useText();
  const state = readinessOf(object);
  const ready = object.status?.conditions?.find(({ type }) => type === 'Ready');
  const why = object.status?.waiting ?? (state === 'ready' ? undefined : toWaiting(ready?.message));
  return (
    <>
      <Mark tone={toneOfReadiness[state]} text={fleet[state]} />
      {why && (
        <div>
          <WaitingLine waiting={why} />
        </div>
      )}
    </>
  );
}

const toneOfReadiness = { suspended: 'off', ready: 'good', stalled: 'bad', unknown: 'off', notReady: 'wait' } as const;

function readinessOf({ spec, status }: Conditioned): keyof typeof toneOfReadiness {
  const isTrue = (type: string) => status?.conditions?.find((one) => one.type === type)?.status === 'True';
  if (spec.suspend === true) {
    return 'suspended';
  }
  if (isTrue('Ready')) {
    return 'ready';
  }
  if (isTrue('Stalled')) {
    return 'stalled';
  }
  return status?.conditions === undefined ? 'unknown' : 'notReady';
}

function toWaiting(message: string | undefined) {
  return message === undefined || message === '' ? undefined : { reason: 'Ready', message };
}
