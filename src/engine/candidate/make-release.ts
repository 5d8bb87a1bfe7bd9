/** The Release of a candidate that passed: what its Apps are and run, its files, and the evidence of its tests. */
import type { Source } from '../../core/app/app.ts';
import { locationOf } from '../../core/app/app.ts';
import { type CandidateApp, type Trial, trialInPlace, versionsIn } from '../../core/candidate/candidate.ts';
import { isSameSet } from '../../core/candidate/transitions.ts';
import { type Evidence, statementOf, subjectsOf, type TestOutcome } from '../../core/channel/evidence.ts';
import { evidencePath } from '../../core/channel/layout.ts';
import type { Release, ReleasedApp, ReleasedVersion, ReleaseTarget } from '../../core/channel/release.ts';
import { changesBetween } from '../../core/channel/release-changes.ts';
import { invariant, OperationError } from '../../core/errors.ts';
import { readAppSpec } from '../../resources/app/decode-app.ts';
import { decodeRelease, encodeRelease } from '../../resources/channel/decode-release.ts';
import { candidateLabel } from '../../resources/metadata.ts';
import { changesOf, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import { packApp } from '../channel/pack-app.ts';
import type { ChannelPublisher } from '../ports/channel-publisher.ts';
import type { CandidateContext, Hub, HubAtWork } from './candidate-context.ts';
import { isOnPath, type PathTrial } from './path-trial.ts';

/** What is released of some Apps, without their files. */
export function releasedOf(
  { apps: objects }: Pick<Hub, 'apps'>,
  apps: readonly CandidateApp[],
  members: readonly string[],
): readonly ReleasedApp[] {
  return objects.flatMap((object) => {
    const { namespace, name } = object.metadata;
    const app = apps.find((one) => one.name === name);
    const spec = readAppSpec(object);
    const sources = spec.kind === 'Valid' ? spec.value.sources : [];
    const versions = app ? versionsIn({ members }, app).flatMap((version) => releasedVersion(sources, version)) : [];
    return app ? [{ name, namespace, definition: JSON.stringify(object.spec), versions }] : [];
  });
}

function releasedVersion(
  sources: readonly Source[],
  { source: name, tag, digest = '' }: ReturnType<typeof versionsIn>[number],
): ReleasedVersion[] {
  const source = sources.find((one) => one.name === name);
  return source
    ? [{ source: name, kind: source.kind, location: locationOf(source), tag, digest, target: undefined }]
    : [];
}

/**
 * Makes the Release of the last trial, unless it is there already.
 *
 * @returns its name
 * @throws CHANNEL_INVALID where something cannot be released; errors of sources, of the store and of the API server
 */
export async function makeRelease(context: CandidateContext, hub: HubAtWork, signal: AbortSignal): Promise<string> {
  const { channels, clock } = context;
  const { channel, candidate, spec } = hub;
  const trial = trialInPlace(candidate);
  invariant(
    trial?.result?.kind === 'Passed',
    `candidate ${candidate.number} is to be released, and what the test cluster runs did not pass`,
  );
  const all = await channels.readReleases(channel, signal);
  const existing = all.find(({ metadata }) => metadata.labels?.[candidateLabel] === String(candidate.number));
  if (existing) {
    return existing.metadata.name;
  }
  const [last] = all.toSorted((left, right) => right.spec.sequence - left.spec.sequence);
  const sequence = (last?.spec.sequence ?? 0) + 1;
  const publisher = await context.publishers.publisherFor(channel.metadata.namespace, spec.publish, signal);
  const packed = await packAll(context, { hub, members: trial.members, publisher }, signal);
  const former = last && decodeRelease(last.metadata.name, last.spec);
  const release: Release = {
    ...{ name: `${channel.metadata.name}-${sequence}`, channel: channel.metadata.name, sequence, ...packed },
    ...{ createdAt: clock.now(), previous: former?.name, barrier: false, deadEnds: spec.deadEnds },
    ...{ requires: { headgate: undefined, kubernetes: undefined }, notes: undefined, links: [] },
    changes: changesBetween(former && withoutTargets(former), withoutTargets(packed)),
    soakedForMs: trial.soaks ? spec.soakMs : 0,
  };
  const evidence = await addEvidence(context, { hub, trial, release, publisher }, signal);
  context.assertLeading();
  const labels = { [candidateLabel]: String(candidate.number) };
  const whole = encodeRelease({ ...release, targets: [...release.targets, evidence] });
  await channels.createRelease(channel, { name: release.name, labels, spec: whole }, signal);
  return release.name;
}

function withoutTargets({ apps }: Pick<Release, 'apps'>): Pick<Release, 'apps'> {
  return { apps };
}

interface Packing {
  readonly hub: HubAtWork;
  readonly members: readonly string[];
  readonly publisher: ChannelPublisher;
}

async function packAll(
  { packing }: CandidateContext,
  { hub, members, publisher }: Packing,
  signal: AbortSignal,
): Promise<Pick<Release, 'apps' | 'targets'>> {
  const apps: ReleasedApp[] = [];
  const targets: ReleaseTarget[] = [];
  for (const released of releasedOf(hub, hub.candidate.apps, members)) {
    requireDigests(released);
    const object = hub.apps.find(({ metadata }) => metadata.name === released.name);
    const spec = object && readAppSpec(object);
    const sources = spec?.kind === 'Valid' ? spec.value : { sources: [] };
    const packed = await packApp(
      { ...packing, publisher },
      { app: released, spec: sources, versions: released.versions },
      signal,
    );
    apps.push({ ...released, versions: packed.versions });
    targets.push(...packed.targets);
  }
  return { apps, targets };
}

function requireDigests({ name, versions }: ReleasedApp): void {
  const unknown = versions.find(({ digest }) => digest === '');
  if (unknown !== undefined) {
    throw new OperationError(
      `release App ${name}: the digest of ${unknown.location}:${unknown.tag ?? '?'} (source ${unknown.source}) is not known; write it with its digest`,
      { code: 'CHANNEL_INVALID', retry: 'backoff' },
    );
  }
}

interface Proof {
  readonly hub: HubAtWork;
  readonly trial: Trial;
  readonly release: Release;
  readonly publisher: ChannelPublisher;
}

async function addEvidence(
  context: CandidateContext,
  { hub, trial, release, publisher }: Proof,
  signal: AbortSignal,
): Promise<ReleaseTarget> {
  const { channel, candidate } = hub;
  const updates = await context.records.readUpdates({ namespace: channel.metadata.namespace }, signal);
  const common = { release: release.name, subjects: subjectsOf(release), kubernetes: hub.kubernetes };
  const inPlace: Evidence = {
    ...common,
    path: { kind: 'Upgrade', from: release.previous },
    tests: [...ownTests(candidate.apps, trial, updates), ...testsOf(trial, release.previous)],
    ...timesOf(trial),
  };
  const others = candidate.trials.filter(
    (one): one is PathTrial => isOnPath(one) && one.result?.kind === 'Passed' && isSameSet(one.members, trial.members),
  );
  const statements = [inPlace, ...others.map((one) => evidenceOf(common, one))].map(statementOf);
  const path = evidencePath(release.name);
  const mark = await publisher.addStatements(path, statements, signal);
  return { path, kind: 'Evidence', ...mark };
}

function timesOf({ startedAt, result }: Trial): Pick<Evidence, 'startedAt' | 'finishedAt'> {
  return { startedAt, finishedAt: result?.at ?? startedAt };
}

function evidenceOf(common: Pick<Evidence, 'release' | 'subjects' | 'kubernetes'>, trial: PathTrial): Evidence {
  const { path, appTests = [] } = trial;
  const upgradedFrom = path.kind === 'Upgrade' ? path.from : undefined;
  const own = appTests.map(
    ({ name, startedAt, finishedAt, logDigest }): TestOutcome => ({
      ...{ name, result: 'Passed', upgradedFrom, logSha256: logDigest },
      durationMs: finishedAt.getTime() - startedAt.getTime(),
    }),
  );
  return { ...common, path, tests: [...own, ...testsOf(trial, upgradedFrom)], ...timesOf(trial) };
}

/** Those of the Channel, over all Apps. */
function testsOf({ tests, watches }: Trial, previous: string | undefined): readonly TestOutcome[] {
  return [...tests, ...watches].map(({ name, startedAt, finishedAt, logDigest }) => ({
    ...{ name, result: 'Passed', upgradedFrom: previous, logSha256: logDigest },
    durationMs: (finishedAt ?? startedAt).getTime() - startedAt.getTime(),
  }));
}

/** Those that the Apps made in the Updates which brought them here. */
function ownTests(
  apps: readonly CandidateApp[],
  trial: Trial,
  updates: readonly UpdateObjectWire[],
): readonly TestOutcome[] {
  return apps.flatMap((app) => {
    const wanted = new Set(versionsIn(trial, app).map(({ digest }) => digest));
    const brought = updates.find(
      ({ spec, status }) =>
        spec.app === app.name &&
        status?.phase === 'Succeeded' &&
        changesOf(spec).every(({ to }) => wanted.has(to.digest)),
    );
    return (brought?.status?.tests ?? [])
      .filter(({ verdict }) => verdict === 'Pass')
      .map(
        ({ name, startedAt, finishedAt = startedAt, logDigest }): TestOutcome => ({
          ...{ name: `${app.name}/${name}`, result: 'Passed', logSha256: logDigest },
          upgradedFrom: brought?.spec.changes[0]?.from.tag ?? brought?.spec.changes[0]?.from.digest,
          durationMs: Date.parse(finishedAt) - Date.parse(startedAt),
        }),
      );
  });
}
