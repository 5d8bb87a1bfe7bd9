/** One pass over the restore drills of one App: begin one where it is due, and take it as far as it goes. */
import { type Drill, isUnderWay } from '../core/drill/drill.ts';
import { dueDrill } from '../core/drill/due-drill.ts';
import { advanceDrill } from '../engine/drill/advance-drill.ts';
import { beginDrill } from '../engine/drill/begin-drill.ts';
import type { DrillContext } from '../engine/drill/drill-context.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { parseKey } from '../kube/objects.ts';
import { type AppObjectWire, readAppSpec } from '../resources/decode-app.ts';
import { drillOf, drillRequestOf, statusWithDrill } from '../resources/drill-codec.ts';

export interface DrillControllerContext extends DrillContext {
  /** Throws LEASE_LOST once another replica may be at work. */
  readonly assertLeading: () => void;
  /** Told of each step once it is written down. */
  readonly onDrill: (app: AppObjectWire, drill: Drill) => void;
}

/** Timers of Node end at 24.8 days; a schedule may be a year away. */
const longestRestMs = 24 * 60 * 60_000;

/** @throws errors of the API server; what is wrong with the checkpoint is the drill's outcome instead */
export async function reconcileDrills(
  context: DrillControllerContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { namespace, name } = parseKey(key);
  const watched = context.records.findApp(namespace, name);
  if (!watched || watched.metadata.deletionTimestamp !== undefined) {
    const gone = watched && drillOf(watched);
    if (gone && isUnderWay(gone)) {
      await context.ground.remove(gone.namespace, signal);
    }
    return {};
  }
  const wish = wishOf(context, watched);
  if (!isUnderWay(drillOf(watched)) && wish.kind === 'Later') {
    return restUntil(context, wish.at);
  }
  // What was written a moment ago decides, and not a watched copy: it names the namespace that was made.
  let app = await context.records.readApp(namespace, name, signal);
  while (app) {
    signal.throwIfAborted();
    context.assertLeading();
    const step = await nextStep(context, app, signal);
    if (step.kind === 'Rest') {
      return restUntil(context, step.until);
    }
    app = await context.records.writeAppStatus(app, statusWithDrill(app, step.drill, context.clock.now()), signal);
    context.onDrill(app, step.drill);
  }
  return {};
}

type Step =
  | { readonly kind: 'Write'; readonly drill: Drill }
  | { readonly kind: 'Rest'; readonly until: Date | undefined };

async function nextStep(context: DrillControllerContext, app: AppObjectWire, signal: AbortSignal): Promise<Step> {
  const drill = drillOf(app);
  if (drill && isUnderWay(drill)) {
    const pass = await advanceDrill(context, { app, drill }, signal);
    return pass.kind === 'Noted' ? { kind: 'Write', drill: pass.drill } : { kind: 'Rest', until: pass.until };
  }
  const wish = wishOf(context, app);
  return wish.kind === 'Due'
    ? { kind: 'Write', drill: beginDrill(context, app, wish.request) }
    : { kind: 'Rest', until: wish.at };
}

function wishOf({ clock }: DrillControllerContext, app: AppObjectWire) {
  const spec = readAppSpec(app);
  const { uid, creationTimestamp } = app.metadata;
  return dueDrill(
    {
      settings: spec.kind === 'Valid' ? spec.value.backup?.drill : undefined,
      request: drillRequestOf(app),
      drill: drillOf(app),
      isHeld: spec.kind === 'Valid' && spec.value.suspend,
      since: new Date(creationTimestamp),
      seed: uid,
    },
    clock.now(),
  );
}

function restUntil({ clock }: DrillControllerContext, until: Date | undefined): ReconcileResult {
  return until === undefined
    ? {}
    : { requeueAfterMs: Math.min(longestRestMs, Math.max(0, until.getTime() - clock.now().getTime()) + 1) };
}
