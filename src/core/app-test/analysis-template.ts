/** Tests that an AnalysisTemplate of Argo Rollouts describes: one for each of its metrics. What is not understood is refused. */
import { isOperationError } from '../errors.ts';
import { type Fields, fieldAt, textAt } from '../health/objects/fields.ts';
import { fieldsIn, limitAt, millisecondsAt, refusal, refuseFields } from './analysis-fields.ts';
import { fillArguments, probeOfMetric } from './analysis-provider.ts';
import type { RunnableTest, TestPace } from './app-test.ts';

export interface AnalysisRequest {
  /** Name of the test that refers to it. */
  readonly name: string;
  readonly pace: TestPace;
  readonly arguments: Readonly<Record<string, string>>;
}

const mostMetrics = 10;
const longestName = 60;

/** A metric that cannot be run as written is a test that is inconclusive at once and says why; the others run. */
export function testsOfTemplate(template: Fields, request: AnalysisRequest): readonly RunnableTest[] {
  const metrics = fieldsIn(template, 'spec.metrics');
  if (metrics.length === 0 || metrics.length > mostMetrics) {
    const found = `the AnalysisTemplate has ${metrics.length} metrics`;
    return [refuse(request, `${found}; from 1 to ${mostMetrics} are understood`)];
  }
  const more = ['templates', 'dryRun'].find((name) => fieldsIn(template, `spec.${name}`).length > 0);
  if (more !== undefined) {
    return [refuse(request, `spec.${more} of the AnalysisTemplate is not understood`)];
  }
  const values = argumentsOf(template, request);
  if (typeof values === 'string') {
    return [refuse(request, values)];
  }
  return metrics.map((metric, index) => {
    const name = `${request.name}.${nameOf(metric, index)}`;
    try {
      return { name, pace: paceOf(metric, request.pace), probe: probeOfMetric(fillArguments(metric, values)) };
    } catch (error) {
      if (!isOperationError(error)) {
        throw error;
      }
      return refuse({ ...request, name }, error.message);
    }
  });
}

/** A test that only says why it is none. */
export function refuse({ name, pace }: Pick<AnalysisRequest, 'name' | 'pace'>, because: string): RunnableTest {
  return { name, pace: { ...pace, initialDelayMs: 0, inconclusiveLimit: 0 }, probe: { kind: 'Refused', because } };
}

function nameOf(metric: Fields, index: number): string {
  const name = textAt(metric, 'name', String(index)).toLowerCase();
  return name.replaceAll(/[^a-z0-9-]/g, '-').slice(0, longestName);
}

/** @returns a sentence when one is missing */
function argumentsOf(template: Fields, request: AnalysisRequest): Readonly<Record<string, string>> | string {
  const values: Record<string, string> = {};
  for (const argument of fieldsIn(template, 'spec.args')) {
    const name = textAt(argument, 'name', '');
    const given = request.arguments[name] ?? fieldAt(argument, 'value');
    if (typeof given !== 'string') {
      const found = fieldAt(argument, 'valueFrom') === undefined ? 'has no value' : 'comes from elsewhere (valueFrom)';
      return `argument ${name} of the AnalysisTemplate ${found}; give it under arguments`;
    }
    values[name] = given;
  }
  return values;
}

function paceOf(metric: Fields, usual: TestPace): TestPace {
  refuseFields(metric, ['consecutiveSuccessLimit'], 'the metric');
  const interval = millisecondsAt(metric, 'interval');
  const count = limitAt(metric, 'count');
  if (interval !== undefined && count === undefined) {
    throw refusal('it has an interval and no count, so that it would never end; give it a count');
  }
  return {
    timeoutMs: usual.timeoutMs,
    intervalMs: interval ?? usual.intervalMs,
    initialDelayMs: millisecondsAt(metric, 'initialDelay') ?? 0,
    count: Math.max(1, count ?? 1),
    counts: 'All',
    failureLimit: limitAt(metric, 'failureLimit') ?? 0,
    inconclusiveLimit: limitAt(metric, 'inconclusiveLimit') ?? 0,
    late: 'Inconclusive',
  };
}
