/** What a metric of an AnalysisTemplate measures and how it is judged. */
import { parseExpression } from '../expression/parse.ts';
import { type FieldPath, parseFieldPath } from '../field-path.ts';
import { type Fields, fieldAt, isFields, textAt } from '../health/objects/fields.ts';
import { fieldsIn, refusal, refuseFields } from './analysis-fields.ts';
import type { Conditions, Probe } from './app-test.ts';

const jobTimeoutMs = 3_600_000;
const usualTimeoutMs = 10_000;
const longestTimeoutSeconds = 60;

/** @throws OBJECT_INVALID naming what is not understood */
export function probeOfMetric(metric: Fields): Probe {
  const provider = fieldAt(metric, 'provider');
  const [kind, ...others] = isFields(provider) ? Object.keys(provider) : [];
  if (kind === undefined || others.length > 0) {
    throw refusal('it has no provider, or several');
  }
  const settings = fieldAt(metric, `provider.${kind}`);
  const fields = isFields(settings) ? settings : {};
  const conditions = conditionsOf(metric);
  switch (kind) {
    case 'prometheus':
      return prometheusOf(fields, conditions);
    case 'web':
      return webOf(fields, conditions);
    case 'job': {
      const rest = { timeoutMs: jobTimeoutMs, serviceAccount: undefined, inconclusiveExitCode: undefined };
      return { kind: 'Job', template: fields, ...rest };
    }
    default:
      throw refusal(`its provider is ${kind}; prometheus, web and job are understood`);
  }
}

/** `{{args.name}}` in all texts. @throws OBJECT_INVALID for one that is no argument */
export function fillArguments(metric: Fields, values: Readonly<Record<string, string>>): Fields {
  return Object.fromEntries(Object.entries(metric).map(([key, value]) => [key, fillValue(value, values)]));
}

function fillValue(value: unknown, values: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(/\{\{\s*([^{}]*?)\s*\}\}/g, (_, name: string) => {
      const key = name.replace(/^args\./, '');
      if (!name.startsWith('args.') || !Object.hasOwn(values, key)) {
        throw refusal(`"{{${name}}}" is no argument of the AnalysisTemplate`);
      }
      return values[key] ?? '';
    });
  }
  if (Array.isArray(value)) {
    return value.map((one) => fillValue(one, values));
  }
  return isFields(value) ? fillArguments(value, values) : value;
}

function prometheusOf(fields: Fields, rule: Conditions): Probe {
  refuseFields(fields, ['authentication', 'insecure', 'headers', 'rangeQuery', 'timeout'], 'provider.prometheus');
  const url = textAt(fields, 'address', '');
  if (url === '') {
    throw refusal('provider.prometheus has no address');
  }
  return { kind: 'Metric', prometheus: { url, secret: undefined }, query: textAt(fields, 'query', '').trim(), rule };
}

function webOf(fields: Fields, conditions: Conditions): Probe {
  refuseFields(fields, ['authentication', 'insecure'], 'provider.web');
  const json = fieldAt(fields, 'jsonBody');
  const body = json === undefined ? fieldAt(fields, 'body') : JSON.stringify(json);
  const method = textAt(fields, 'method', 'GET');
  if (method !== 'GET' && method !== 'POST' && method !== 'PUT') {
    throw refusal(`provider.web.method is "${method}"; GET, POST and PUT are understood`);
  }
  const seconds = fieldAt(fields, 'timeoutSeconds');
  const headers = fieldsIn(fields, 'headers');
  return {
    ...{ kind: 'Web', url: textAt(fields, 'url', ''), method, conditions },
    headers: headers.map((one) => ({ name: textAt(one, 'key', ''), value: textAt(one, 'value', '') })),
    body: typeof body === 'string' ? body : undefined,
    timeoutMs:
      typeof seconds === 'number' ? Math.min(Math.max(seconds, 1), longestTimeoutSeconds) * 1_000 : usualTimeoutMs,
    path: pathOf(textAt(fields, 'jsonPath', '')),
  };
}

/** `{$.data.ok}`: keys and indices, no wildcards and filters. */
function pathOf(jsonPath: string): FieldPath | undefined {
  const braces = /^\{\s*|\s*\}$/g;
  const inner = jsonPath.trim().replaceAll(braces, '').replace(/^\$/, '').replace(/^\./, '');
  if (inner === '') {
    return undefined;
  }
  const parsed = parseFieldPath(inner);
  if (parsed.kind === 'Invalid') {
    throw refusal(`provider.web.jsonPath is "${jsonPath}"; keys and indices such as {$.data[0].ok} are understood`);
  }
  return parsed.path;
}

function conditionsOf(metric: Fields): Conditions {
  const read = (name: string) => {
    const text = textAt(metric, name, '').trim();
    return text === '' ? undefined : parseExpression(text, name);
  };
  return { kind: 'Conditions', success: read('successCondition'), failure: read('failureCondition') };
}
