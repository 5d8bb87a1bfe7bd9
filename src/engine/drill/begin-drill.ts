/** The first line of a drill's journal. */
import { type Drill, type DrillRequest, defaultDrillTimeoutMs, drillNamespaceOf } from '../../core/drill/drill.ts';
import { askedBy } from '../../core/drill/due-drill.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { readAppSpec } from '../../resources/app/decode-app.ts';
import { drillOf } from '../../resources/checkpoint/drill-codec.ts';
import { keptCheckpoints } from '../checkpoint/kept-checkpoints.ts';
import type { DrillContext } from './drill-context.ts';

/** Of the newest complete checkpoint; where there is none it has ended at once, and says so. */
export function beginDrill(
  { records, clock }: Pick<DrillContext, 'records' | 'clock'>,
  app: AppObjectWire,
  request: DrillRequest | undefined,
): Drill {
  const { namespace, name } = app.metadata;
  const now = clock.now();
  const spec = readAppSpec(app);
  const settings = spec.kind === 'Valid' ? spec.value.backup?.drill : undefined;
  const timeoutMs = request?.timeoutMs ?? settings?.timeoutMs ?? defaultDrillTimeoutMs;
  const [newest] = keptCheckpoints(records.listUpdates(namespace, name));
  const begun: Drill = {
    step: 'Copy',
    namespace: drillNamespaceOf(app.metadata, now),
    checkpoint: newest?.update,
    ...askedBy(request, drillOf(app)),
    keep: request?.keep ?? false,
    startedAt: now,
    until: new Date(now.getTime() + timeoutMs),
    tests: [],
  };
  const refused = (message: string): Drill => ({
    ...begun,
    step: 'Ended',
    outcome: 'Refused',
    message,
    finishedAt: now,
  });
  if (spec.kind === 'Invalid') {
    return refused(`the App cannot be read: ${spec.message}`);
  }
  return newest === undefined
    ? refused(
        'there is no complete checkpoint of this App: one is made before its next Update, where it has spec.backup',
      )
    : begun;
}
