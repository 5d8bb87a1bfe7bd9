/** Tests other than requests to the App: wire form -> what the product works with. */
import type { Allowance, AnalysisReference, AppTest, MetricLimits } from '../../core/app-test/app-test.ts';
import { isTestField, knownTestFields } from '../../core/app-test/test-fields.ts';
import { parseDuration } from '../../core/duration.ts';
import { checkTemplate } from '../../core/template.ts';
import { invalidObject } from '../decode.ts';
import type { AnalysisTestWire, JobTestWire, MetricTestWire, WebhookTestWire } from './app-test-kinds.ts';
import type { AppTestWire } from './app-tests.ts';
import { decodeHttpProbe } from './decode-http-probe.ts';

/** @throws OBJECT_INVALID naming each wrong field, value and remedy */
export function decodeProbe(test: AppTestWire, field: string): AppTest['probe'] {
  const { http, job, helm, webhook, metric, analysis } = test;
  const given = [http, job, helm, webhook, metric, analysis].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw invalidObject(field, ['exactly one of http, job, helm, webhook, metric and analysis must be set']);
  }
  if (http) {
    return decodeHttpProbe(http, `${field}.http`);
  }
  if (job) {
    return decodeJob(job, `${field}.job`);
  }
  if (webhook) {
    return decodeWebhook(webhook, `${field}.webhook`);
  }
  if (metric) {
    return decodeMetric(metric, `${field}.metric`);
  }
  return analysis
    ? decodeAnalysis(analysis, `${field}.analysis`)
    : { kind: 'Helm', timeoutMs: parseDuration(helm?.timeout ?? '5m', `${field}.helm.timeout`) };
}

function decodeJob(job: JobTestWire, field: string): AppTest['probe'] {
  const spec = job.template['spec'];
  if (typeof spec !== 'object' || spec === null) {
    throw invalidObject(`${field}.template`, ['has no spec; write it as jobTemplate of a CronJob']);
  }
  return {
    kind: 'Job',
    template: job.template,
    timeoutMs: parseDuration(job.timeout ?? '5m', `${field}.timeout`),
    serviceAccount: job.serviceAccountName,
    inconclusiveExitCode: job.inconclusiveExitCode,
  };
}

const minPollMs = 1_000;

function decodeWebhook({ url, secretRef, poll }: WebhookTestWire, field: string): AppTest['probe'] {
  const everyMs = parseDuration(poll?.every ?? '30s', `${field}.poll.every`);
  if (everyMs < minPollMs) {
    throw invalidObject(`${field}.poll.every`, [`"${poll?.every}" is below 1s; use 1s or more`]);
  }
  const known = { isKnown: (name: string) => isTestField(name) || name === 'id', known: [...knownTestFields, 'id'] };
  if (poll) {
    checkTemplate(poll.url, `${field}.poll.url`, known);
  }
  return {
    kind: 'Webhook',
    url: template(url, `${field}.url`),
    secret: secretRef.name,
    poll: poll && { url: poll.url, everyMs },
  };
}

function decodeMetric(metric: MetricTestWire, field: string): AppTest['probe'] {
  const { url, secretRef, query, min, max, baseline } = metric;
  if (min === undefined && max === undefined && baseline === undefined) {
    throw invalidObject(field, ['one of min, max and baseline must be set, or nothing is asked of the value']);
  }
  if (min !== undefined && max !== undefined && min > max) {
    throw invalidObject(field, [`no value is both at least ${min} and at most ${max}`]);
  }
  return {
    kind: 'Metric',
    prometheus: { url, secret: secretRef?.name },
    query: template(query, `${field}.query`),
    rule: { kind: 'Limits', min, max, baseline: baseline && decodeBaseline(baseline, `${field}.baseline`) },
  };
}

function decodeBaseline(
  { offset, maxIncrease, maxDecrease }: NonNullable<MetricTestWire['baseline']>,
  field: string,
): MetricLimits['baseline'] {
  if (maxIncrease === undefined && maxDecrease === undefined) {
    throw invalidObject(field, ['one of maxIncrease and maxDecrease must be set']);
  }
  return {
    offsetMs: parseDuration(offset ?? '0s', `${field}.offset`),
    maxIncrease: maxIncrease === undefined ? undefined : decodeAmount(maxIncrease),
    maxDecrease: maxDecrease === undefined ? undefined : decodeAmount(maxDecrease),
  };
}

/** The schema knows the form. */
function decodeAmount(text: string): Allowance {
  return text.endsWith('%')
    ? { kind: 'Percent', percent: Number(text.slice(0, -1)) }
    : { kind: 'Absolute', value: Number(text) };
}

function decodeAnalysis(analysis: AnalysisTestWire, field: string): AnalysisReference {
  return {
    kind: 'Analysis',
    template: analysis.templateName,
    clusterScope: analysis.clusterScope ?? false,
    arguments: (analysis.arguments ?? []).map(({ name, value }, index) => ({
      name,
      value: template(value, `${field}.arguments[${index}].value`),
    })),
  };
}

function template(text: string, field: string): string {
  checkTemplate(text, field, { isKnown: isTestField, known: knownTestFields });
  return text;
}
