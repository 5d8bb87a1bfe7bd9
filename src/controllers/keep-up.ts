/** What is done for an App besides its Updates: kept as it was applied while it lives, taken down when it is deleted. */

import type { AppState } from '../core/app/app-state.ts';
import { describeError, isOperationError } from '../core/errors.ts';
import type { AppCheck } from '../engine/check/app-check.ts';
import type { Deployer, Deployers } from '../engine/deploy/deployer.ts';
import type { Records } from '../engine/ports/records.ts';
import { type AppObjectWire, readAppSpec } from '../resources/app/decode-app.ts';
import { hasFinalizer } from '../resources/metadata.ts';
import type { Logger } from '../telemetry/log.ts';

export interface KeepUpContext {
  readonly deployers: Deployers;
  readonly records: Records;
  readonly log: Logger;
  /** Throws LEASE_LOST once another replica may be at work. */
  readonly assertLeading: () => void;
}

/** The check, with what somebody changed besides told in its state where nothing more urgent is. */
export async function keepUp(
  context: KeepUpContext,
  app: AppObjectWire,
  check: AppCheck,
  signal: AbortSignal,
): Promise<AppCheck> {
  const spec = readAppSpec(app);
  const isAtRest =
    [
      'UpToDate',
      'VersionRejected',
      'Unverified',
      'Immature',
      'Unfit',
      'Held',
      'CheckPending',
      'ApprovalRequired',
    ].includes(check.state.kind) && check.start === undefined;
  const deployer: Deployer | undefined = spec.kind === 'Valid' ? context.deployers[spec.value.deploy.kind] : undefined;
  if (spec.kind !== 'Valid' || !isAtRest || deployer?.upkeep === undefined) {
    return check;
  }
  context.assertLeading();
  const result = await deployer.upkeep(app, spec.value, signal);
  if (result.kind === 'Corrected') {
    context.log.warn('drift was corrected', {
      app: `${app.metadata.namespace}/${app.metadata.name}`,
      what: result.message,
    });
  }
  const state: AppState = { kind: 'Drifted', message: result.kind === 'Drifted' ? result.message : '' };
  return result.kind === 'Drifted' && check.state.kind === 'UpToDate' ? { ...check, state } : check;
}

/** Holds on to an App whose objects are to go with it, until they are gone. */
export async function holdOn(context: KeepUpContext, app: AppObjectWire, signal: AbortSignal): Promise<void> {
  const spec = readAppSpec(app);
  const { manifests } = app.spec.deploy;
  const isHeld = spec.kind === 'Valid' && manifests?.deletion === 'Prune';
  if (spec.kind === 'Valid' && isHeld !== hasFinalizer(app)) {
    await context.records.setFinalizer(app, isHeld, signal);
  }
}

const dismantleRetryMs = 10_000;

/** @returns after how many milliseconds it is to be tried again; undefined when the App is let go */
export async function takeDown(
  context: KeepUpContext,
  app: AppObjectWire,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (!hasFinalizer(app)) {
    return undefined;
  }
  context.assertLeading();
  const spec = readAppSpec(app);
  const value = spec.kind === 'Valid' ? spec.value : undefined;
  const deployer: Deployer = context.deployers[value?.deploy.kind ?? 'Manifests'];
  try {
    const result = (await deployer.dismantle?.(app, value, signal)) ?? { done: true, message: '' };
    if (!result.done) {
      context.log.warn('objects of a deleted App could not be deleted', {
        app: app.metadata.name,
        what: result.message,
      });
      return dismantleRetryMs;
    }
    await context.records.setFinalizer(app, false, signal);
  } catch (error) {
    if (!isOperationError(error, 'API_NOT_FOUND')) {
      throw error;
    }
    context.log.info('deleted App is gone already', { app: app.metadata.name, error: describeError(error) });
  }
  return undefined;
}
