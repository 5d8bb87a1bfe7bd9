/**
 * What the tests of a Release say, as an in-toto statement (specification v1) with the predicate test-result v0.1.
 *
 * It names its inputs by digest, so that it can be believed without the channel that carries it, and by anybody who knows the key.
 */
import { fitsCluster } from '../chart/chart-fit.ts';
import type { Release } from './release.ts';
import type { EvidenceDemand } from './subscription.ts';

export const statementType = 'https://in-toto.io/Statement/v1';
export const testResultType = 'https://in-toto.io/attestation/test-result/v0.1';
/** Of the DSSE envelope around it. */
export const statementMediaType = 'application/vnd.in-toto+json';

export interface Evidence {
  readonly release: string;
  /** What was tested, by digest, e.g. `ghcr.io/org/web:1.2.0`. */
  readonly subjects: readonly { readonly name: string; readonly digest: string }[];
  readonly tests: readonly TestOutcome[];
  /** Version of the cluster, e.g. `v1.34.1`. */
  readonly kubernetes: string;
  /** How it came there. */
  readonly path: TestedPath;
  readonly startedAt: Date;
  readonly finishedAt: Date;
}

export type TestedPath =
  | { readonly kind: 'Install' }
  /** @property from the Release; undefined: there was none before */
  | { readonly kind: 'Upgrade'; readonly from: string | undefined };

export interface TestOutcome {
  /** `app/test`, or the name alone for tests of all Apps together. */
  readonly name: string;
  readonly result: 'Passed' | 'Failed';
  /** From what it was upgraded; undefined: a clean install. */
  readonly upgradedFrom?: string | undefined;
  readonly durationMs: number;
  readonly logSha256?: string | undefined;
}

