/** App: wire form -> what the product works with. */
import Type, { type Static } from 'typebox';
import type { AppSpec } from '../../core/app/app.ts';
import { parseDuration } from '../../core/duration.ts';
import { isOperationError } from '../../core/errors.ts';
import { decoderOf, invalidObject } from '../decode.ts';
import { adoptionProblemKey, Metadata } from '../metadata.ts';
import { AppSpecSchema, AppStatusSchema, type SourceWire } from './app.ts';
import { decodeChecks } from './decode-app-checks.ts';
import { decodeBackup, decodeRollback } from './decode-backup.ts';
import { decodeGates } from './decode-gates.ts';
import { decodeGit } from './decode-git.ts';
import { decodeHelmDeploy, type KnownSource } from './decode-helm-deploy.ts';
import { decodeManifests } from './decode-manifests.ts';
import { decodeNotify } from './decode-notify.ts';
import { notePinning } from './decode-pinning.ts';
import { decodeSource, keepsItsTag, kindOf } from './decode-sources.ts';
import { decodeTests, withChartTests } from './decode-tests.ts';
import { decodeHealthChecks } from './health-check.ts';
import { decodePatch } from './patch-deploy.ts';
import { decodeTarget } from './target.ts';

const AppObject = Type.Object({
  metadata: Metadata,
  spec: AppSpecSchema,
  status: Type.Optional(AppStatusSchema),
});

/** An App as the API server gives it, its shape checked. */
export type AppObjectWire = Static<typeof AppObject>;

const decodeShape = decoderOf(AppObject);

/**
 * Checks the shape of an App.
 *
 * @throws OBJECT_INVALID
 */
export function decodeApp(object: unknown, what: string): AppObjectWire {
  return decodeShape(object, what);
}

/**
 * Checks the meaning of an App's spec: durations, repositories, ranges, names that refer to each other.
 *
 * @throws OBJECT_INVALID listing every problem with field, value and remedy
 */
export function decodeAppSpec(app: AppObjectWire): AppSpec {
  const problems = new Problems();
  const { spec, metadata } = app;
  problems.all.push(...[metadata.annotations?.[adoptionProblemKey] ?? []].flat());
  const intervalMs = problems.attempt(() => decodeInterval(spec.interval ?? '5m'));
  const health = decodeHealth(spec, problems);
  const checks = problems.attempt(() => decodeChecks(spec));
  const gates = problems.attempt(() => decodeGates(spec));
  const notify = problems.attempt(() => decodeNotify(spec.notify));
  const ownTests = problems.attempt(() => decodeTests(spec.tests)) ?? [];
  const backup = problems.attempt(() => decodeBackup(spec));
  const rollback = problems.attempt(() => decodeRollback(spec));
  const sources = spec.sources.map((source, index) => decodeSource(source, `spec.sources[${index}]`, problems));
  const deploy = decodeDeploy(app, problems);
  const tests = deploy === undefined ? ownTests : withChartTests(deploy, ownTests);
  for (const name of duplicates(spec.sources.map((source) => source.name))) {
    problems.note('spec.sources', `two are named "${name}"; give each a name of its own`);
  }
  if (problems.all.length > 0 || !deploy || !gates || !rollback) {
    throw invalidObject(`App ${app.metadata.namespace}/${app.metadata.name}`, problems.all);
  }
  return {
    intervalMs: intervalMs ?? 0,
    checks: checks ?? { kind: 'Interval' },
    suspend: spec.suspend ?? false,
    sources: sources.filter((source) => source !== undefined),
    deploy,
    healthChecks: health.healthChecks,
    update: { ...health.update, tests, data: rollback.data },
    tests,
    gates,
    backup,
    rollback,
    notify: notify ?? { channels: [], releaseNotes: undefined, to: [] },
    historyLimit: spec.historyLimit ?? 20,
  };
}

export type AppSpecReading =
  | { readonly kind: 'Valid'; readonly value: AppSpec }
  | { readonly kind: 'Invalid'; readonly message: string };

/** The same where a spec that cannot be understood is an expected outcome. */
export function readAppSpec(app: AppObjectWire): AppSpecReading {
  const reading = readings.get(app) ?? read(app);
  readings.set(app, reading);
  return reading;
}

/** A watched copy is read in each pass of its App and of those that want the same workloads, and never changes. */
const readings = new WeakMap<AppObjectWire, AppSpecReading>();

function read(app: AppObjectWire): AppSpecReading {
  try {
    return { kind: 'Valid', value: decodeAppSpec(app) };
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never') {
      return { kind: 'Invalid', message: error.message };
    }
    throw error;
  }
}

