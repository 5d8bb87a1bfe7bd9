/** What an App of deploy kind `patch` looks after, from watched copies. */
import { type AppSpec, locationOf, type PatchDeploy } from '../../../core/app/app.ts';
import { completeVersion, describeField, type ObjectField } from '../../../core/app/object-field.ts';
import type { TimeLimit } from '../../../core/cel/time-limit.ts';
import { OperationError } from '../../../core/errors.ts';
import { formatFieldPath } from '../../../core/field-path.ts';
import { assessDeployedObject } from '../../../core/health/deployed-object.ts';
import type { Version } from '../../../core/update/version-change.ts';
import { type AppObjectWire, readAppSpec } from '../../../resources/app/decode-app.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LiveObjects } from '../../ports/live-objects.ts';
import type { Records } from '../../ports/records.ts';
import type { Survey } from '../deployer.ts';
import { type HeldField, holdField, problemOf, referenceOf, textIn } from './held-fields.ts';
import { knownVersions } from './known-versions.ts';

export interface PatchContext {
  readonly objects: LiveObjects;
  readonly records: Records;
  readonly clock: Clock;
  /** For the checks that Apps bring along. */
  readonly limit: TimeLimit;
}

/** @throws errors of the API server that pass */
export async function surveyPatch(
  context: PatchContext,
  app: AppObjectWire,
  { spec, deploy }: { readonly spec: AppSpec; readonly deploy: PatchDeploy },
  signal: AbortSignal,
): Promise<Survey> {
  const { held, problems } = await lookAtFields(context, app, deploy, signal);
  return {
    versions: versionsOf(context, app, { spec, held }),
    problems,
    conflict: problems.length > 0 ? undefined : findRival(context, app, deploy),
    basis: JSON.stringify(held.map(({ object, value }) => [object.uid, value])),
    objects: [...new Set(deploy.targets.map(describeField))].sort(),
    workloads: [],
    readObjects: async (inner) => {
      const found = await Promise.all(held.map(async ({ object }) => await context.objects.read(object, inner)));
      return found.flatMap((one) => (one === undefined ? [] : [one.fields]));
    },
    isHealthy: () => {
      const options = { now: context.clock.now(), checks: { checks: spec.healthChecks, limit: context.limit } };
      return held.every(({ object }) => assessDeployedObject(object.fields, options).kind === 'Current');
    },
    confirm: async (inner) => await confirmFields(context, held, inner),
  };
}

async function lookAtFields(context: PatchContext, app: AppObjectWire, deploy: PatchDeploy, signal: AbortSignal) {
  const { namespace, name } = app.metadata;
  const scope = { namespace, serviceAccount: deploy.serviceAccount };
  const references = deploy.targets.map((field) => referenceOf(scope, field));
  const held: HeldField[] = [];
  const problems: string[] = [];
  try {
    const objects = await context.objects.watch({ of: 'App', key: `${namespace}/${name}` }, references, signal);
    for (const [index, field] of deploy.targets.entries()) {
      const one = holdField(field, objects[index], `spec.deploy.patch.targets[${index}]`);
      if ('problem' in one) {
        problems.push(one.problem);
      } else {
        held.push(one);
      }
    }
  } catch (error) {
    problems.push(problemOf(error, 'spec.deploy.patch.targets'));
  }
  return { held, problems };
}

function versionsOf(
  { records }: PatchContext,
  app: AppObjectWire,
  { spec, held }: { readonly spec: AppSpec; readonly held: readonly HeldField[] },
): ReadonlyMap<string, readonly Version[]> {
  const updates = records.listUpdates(app.metadata.namespace, app.metadata.name);
  const versions = new Map<string, readonly Version[]>();
  for (const source of spec.sources) {
    const known = knownVersions(updates, source.name);
    const found = held
      .filter(({ field }) => field.source === source.name)
      .map(({ field, value }) =>
        completeVersion({ form: field.form, text: value, repository: locationOf(source) }, known),
      );
    versions.set(source.name, distinct(found));
  }
  return versions;
}

function distinct(versions: readonly Version[]): readonly Version[] {
  return [...new Map(versions.map((version) => [`${version.tag}@${version.digest}`, version])).values()];
}

/** The older App keeps a field that two would set; the name decides between two made in the same second. */
function findRival({ records }: PatchContext, app: AppObjectWire, deploy: PatchDeploy): string | undefined {
  const mine = new Set(deploy.targets.map(placeOf));
  const age = ({ metadata }: AppObjectWire) => `${metadata.creationTimestamp} ${metadata.name}`;
  const older = records.listApps(app.metadata.namespace).filter((other) => age(other) < age(app));
  for (const other of older) {
    const spec = readAppSpec(other);
    const targets = spec.kind === 'Valid' && spec.value.deploy.kind === 'Patch' ? spec.value.deploy.targets : [];
    const shared = targets.find((field) => mine.has(placeOf(field)));
    if (shared) {
      const path = formatFieldPath(shared.path);
      return `spec.deploy.patch.targets: ${path} of ${describeField(shared)} belongs to App "${other.metadata.name}" already; take it out of one of the two`;
    }
  }
  return undefined;
}

function placeOf({ apiVersion, kind, name, path }: ObjectField): string {
  const [group] = apiVersion.split('/');
  return JSON.stringify([group, kind, name, formatFieldPath(path)]);
}

async function confirmFields(
  { objects }: PatchContext,
  held: readonly HeldField[],
  signal: AbortSignal,
): Promise<void> {
  for (const { field, object, value } of held) {
    const now = await objects.read(object, signal);
    if (now?.uid !== object.uid || textIn(now, field.path) !== value) {
      throw new OperationError(`start an Update: ${describeField(field)} changed meanwhile`, {
        code: 'UPDATE_CONFLICT',
        retry: 'backoff',
      });
    }
  }
}
