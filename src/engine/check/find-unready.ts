/** Apps that have to be ready before another one may move. */
import { joinSome } from '../../core/text.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { Records } from '../ports/records.ts';

/**
 * What is said of the Apps in `spec.dependsOn` that are not ready; undefined when all are.
 *
 * Ready is the condition of that name, for the present spec: kstatus' meaning.
 */
export function findUnready(records: Pick<Records, 'findApp'>, app: AppObjectWire): string | undefined {
  const { namespace } = app.metadata;
  const unready = (app.spec.dependsOn ?? []).flatMap((name) => {
    const other = records.findApp(namespace, name);
    return other !== undefined && isReady(other)
      ? []
      : [`App ${name} ${other === undefined ? 'is not there' : sayWhy(other)}`];
  });
  return unready.length === 0 ? undefined : `waits for others: ${joinSome(unready, '; ')}`;
}

export function isReady({ metadata, status }: AppObjectWire): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && status?.observedGeneration === metadata.generation;
}

function sayWhy({ status }: AppObjectWire): string {
  return `is not ready (${status?.waiting?.reason ?? 'not looked at yet'})`;
}
