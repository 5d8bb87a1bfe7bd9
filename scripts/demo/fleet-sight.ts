/** Says what happens in the clusters of a fleet, as it is seen: sets that are tried, Updates in their phases, what is waited for. */
import { channels, type ProductObject, subscriptions, updates } from '../../src/adapters/cluster/kinds.ts';
import { startInformer } from '../../src/kube/informer.ts';
import type { ResourceType } from '../../src/kube/objects.ts';
import { type ChannelObjectWire, decodeChannel } from '../../src/resources/channel/decode-channel.ts';
import { decodeSubscription } from '../../src/resources/channel/decode-subscription.ts';
import { decodeUpdate } from '../../src/resources/update/decode-update.ts';
import type { Fleet } from './fleet-stage.ts';
import type { Stage } from './stage.ts';

type Say = (text: string) => void;

const longestReason = 110;

/** What a test said may be a whole page of HTML. */
export function shorten(text: string): string {
  return text.length > longestReason ? `${text.slice(0, longestReason)}…` : text;
}

/** Until the signal is aborted; each sentence is said once. */
export function watchFleet({ hub, member }: Pick<Fleet, 'hub' | 'member'>, say: Say, signal: AbortSignal): void {
  watch(hub, channels, trialsOf, { say: (text) => say(`  hub     ${text}`), signal });
  for (const [stage, name] of [
    [hub, 'hub   '],
    [member, 'member'],
  ] as const) {
    watch(stage, updates, phaseOf, { say: (text) => say(`  ${name}  ${text}`), signal });
  }
  watch(member, subscriptions, waitingOf, { say: (text) => say(`  member  ${text}`), signal });
}

interface Telling {
  readonly say: Say;
  readonly signal: AbortSignal;
}

function watch(
  { client }: Stage,
  type: ResourceType,
  sentences: (object: ProductObject) => readonly string[],
  { say, signal }: Telling,
): void {
  const said = new Set<string>();
  startInformer<ProductObject>({
    ...{ client, type, namespace: 'demo', signal },
    onChange: (object) => {
      for (const sentence of sentences(object).filter((one) => !said.has(one))) {
        said.add(sentence);
        say(sentence);
      }
    },
    // Asked again by itself; what is not seen at all ends the story at its deadline.
    onError: () => undefined,
  });
}

function trialsOf(object: ProductObject): readonly string[] {
  const { candidate } = decodeChannel(object, 'Channel').status ?? {};
  return (candidate?.trials ?? []).flatMap((trial, index) =>
    sentencesOf(trial, `set ${candidate?.number}.${index + 1}`),
  );
}

type Trial = NonNullable<NonNullable<ChannelObjectWire['status']>['candidate']>['trials'][number];

function sentencesOf({ purpose, members, result }: Trial, name: string): readonly string[] {
  const what = members.length === 0 ? 'what ran before' : `new ${members.join(', ')}`;
  const begun = purpose === 'Return' ? `${name}: back to what ran before` : `${name}: tries ${what}`;
  return result === undefined
    ? [begun]
    : [begun, `${name}: ${result.kind}${result.kind === 'Passed' ? '' : `, ${shorten(result.message)}`}`];
}

function phaseOf(object: ProductObject): readonly string[] {
  const { metadata, spec, status } = decodeUpdate(object, 'Update');
  const why = status?.phase === 'RollingBack' ? `, ${shorten(status.failure?.message ?? '')}` : '';
  const wanted = ['Succeeded', 'RollingBack', 'RolledBack', 'Failed'].includes(status?.phase ?? '');
  return wanted ? [`${metadata.name} to ${spec.changes[0]?.to.tag}: ${status?.phase}${why}`] : [];
}

function waitingOf(object: ProductObject): readonly string[] {
  const { waiting, release } = decodeSubscription(object, 'Subscription').status ?? {};
  return waiting === undefined ? [] : [`subscription, ${release ?? 'no release yet'}: ${waiting.reason}`];
}
