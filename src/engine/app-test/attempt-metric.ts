/** One question to a Prometheus, judged. */
import type { MetricProbe } from '../../core/app-test/app-test.ts';
import { judgeConditions, judgeLimits, type Measured } from '../../core/app-test/judge-metric.ts';
import { fillTemplate } from '../../core/template.ts';
import type { InstantAnswer, Prometheus, PrometheusPlace, SampleValue } from '../ports/prometheus.ts';
import type { SecretValues } from '../ports/secret-values.ts';
import { notMade } from './attempt-http.ts';
import { type Attempted, ended, type TestAttempt } from './test-runner.ts';

export interface MetricContext {
  readonly prometheus: Prometheus;
  readonly secrets: SecretValues;
}

export async function attemptMetric(
  { prometheus, secrets }: MetricContext,
  { probe, subject }: TestAttempt<MetricProbe>,
  signal: AbortSignal,
): Promise<Attempted> {
  const { rule } = probe;
  const query = fillTemplate(probe.query, quoted(subject.fields));
  try {
    const place = await placeOf(secrets, subject.secretsIn, probe, signal);
    const now = await prometheus.query(place, query, undefined, signal);
    if (rule.kind === 'Conditions') {
      return now.kind === 'Samples' || now.kind === 'Empty'
        ? { kind: 'Ended', outcome: judgeConditions(rule, resultOf(now)) }
        : ended('Error', `the query ${whyNothing(now)}`);
    }
    // Prometheus keeps the past, so that nothing has to be measured before the Update.
    const beforeAt = rule.baseline && new Date(subject.appliedAt.getTime() - rule.baseline.offsetMs);
    const before = beforeAt && (await prometheus.query(place, query, beforeAt, signal));
    return { kind: 'Ended', outcome: judgeLimits(rule, measure(now), before && measure(before)) };
  } catch (error) {
    return notMade(error);
  }
}

async function placeOf(
  secrets: SecretValues,
  namespace: string,
  { prometheus: { url, secret } }: MetricProbe,
  signal: AbortSignal,
): Promise<PrometheusPlace> {
  if (secret === undefined) {
    return { url };
  }
  const entries = await secrets.read(namespace, secret, signal);
  const token = entries.get('token')?.trim();
  const [username, password] = [entries.get('username'), entries.get('password')];
  const caBundle = entries.get('ca.crt');
  const basic =
    username !== undefined && password !== undefined ? ({ kind: 'Basic', username, password } as const) : undefined;
  return { url, caBundle, login: token === undefined ? basic : { kind: 'Bearer', token } };
}

function measure(answer: InstantAnswer): Measured {
  if (answer.kind !== 'Samples') {
    return { kind: 'Nothing', because: whyNothing(answer) };
  }
  const [sample, ...others] = answer.samples;
  if (sample === undefined || others.length > 0) {
    return { kind: 'Nothing', because: `gives ${answer.samples.length} series; add an aggregation such as sum()` };
  }
  return sample.value.kind === 'Number'
    ? sample.value
    : { kind: 'Nothing', because: `gives ${sample.value.kind === 'NotANumber' ? 'NaN' : 'infinity'}` };
}

function whyNothing(answer: Exclude<InstantAnswer, { kind: 'Samples' }>): string {
  switch (answer.kind) {
    case 'Empty':
      return 'gives nothing';
    case 'TooMany':
      return `gives ${answer.count} series or more, and at most ${answer.limit} are read; add an aggregation such as sum()`;
    case 'Refused':
      return `is refused: ${answer.because}`;
  }
}

/** As Argo Rollouts has it: the values of a vector. */
function resultOf(answer: InstantAnswer): readonly number[] {
  return answer.kind === 'Samples' ? answer.samples.map(({ value }) => numberOf(value)) : [];
}

function numberOf(value: SampleValue): number {
  switch (value.kind) {
    case 'Number':
      return value.value;
    case 'NotANumber':
      return Number.NaN;
    case 'Infinite':
      return value.sign * Number.POSITIVE_INFINITY;
  }
}

/** A version must not end the quotes that the query puts around it. */
function quoted(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value.replaceAll(/[\\"'`\n]/g, '_')]));
}
