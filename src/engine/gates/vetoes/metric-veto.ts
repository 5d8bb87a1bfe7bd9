/** A veto that a PromQL query says, by the rules of an alerting rule. */
import type { Verdict } from '../../../core/gates/asked-veto.ts';
import { joinSome } from '../../../core/text.ts';
import type { InstantAnswer, Sample } from '../../ports/prometheus.ts';

/**
 * Any number that a vector has is a veto, as it would be an alert; of a scalar 0 is none. A number that is none says nothing, and so
 * do more series than anybody can judge.
 */
export function judgeSamples(answer: InstantAnswer, whenEmpty: 'Go' | 'Wait'): Verdict {
  switch (answer.kind) {
    case 'Empty':
      return whenEmpty === 'Go' ? { kind: 'Go' } : { kind: 'Hold', reason: 'the query gives nothing' };
    case 'TooMany':
      return {
        kind: 'Unknown',
        because: `the query gives ${answer.count} series or more, and ${answer.limit} are judged at most; aggregate it`,
      };
    case 'Refused':
      return { kind: 'Unknown', because: `Prometheus refuses the query: ${answer.because}` };
    case 'Samples':
      return judge(answer.samples);
  }
}

function judge(samples: readonly Sample[]): Verdict {
  const unusable = samples.find(({ value }) => value.kind !== 'Number');
  if (unusable) {
    const what = unusable.value.kind === 'Infinite' ? 'an infinite number' : 'NaN';
    return { kind: 'Unknown', because: `the query gives ${what}${describe(unusable)}` };
  }
  const holding = samples.filter(
    ({ labels, value }) => value.kind === 'Number' && (value.value !== 0 || Object.keys(labels).length > 0),
  );
  return holding.length === 0
    ? { kind: 'Go' }
    : { kind: 'Hold', reason: `the query gives ${joinSome(holding.map(say), ', ')}` };
}

function say(sample: Sample): string {
  const { value } = sample;
  return `${value.kind === 'Number' ? value.value : value.kind}${describe(sample)}`;
}

const mostLabels = 4;
const longestLabel = 64;

function describe({ labels }: Sample): string {
  const shown = Object.entries(labels)
    .slice(0, mostLabels)
    .map(([name, value]) => `${name}="${value.slice(0, longestLabel)}"`);
  return shown.length === 0 ? '' : ` for {${shown.join(', ')}}`;
}
