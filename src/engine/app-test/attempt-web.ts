/** A value of the JSON at a URL, judged by conditions: provider `web` of Argo Rollouts. */
import type { WebProbe } from '../../core/app-test/app-test.ts';
import { judgeConditions } from '../../core/app-test/judge-metric.ts';
import { findField } from '../../core/object-path.ts';
import type { Outbound } from '../ports/outbound.ts';
import { notMade } from './attempt-http.ts';
import { type Attempted, ended, type TestAttempt } from './test-runner.ts';

export async function attemptWeb(
  outbound: Outbound,
  { probe, test }: TestAttempt<WebProbe>,
  signal: AbortSignal,
): Promise<Attempted> {
  try {
    const answer = await outbound.send(
      {
        what: `ask the address of test ${test.name}`,
        ...{ method: probe.method, url: probe.url, timeoutMs: probe.timeoutMs },
        headers: Object.fromEntries(probe.headers.map(({ name, value }) => [name.toLowerCase(), value])),
        ...(probe.body === undefined ? {} : { body: probe.body }),
      },
      signal,
    );
    if (answer.status < 200 || answer.status > 299) {
      return ended('Error', `the address answers ${answer.status}`);
    }
    const value = valueIn(answer.body, probe);
    return value === undefined
      ? ended('Error', 'the answer is no JSON, or has nothing at jsonPath')
      : { kind: 'Ended', outcome: judgeConditions(probe.conditions, value.value) };
  } catch (error) {
    return notMade(error);
  }
}

function valueIn(body: string, { path }: WebProbe): { readonly value: unknown } | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (path === undefined) {
      return { value: parsed };
    }
    const found = findField({ body: parsed }, [{ kind: 'Key', key: 'body' }, ...path]);
    return found.kind === 'Found' ? { value: found.value } : undefined;
  } catch {
    return undefined;
  }
}