export interface ResourceDescriptor {
  readonly name?: string | undefined;
  readonly digest?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export interface Statement {
  readonly _type: typeof statementType;
  readonly subject: readonly ResourceDescriptor[];
  readonly predicateType: typeof testResultType;
  readonly predicate: {
    readonly result: 'PASSED' | 'FAILED';
    readonly configuration: readonly ResourceDescriptor[];
    readonly passedTests: readonly string[];
    readonly failedTests: readonly string[];
  };
}

/** The exact versions of a Release, as subjects. */
export function subjectsOf({ apps }: Pick<Release, 'apps'>): Evidence['subjects'] {
  return apps.flatMap(({ versions }) =>
    versions.map(({ location, tag, digest }) => ({
      name: tag === undefined ? location : `${location}:${tag}`,
      digest,
    })),
  );
}

export function statementOf(evidence: Evidence): Statement {
  const named = (result: TestOutcome['result']) =>
    evidence.tests.filter((test) => test.result === result).map(({ name }) => name);
  const failedTests = named('Failed');
  return {
    _type: statementType,
    subject: evidence.subjects.map(({ name, digest }) => ({ name, digest: digestSet(digest) })),
    predicateType: testResultType,
    predicate: {
      result: failedTests.length === 0 ? 'PASSED' : 'FAILED',
      configuration: [
        { name: 'release', annotations: { name: evidence.release } },
        { name: 'kubernetes', annotations: { version: evidence.kubernetes } },
        { name: 'path', annotations: describePath(evidence.path) },
        {
          name: 'run',
          annotations: { startedAt: evidence.startedAt.toISOString(), finishedAt: evidence.finishedAt.toISOString() },
        },
        ...evidence.tests.map(describeTest),
      ],
      passedTests: named('Passed'),
      failedTests,
    },
  };
}

/** What a statement tells, for people; what it does not tell is left out. */
export interface ToldEvidence {
  readonly result: 'PASSED' | 'FAILED';
  readonly subjects: readonly { readonly name: string; readonly digest: string }[];
  readonly kubernetes?: string;
  /** `install` or `upgrade`, and from which Release. */
  readonly path?: string;
  readonly from?: string;
  /** RFC 3339. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly tests: readonly ToldTest[];
}

export interface ToldTest extends Pick<TestOutcome, 'name' | 'result'> {
  readonly upgradedFrom?: string;
  readonly durationMs?: number;
  readonly logSha256?: string;
}

/** The way back from `statementOf`, also of statements that others made. */
export function tellEvidence({ subject, predicate }: Statement): ToldEvidence {
  const { result, configuration, passedTests, failedTests } = predicate;
  const find = (name: string) => configuration.find((one) => one.name === name);
  const tell = (name: string, outcome: TestOutcome['result']): ToldTest => {
    const { annotations = {}, digest } = find(`test ${name}`) ?? {};
    const durationMs = Number(annotations['durationMs'] ?? Number.NaN);
    return {
      name,
      result: outcome,
      ...(annotations['from'] !== undefined && { upgradedFrom: annotations['from'] }),
      ...(Number.isFinite(durationMs) && { durationMs }),
      ...(digest?.['sha256'] !== undefined && { logSha256: digest['sha256'] }),
    };
  };
  const kubernetes = find('kubernetes')?.annotations?.['version'];
  const { path, from } = find('path')?.annotations ?? {};
  const { startedAt, finishedAt } = find('run')?.annotations ?? {};
  return {
    result,
    subjects: subject.map(({ name = '', digest = {} }) => ({ name, digest: digestText(digest) })),
    ...(kubernetes !== undefined && { kubernetes }),
    ...(path !== undefined && { path }),
    ...(from !== undefined && { from }),
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
    tests: [...passedTests.map((name) => tell(name, 'Passed')), ...failedTests.map((name) => tell(name, 'Failed'))],
  };
}

function digestText(digest: Readonly<Record<string, string>>): string {
  return Object.entries(digest)
    .map(([algorithm, value]) => `${algorithm === 'gitCommit' ? 'sha1' : algorithm}:${value}`)
    .join(' ');
}

function describePath(path: TestedPath): Readonly<Record<string, string>> {
  return path.kind === 'Install'
    ? { path: 'install' }
    : { path: 'upgrade', ...(path.from !== undefined && { from: path.from }) };
}

function describeTest({ name, upgradedFrom, durationMs, logSha256 }: TestOutcome): ResourceDescriptor {
  const annotations = { durationMs: String(durationMs), path: upgradedFrom === undefined ? 'install' : 'upgrade' };
  return {
    name: `test ${name}`,
    ...(logSha256 !== undefined && { digest: { sha256: logSha256 } }),
    annotations: upgradedFrom === undefined ? annotations : { ...annotations, from: upgradedFrom },
  };
}

function digestSet(digest: string): Readonly<Record<string, string>> {
  const [algorithm = '', value = ''] = digest.split(':');
  // In-toto's name for the object of a commit.
  return { [algorithm === 'sha1' ? 'gitCommit' : algorithm]: value };
}

/** Why the evidence of a Release does not do for a cluster; undefined: it does. */
export function findMissingEvidence(
  release: Pick<Release, 'name' | 'apps' | 'soakedForMs'>,
  statements: readonly Statement[],
  demand: EvidenceDemand,
): string | undefined {
  if (release.soakedForMs < demand.minimumSoakMs) {
    return `it ran ${Math.floor(release.soakedForMs / 60_000)} minutes in the hub, and spec.evidence.minimumSoak asks for more`;
  }
  if (demand.kubernetes === undefined && demand.tests.length === 0) {
    return undefined;
  }
  const about = statements.filter((statement) => isAbout(statement, release));
  const passed = about.filter(({ predicate }) => predicate.result === 'PASSED');
  const fitting = passed.filter(({ predicate }) => ranOn(predicate.configuration, demand.kubernetes));
  if (fitting.length === 0) {
    return demand.kubernetes === undefined
      ? 'no test is known to have passed with exactly its versions'
      : `no test is known to have passed with exactly its versions on Kubernetes ${demand.kubernetes}`;
  }
  const names = new Set(fitting.flatMap(({ predicate }) => predicate.passedTests));
  const missing = demand.tests.filter((name) => !names.has(name));
  return missing.length === 0 ? undefined : `these tests are not known to have passed: ${missing.join(', ')}`;
}

/** Whether each version of the Release is among its subjects. */
function isAbout({ subject }: Statement, release: Pick<Release, 'apps'>): boolean {
  const tested = new Set(
    subject.flatMap(({ digest = {} }) => Object.entries(digest).map(([algorithm, value]) => `${algorithm}:${value}`)),
  );
  return subjectsOf(release).every(({ digest }) =>
    Object.entries(digestSet(digest)).every(([algorithm, value]) => tested.has(`${algorithm}:${value}`)),
  );
}

function ranOn(configuration: readonly ResourceDescriptor[], range: string | undefined): boolean {
  const version = configuration.find(({ name }) => name === 'kubernetes')?.annotations?.['version'];
  return range === undefined || (version !== undefined && fitsCluster(range, version));
}