/** What is wrong with one App; reading goes on after each, so that a person sees all at once. */
class Problems {
  readonly all: string[] = [];

  note(field: string, problem: string): void {
    this.all.push(`${field}: ${problem}`);
  }

  attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!isOperationError(error)) {
        throw error;
      }
      this.all.push(error.message);
      return undefined;
    }
  }
}

function decodeHealth({ health, deploy }: AppObjectWire['spec'], problems: Problems) {
  const timeoutMs = problems.attempt(() => decodeTimeout(health?.timeout ?? '5m'));
  const stableForMs = problems.attempt(() => parseDuration(health?.stableFor ?? '30s', 'spec.health.stableFor'));
  const healthChecks = problems.attempt(() => decodeHealthChecks(health?.checks ?? [], 'spec.health.checks'));
  if (deploy.workloads !== undefined && health?.checks !== undefined) {
    problems.note('spec.health.checks', 'deploy.workloads judges its workloads and their pods itself; leave it out');
  }
  return {
    update: { timeoutMs: timeoutMs ?? 0, stableForMs: stableForMs ?? 0 },
    healthChecks: healthChecks ?? [],
  };
}

const minIntervalMs = 5_000;
const minTimeoutMs = 1_000;

function decodeInterval(text: string): number {
  const intervalMs = parseDuration(text, 'spec.interval');
  if (intervalMs < minIntervalMs) {
    throw invalidObject('spec.interval', [`"${text}" is below 5s, which no registry thanks you for; use 5s or more`]);
  }
  return intervalMs;
}

/** No time at all would condemn, and reject, every version there is. */
function decodeTimeout(text: string): number {
  const timeoutMs = parseDuration(text, 'spec.health.timeout');
  if (timeoutMs < minTimeoutMs) {
    throw invalidObject('spec.health.timeout', [`"${text}" leaves no time to become healthy; use 1s or more`]);
  }
  return timeoutMs;
}

function decodeDeploy({ metadata, spec }: AppObjectWire, problems: Problems): AppSpec['deploy'] | undefined {
  const { deploy, sources } = spec;
  const { workloads, helm, patch, manifests, git } = deploy;
  notePinning(spec, (field, problem) => problems.note(field, problem));
  if ([workloads, helm, patch, manifests, git].filter((one) => one !== undefined).length !== 1) {
    problems.note('spec.deploy', 'exactly one of workloads, helm, patch, manifests and git must be set');
    return undefined;
  }
  const note = (field: string, problem: string) => problems.note(field, problem);
  if (helm) {
    return decodeHelmDeploy(metadata.name, helm, { sources: sources.map(knownSourceOf), problems });
  }
  if (manifests) {
    const named = sources.map(({ name, image, chart }) => ({ name, hasFiles: (image ?? chart) === undefined }));
    return decodeManifests(manifests, named, note);
  }
  const oneTag = new Set(sources.filter(keepsItsTag).map(({ name }) => name));
  const context = { known: sources.map(({ name }) => name), oneTag, note };
  if (patch || git) {
    return patch ? decodePatch(patch, context) : git && decodeGit(git, context);
  }
  return workloads && decodeWorkloads(workloads, sources, problems);
}

function knownSourceOf(source: SourceWire): KnownSource {
  return { name: source.name, kind: kindOf(source), followsOneTag: keepsItsTag(source) };
}

function decodeWorkloads(
  workloads: NonNullable<AppObjectWire['spec']['deploy']['workloads']>,
  sources: readonly SourceWire[],
  problems: Problems,
): AppSpec['deploy'] {
  const imageReference = workloads.imageReference ?? 'Digest';
  for (const [index, { image }] of sources.entries()) {
    if (image === undefined) {
      problems.note(`spec.sources[${index}]`, 'deploy.workloads sets images only; give this source an App of its own');
    }
  }
  if (imageReference === 'Tag' && sources.some(keepsItsTag)) {
    problems.note(
      'spec.deploy.workloads.imageReference',
      '"Tag" cannot follow a source with policy digest, because the tag stays the same; use Digest',
    );
  }
  const known = sources.map((source) => source.name);
  const note = (field: string, problem: string) => problems.note(field, problem);
  const targets = workloads.targets.map((target, index) =>
    decodeTarget(target, `spec.deploy.workloads.targets[${index}]`, { known, note }),
  );
  return { kind: 'Workloads', imageReference, targets, changeCause: workloads.changeCause ?? false };
}

function duplicates(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
