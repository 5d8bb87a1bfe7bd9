/** One pass over the restore drills of one App: begin one where it is due, and take it as far as it goes. */
import { type Drill, expiryOf, isUnderWay } from '../core/drill/drill.ts';
import { dueDrill } from '../core/drill/due-drill.ts';
import { advanceDrill } from '../engine/drill/advance-drill.ts';
import { beginDrill } from '../engine/drill/begin-drill.ts';
import type { DrillContext } from '../engine/drill/drill-context.ts';
import { sweepGrounds } from '../engine/drill/sweep-grounds.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { parseKey } from '../kube/objects.ts';
import { type AppObjectWire, readAppSpec } from '../resources/app/decode-app.ts';
import { drillOf, drillRequestOf, statusWithDrill } from '../resources/checkpoint/drill-codec.ts';

export interface DrillControllerContext extends DrillContext {
  /** Those that are looked after; empty: all. */
  readonly namespaces: readonly string[];
  /** Throws LEASE_LOST once another replica may be at work. */
  readonly assertLeading: () => void;
  /** Told of each step once it is written down. */
  readonly onDrill: (app: AppObjectWire, drill: Drill) => void;
}

/** In place of an App: what is left of drills of any of them is looked for, once after a start. */
export const sweepKey = '/what-is-left';

/** Timers of Node end at 24.8 days; a schedule may be a year away. */
const longestRestMs = 24 * 60 * 60_000;

/** @throws errors of the API server; what is wrong with the checkpoint is the drill's outcome instead */
export async function reconcileDrills(
  context: DrillControllerContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  if (key === sweepKey) {
    const { namespaces } = context;
    await sweepGrounds(context, (app) => namespaces.length === 0 || namespaces.includes(app.namespace), signal);
    return {};
  }
  const { namespace, name } = parseKey(key);
  const watched = context.records.findApp(namespace, name);
  if (!watched || watched.metadata.deletionTimestamp !== undefined) {
    await sweepGrounds(context, (app) => app.namespace === namespace && app.name === name, signal);
    return {};
  }
  const before = drillOf(watched);
  const wish = wishOf(context, watched);
  if (!isUnderWay(before) && wish.kind === 'Later' && !hasExpired(context, before)) {
    return restUntil(context, sooner(wish.at, keptUntil(before)));
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
    const isNews = drillOf(app)?.step !== step.drill.step || step.drill.step === 'Copy';
    app = await context.records.writeAppStatus(app, statusWithDrill(app, step.drill, context.clock.now()), signal);
    if (isNews) {
      context.onDrill(app, step.drill);
    }
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
  if (drill && hasExpired(context, drill)) {
    await context.ground.remove(drill.namespace, signal);
    return { kind: 'Write', drill: { ...drill, keep: false } };
  }
  const wish = wishOf(context, app);
  if (wish.kind === 'Later') {
    return { kind: 'Rest', until: sooner(wish.at, keptUntil(drill)) };
  }
  if (drill && keptUntil(drill) !== undefined) {
    await context.ground.remove(drill.namespace, signal);
  }
  return { kind: 'Write', drill: beginDrill(context, app, wish.request) };
}

/** Of a namespace that stands there for people to look at; undefined where there is none. */
function keptUntil(drill: Drill | undefined): Date | undefined {
  return drill?.keep === true && drill.namespaceUid !== undefined && !isUnderWay(drill) ? expiryOf(drill) : undefined;
}

function hasExpired({ clock }: DrillControllerContext, drill: Drill | undefined): boolean {
  const until = keptUntil(drill);
  return until !== undefined && until <= clock.now();
}

function sooner(one: Date | undefined, other: Date | undefined): Date | undefined {
  return one === undefined || (other !== undefined && other < one) ? other : one;
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
