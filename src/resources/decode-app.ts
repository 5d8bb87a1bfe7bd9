/** App: wire form -> what the product works with. */
import Type, { type Static } from 'typebox';
import type { AppSpec, ImageSource, WorkloadTarget } from '../core/app/app.ts';
import { parseDuration } from '../core/duration.ts';
import { isOperationError } from '../core/errors.ts';
import { parseRepository, type Repository } from '../core/image/reference.ts';
import { parseImagePolicy } from '../core/policy/policy.ts';
import { AppSpecSchema, AppStatusSchema, type SourceWire, type TargetWire } from './app.ts';
import { decoderOf, invalidObject } from './decode.ts';
import { Metadata } from './metadata.ts';

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
  const problems: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!isOperationError(error)) {
        throw error;
      }
      problems.push(error.message);
      return undefined;
    }
  };
  const { spec } = app;
  const intervalMs = attempt(() => parseDuration(spec.interval ?? '5m', 'spec.interval'));
  const timeoutMs = attempt(() => parseDuration(spec.health?.timeout ?? '5m', 'spec.health.timeout'));
  const stableForMs = attempt(() => parseDuration(spec.health?.stableFor ?? '30s', 'spec.health.stableFor'));
  const sources = spec.sources.map((source, index) => attempt(() => decodeSource(source, `spec.sources[${index}]`)));
  const deploy = attempt(() => decodeDeploy(spec.deploy, spec.sources));
  if (intervalMs !== undefined && intervalMs < minIntervalMs) {
    problems.push(`spec.interval: "${spec.interval}" is below 5s, which no registry thanks you for; use 5s or more`);
  }
  problems.push(
    ...duplicates(spec.sources.map((source) => source.name)).map((name) => `spec.sources: two are named "${name}"`),
  );
  if (problems.length > 0 || !deploy) {
    throw invalidObject(`App ${app.metadata.namespace}/${app.metadata.name}`, problems);
  }
  return {
    intervalMs: intervalMs ?? 0,
    suspend: spec.suspend ?? false,
    sources: sources.filter((source) => source !== undefined),
    deploy,
    update: { timeoutMs: timeoutMs ?? 0, stableForMs: stableForMs ?? 0 },
    historyLimit: spec.historyLimit ?? 20,
  };
}

const minIntervalMs = 5_000;

function decodeSource(source: SourceWire, field: string): ImageSource {
  return {
    name: source.name,
    repositoryText: source.image.repository,
    repository: repositoryAt(source.image.repository, `${field}.image.repository`),
    policy: parseImagePolicy(source.image.policy, `${field}.image.policy`),
    insecure: source.image.insecure ?? false,
    pullSecret: source.image.secretRef?.name,
    caSecret: source.image.certSecretRef?.name,
  };
}

function repositoryAt(text: string, field: string): Repository {
  try {
    return parseRepository(text);
  } catch (error) {
    throw invalidObject(field, [error instanceof Error ? error.message : String(error)]);
  }
}

function decodeDeploy(deploy: AppObjectWire['spec']['deploy'], sources: readonly SourceWire[]): AppSpec['deploy'] {
  const { workloads } = deploy;
  if (!workloads) {
    throw invalidObject('spec.deploy', ['exactly one of workloads must be set']);
  }
  const imageReference = workloads.imageReference ?? 'Digest';
  if (imageReference === 'Tag' && sources.some((source) => source.image.policy.digest)) {
    throw invalidObject('spec.deploy.workloads.imageReference', [
      '"Tag" cannot follow a source with policy digest, because the tag stays the same; use Digest',
    ]);
  }
  const targets = workloads.targets.map((target, index) =>
    decodeTarget(target, `spec.deploy.workloads.targets[${index}]`, sources),
  );
  return { kind: 'Workloads', imageReference, targets };
}

function decodeTarget(target: TargetWire, field: string, sources: readonly SourceWire[]): WorkloadTarget {
  const known = sources.map((source) => source.name);
  for (const [index, { source }] of (target.containers ?? []).entries()) {
    if (!known.includes(source)) {
      throw invalidObject(`${field}.containers[${index}].source`, [
        `there is no source "${source}"; the sources are ${known.join(', ')}`,
      ]);
    }
  }
  return {
    kind: target.kind,
    choose:
      target.name === undefined
        ? { by: 'labels', labels: target.selector?.matchLabels ?? {} }
        : { by: 'name', name: target.name },
    containers: target.containers ?? [],
  };
}

function duplicates(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
