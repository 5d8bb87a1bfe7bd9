/** Whether an answer is what a test expects. Pure. */
import { showValue } from '../health/objects/fields.ts';
import { findField } from '../object-path.ts';
import { fillTemplate } from '../template.ts';
import type { Outcome } from './app-test.ts';
import type { HttpAnswer, HttpExpectation, TextMatch, ValueMatch } from './http-probe.ts';
import { logDigest } from './log-digest.ts';

export type TemplateFields = Readonly<Record<string, string>>;

/**
 * Fails with every difference, so that a person sees all at once.
 *
 * @param fields what `{{...}}` in expected texts stands for
 */
export function judgeHttp(expected: HttpExpectation, answer: HttpAnswer, fields: TemplateFields): Outcome {
  const problems = [
    ...judgeStatus(expected, answer),
    ...judgeDuration(expected, answer),
    ...judgeHeaders(expected, answer, fields),
    ...judgeBody(expected, answer, fields),
    ...judgeJson(expected, answer, fields),
  ];
  const said = { logDigest: logDigest(answer.body) };
  return problems.length === 0
    ? { kind: 'Pass', message: `answered ${answer.status} in ${Math.round(answer.durationMs)} ms`, ...said }
    : { kind: 'Fail', message: problems.join('; '), ...said };
}

function judgeStatus({ statuses }: HttpExpectation, { status, body }: HttpAnswer): string[] {
  const text = String(status);
  const isExpected = statuses.some((one) => one === text || (one.endsWith('xx') && one[0] === text[0]));
  return isExpected ? [] : [`answered ${status}, not ${statuses.join(' or ')}: ${showText(body)}`];
}

function judgeDuration({ maxDurationMs }: HttpExpectation, { durationMs }: HttpAnswer): string[] {
  return maxDurationMs === undefined || durationMs <= maxDurationMs
    ? []
    : [`took ${Math.round(durationMs)} ms, more than ${maxDurationMs} ms`];
}

function judgeHeaders({ headers }: HttpExpectation, answer: HttpAnswer, fields: TemplateFields): string[] {
  return headers.flatMap(({ name, match }) => {
    const value = answer.headers[name.toLowerCase()];
    if (value === undefined) {
      return [`has no header ${name}`];
    }
    const problem = judgeText(match, value, fields);
    return problem === undefined ? [] : [`header ${name} is ${showText(value)}, ${problem}`];
  });
}

function judgeBody({ body }: HttpExpectation, answer: HttpAnswer, fields: TemplateFields): string[] {
  return body.flatMap((match) => {
    const problem = judgeText(match, answer.body, fields);
    if (problem === undefined) {
      return [];
    }
    return [`body is ${showText(answer.body)}${answer.isCut ? ' and longer than is read' : ''}, ${problem}`];
  });
}

function judgeJson({ json }: HttpExpectation, answer: HttpAnswer, fields: TemplateFields): string[] {
  if (json.length === 0) {
    return [];
  }
  const parsed = parse(answer);
  if (parsed === undefined) {
    return [`body is no JSON object${answer.isCut ? ', or longer than is read' : ''}: ${showText(answer.body)}`];
  }
  return json.flatMap(({ path, text, match }) => {
    const found = findField({ body: parsed.value }, [{ kind: 'Key', key: 'body' }, ...path]);
    if (found.kind !== 'Found') {
      return [`JSON has no ${text}`];
    }
    const problem = judgeValue(match, found.value, fields);
    return problem === undefined ? [] : [`JSON ${text} is ${showValue(found.value)}, ${problem}`];
  });
}

function parse({ body, isCut }: HttpAnswer): { readonly value: unknown } | undefined {
  if (isCut) {
    return undefined;
  }
  try {
    return { value: JSON.parse(body) as unknown };
  } catch {
    return undefined;
  }
}

/** What is wrong; undefined: nothing. */
function judgeText(match: TextMatch, text: string, fields: TemplateFields): string | undefined {
  switch (match.kind) {
    case 'Present':
      return undefined;
    case 'Equals': {
      const wanted = fillTemplate(match.text, fields);
      return text === wanted ? undefined : `not ${showText(wanted)}`;
    }
    case 'Contains': {
      const wanted = fillTemplate(match.text, fields);
      return text.includes(wanted) ? undefined : `without ${showText(wanted)}`;
    }
    case 'Pattern':
      return match.matches(text) ? undefined : `which does not match ${match.pattern}`;
  }
}

function judgeValue(match: ValueMatch, value: unknown, fields: TemplateFields): string | undefined {
  if (match.kind !== 'Between') {
    return judgeText(match, typeof value === 'string' ? value : JSON.stringify(value), fields);
  }
  if (typeof value !== 'number') {
    return 'no number';
  }
  if (match.min !== undefined && value < match.min) {
    return `less than ${match.min}`;
  }
  return match.max !== undefined && value > match.max ? `more than ${match.max}` : undefined;
}

/** As much of a text as a message shows; the rest may be a page of HTML. */
const longestShown = 200;

function showText(text: string): string {
  return JSON.stringify(text.length > longestShown ? `${text.slice(0, longestShown)}…` : text);
}
