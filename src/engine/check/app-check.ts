/** What a check of one App works with, and what it says. */
import type { AppState } from '../../core/app/app-state.ts';
import type { PassedOver } from '../../core/policy/passed-over.ts';
import type { FirstSeen } from '../../core/policy/requirements.ts';
import type { Version, VersionChange } from '../../core/update/version-change.ts';
import type { Directions } from '../candidate/direct-apps.ts';
import type { Deployers, Survey } from '../deploy/deployer.ts';
import type { DetectContext } from '../detect/detect.ts';
import type { Records } from '../ports/records.ts';
import type { SharedRegistry } from '../ports/registry.ts';
import type { StartRequest } from '../update/start-update.ts';
import type { CheckMemory } from './check-memory.ts';
import type { RunningChecks } from './running-checks.ts';

export interface CheckContext extends DetectContext {
  readonly registry: SharedRegistry;
  readonly checks: RunningChecks;
  readonly deployers: Deployers;
  readonly records: Records;
  readonly memory: CheckMemory;
  readonly directions: Directions;
}

/** What one source shows in the App's status. */
export interface SourceView {
  readonly name: string;
  readonly current: Version;
  readonly available: Version | undefined;
  /** Undefined where nobody looked. */
  readonly firstSeen?: readonly FirstSeen[] | undefined;
  /** Undefined where nobody looked. */
  readonly passedOver?: PassedOver | undefined;
}

export interface AppCheck {
  readonly state: AppState;
  readonly sources: readonly SourceView[];
  /** Undefined where the App was not even looked at. */
  readonly survey: Survey | undefined;
  /** Name of the open Update, or of the last one. */
  readonly update: string | undefined;
  /** The change to start an Update with, once the status is written. */
  readonly start: readonly VersionChange[] | undefined;
  /** How that Update comes about, where no source is the cause of it. */
  readonly startedBy?: Pick<StartRequest, 'trigger' | 'restore'> | undefined;
  readonly nextCheckAt: Date | undefined;
}
