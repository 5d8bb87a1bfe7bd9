/** The journal of a candidate: wire form <-> what the product works with. */
import type { AppTestRecord, Candidate, CandidateApp, SourceVersion, Trial } from '../../core/candidate/candidate.ts';
import type { TrialPath } from '../../core/candidate/trial-path.ts';
import { clipMessage } from '../../core/text.ts';
import { encodeVersion } from '../app/app-status.ts';
import { decodeTest, encodeTest } from '../update/test-record-codec.ts';
import type { CandidateWire } from './candidate.ts';

export function encodeCandidate(candidate: Candidate): CandidateWire {
  const { number, startedAt, basis, apps, trials, faults, approvals, release } = candidate;
  return {
    ...{ number, basis },
    startedAt: startedAt.toISOString(),
    apps: apps.map(({ name, from, to }) => ({
      name,
      from: from.map(encodeSource),
      ...(to && { to: to.map(encodeSource) }),
    })),
    trials: trials.map(encodeTrial),
    faults: faults.map(({ apps: names, reason }) => ({ apps: [...names], reason: clipMessage(reason) })),
    approvals: approvals.map(({ by, at }) => ({ by, at: at.toISOString() })),
    ...(release !== undefined && { release }),
  };
}

export function decodeCandidate(wire: CandidateWire): Candidate {
  const { startedAt, apps, trials, approvals = [], ...rest } = wire;
  return {
    ...rest,
    startedAt: new Date(startedAt),
    apps: apps.map(
      ({ name, from, to }): CandidateApp => ({ name, from: from.map(decodeSource), to: to?.map(decodeSource) }),
    ),
    trials: trials.map(decodeTrial),
    approvals: approvals.map(({ by, at }) => ({ by, at: new Date(at) })),
  };
}

type SourceWire = CandidateWire['apps'][number]['from'][number];
type TrialWire = CandidateWire['trials'][number];
type AppTestWire = NonNullable<TrialWire['appTests']>[number];

function encodeSource({ source, ...version }: SourceVersion): SourceWire {
  return { source, ...encodeVersion(version) };
}

function decodeSource({ source, tag, digest }: SourceWire): SourceVersion {
  return { source, tag, digest };
}

function encodeTrial(trial: Trial): TrialWire {
  const { purpose, members, soaks, startedAt, arrivedAt, tests, testedAt, watches, unwellSince, result } = trial;
  const { path, scratch, basedAt, appTests, clearedAt } = trial;
  return {
    ...{ purpose, soaks, members: [...members], startedAt: startedAt.toISOString() },
    ...(path && { path: { ...path } }),
    ...(scratch !== undefined && { scratch }),
    ...(basedAt && { basedAt: basedAt.toISOString() }),
    ...(appTests && { appTests: appTests.slice(0, mostAppTests).map(encodeAppTest) }),
    ...(clearedAt && { clearedAt: clearedAt.toISOString() }),
    ...(arrivedAt && { arrivedAt: arrivedAt.toISOString() }),
    tests: tests.map(encodeTest),
    ...(testedAt && { testedAt: testedAt.toISOString() }),
    ...(watches.length > 0 && { watches: watches.map(encodeTest) }),
    ...(unwellSince && { unwellSince: unwellSince.toISOString() }),
    ...(result && {
      result: {
        ...result,
        at: result.at.toISOString(),
        message: clipMessage(result.message),
        blames: [...result.blames],
      },
    }),
  };
}

const mostAppTests = 500;

function encodeAppTest({ name, startedAt, finishedAt, logDigest }: AppTestRecord): AppTestWire {
  return {
    name,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    ...(logDigest !== undefined && { logDigest }),
  };
}

function decodePath({ kind, from = '' }: NonNullable<TrialWire['path']>): TrialPath {
  return kind === 'Install' ? { kind } : { kind, from };
}

function decodeTrial({
  startedAt,
  path,
  basedAt,
  appTests,
  clearedAt,
  arrivedAt,
  testedAt,
  unwellSince,
  tests,
  watches,
  result,
  ...rest
}: TrialWire): Trial {
  return {
    ...rest,
    startedAt: new Date(startedAt),
    path: path && decodePath(path),
    basedAt: dateOf(basedAt),
    appTests: appTests?.map((one) => ({
      ...one,
      startedAt: new Date(one.startedAt),
      finishedAt: new Date(one.finishedAt),
    })),
    clearedAt: dateOf(clearedAt),
    arrivedAt: dateOf(arrivedAt),
    tests: (tests ?? []).map(decodeTest),
    testedAt: dateOf(testedAt),
    watches: (watches ?? []).map(decodeTest),
    unwellSince: dateOf(unwellSince),
    result: result && { ...result, at: new Date(result.at) },
  };
}

function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
