/** The GitRepositories port over the git program. */
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invariant } from '../../core/errors.ts';
import { isCommitId, isRefName } from '../../core/git/names.ts';
import { createSharedLoads, type SharedLoads } from '../../core/shared-loads.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { GitRemote, GitRepositories, GitSubject } from '../../engine/ports/git.ts';
import type { PublicKeyFile, SignatureVerdict } from '../../engine/ports/signatures.ts';
import { type EarlierChange, findLastChange } from './find-last-change.ts';
import { gitError } from './git-failure.ts';
import type { GitProgram } from './git-run.ts';
import { createKeptFiles } from './kept-files.ts';
import { createObjectCache, type ObjectCache } from './object-cache.ts';
import { readCommitTime } from './read-commit-time.ts';
import { readCommitTree, type TreeBounds } from './read-commit-tree.ts';
import { commitOfRef, maxRefBytes, tagsOf } from './remote-refs.ts';
import { runGit } from './run-git.ts';
import { verifySignature } from './verify-signature.ts';

export interface GitRepositoriesOptions {
  readonly program: GitProgram;
  /** Empty folder of our own for what is fetched. */
  readonly cacheFolder: string;
  /** Repositories of this machine below this folder may be read; undefined: none, as whoever may write an App could. */
  readonly filesBelow: string | undefined;
  /** For one question to a server. Default 30 s. */
  readonly askTimeoutMs?: number;
  /** For one fetch. Default 120 s. */
  readonly fetchTimeoutMs?: number;
  readonly maxRepositories?: number;
  readonly maxRepositoryBytes?: number;
  readonly bounds?: TreeBounds;
  readonly clock: Clock;
  /** Ends what is asked for several who wait. */
  readonly signal: AbortSignal;
  /** How long the refs of a repository are good for all who ask at nearly the same time. Default 4 s. */
  readonly maxAgeMs?: number;
}

export interface ForgetfulGit extends GitRepositories {
  /** What is asked of the repository with this URL from now on is not answered from before. */
  forget(url: string): void;
}

const defaultBounds: TreeBounds = { maxFiles: 10_000, maxBytes: 32 * 2 ** 20 };
/** Of contents of files, in memory. */
const mostKeptBytes = 12 * 2 ** 20;
const maxRemembered = 5_000;
/** Of lists of refs, which can be long. */
const maxAnswers = 200;

interface Reading {
  readonly options: GitRepositoriesOptions;
  readonly cache: ObjectCache;
  /** By remote, access and paths. */
  readonly changes: Map<string, EarlierChange>;
  /** By remote, object and keys; none of them ever becomes another. */
  readonly verdicts: Map<string, SignatureVerdict>;
  readonly refs: SharedLoads<Buffer>;
}

export function createGitRepositories(options: GitRepositoriesOptions): ForgetfulGit {
  const cache = createObjectCache({
    program: options.program,
    folder: options.cacheFolder,
    maxRepositories: options.maxRepositories ?? 100,
    maxBytes: options.maxRepositoryBytes ?? 2 ** 30,
  });
  const refs = createSharedLoads<Buffer>({ nowMs: () => options.clock.now().getTime(), maxEntries: maxAnswers });
  const kept = createKeptFiles(mostKeptBytes);
  const reading: Reading = { options, cache, changes: new Map(), verdicts: new Map(), refs };

  return {
    async findBranch(remote, branch, signal) {
      invariant(isRefName(branch), `"${branch}" is no branch`);
      const ref = `refs/heads/${branch}`;
      const what = `find branch ${branch} of ${remote.url.text}`;
      return commitOfRef(await askRefs(reading, { what, remote, patterns: [ref] }, signal), ref);
    },
    async listTags(remote, signal) {
      const what = `list tags of ${remote.url.text}`;
      return tagsOf(await askRefs(reading, { what, remote, patterns: ['refs/tags/*'] }, signal));
    },
    findLastChange: (remote, range, signal) => lastChangeOf(reading, remote, { ...range, signal }),
    async findCommitTime(remote, commit, signal) {
      invariant(isCommitId(commit), `"${commit}" is no commit`);
      const what = `read commit ${commit} of ${remote.url.text}`;
      await checkScheme(options, what, remote);
      return await useRepository(reading, { what, remote, commit, signal }, readCommitTime(commit));
    },
    verify: (remote, subject, keys, signal) => verify(reading, { remote, subject, keys, signal }),
    async readTree(remote, place, signal) {
      const { commit, path } = place;
      invariant(isCommitId(commit), `"${commit}" is no commit`);
      const what = `read ${path === '' ? 'files' : path} at ${commit} of ${remote.url.text}`;
      await checkScheme(options, what, remote);
      const { bounds = defaultBounds } = options;
      const work = (fetching: Fetch) => readCommitTree(fetching, place, { bounds, kept });
      return await useRepository(reading, { what, remote, commit, signal }, work);
    },
    forget: (url) => refs.forgetAll(`${url} `),
  };
}

async function askRefs(
  { options, refs }: Reading,
  { what, remote, patterns }: { what: string; remote: GitRemote; patterns: readonly string[] },
  signal: AbortSignal,
): Promise<Buffer> {
  await checkScheme(options, what, remote);
  const key = `${remote.url.text} ${keyOf(remote, patterns)}`;
  const load = async () => {
    const run = {
      what,
      arguments: ['ls-remote', '--quiet', '--end-of-options', 'source', ...patterns],
      remote,
      timeoutMs: options.askTimeoutMs ?? 30_000,
      maxOutputBytes: maxRefBytes,
    };
    // Shared by all who wait: the abort of one of them does not end it.
    const { output } = await runGit(options.program, run, options.signal);
    return { value: output, expiresAtMs: options.clock.now().getTime() + (options.maxAgeMs ?? 4_000) };
  };
  return await refs.get(key, load, signal);
}

interface Use {
  readonly what: string;
  readonly remote: GitRemote;
  readonly commit: string;
  readonly signal: AbortSignal;
}

type Fetch = Parameters<typeof findLastChange>[0];

async function useRepository<T>({ options, cache }: Reading, use: Use, work: (fetching: Fetch) => Promise<T>) {
  const { program, fetchTimeoutMs = 120_000 } = options;
  return await cache.use(
    use,
    (repository) => work({ ...use, program, repository, timeoutMs: fetchTimeoutMs }),
    use.signal,
  );
}

async function lastChangeOf(
  reading: Reading,
  remote: GitRemote,
  { commit, paths, signal }: { commit: string; paths: readonly string[]; signal: AbortSignal },
): Promise<string> {
  invariant(isCommitId(commit), `"${commit}" is no commit`);
  const key = keyOf(remote, paths);
  const earlier = reading.changes.get(key);
  if (earlier?.head === commit) {
    return earlier.change;
  }
  const what = `find last change of ${paths.join(', ')} up to ${commit} of ${remote.url.text}`;
  await checkScheme(reading.options, what, remote);
  const change = await useRepository(reading, { what, remote, commit, signal }, (fetching) =>
    findLastChange(fetching, { commit, paths, earlier }),
  );
  remember(reading.changes, key, { head: commit, change });
  return change;
}

interface Verification {
  readonly remote: GitRemote;
  readonly subject: GitSubject;
  readonly keys: readonly PublicKeyFile[];
  readonly signal: AbortSignal;
}

async function verify(reading: Reading, { remote, subject, keys, signal }: Verification): Promise<SignatureVerdict> {
  const id = subject.kind === 'Tag' ? subject.object : subject.commit;
  invariant(isCommitId(id) && isCommitId(subject.commit), `"${id}" is no object of git`);
  const name = subject.kind === 'Tag' ? [subject.name] : [];
  const key = keyOf(remote, [id, ...name, ...keys.flatMap((one) => [one.name, one.content.toString('base64')])]);
  const known = reading.verdicts.get(key);
  if (known !== undefined) {
    return known;
  }
  const what = `verify ${subject.kind === 'Tag' ? `tag ${subject.name}` : `commit ${id}`} of ${remote.url.text}`;
  await checkScheme(reading.options, what, remote);
  const use = { what, remote, commit: subject.commit, signal };
  const work = (fetching: Fetch) => verifySignature(fetching, subject, keys);
  const verdict = await useRepository(reading, use, work);
  remember(reading.verdicts, key, verdict);
  return verdict;
}

function remember<T>(known: Map<string, T>, key: string, value: T): void {
  known.delete(key);
  known.set(key, value);
  const [oldest] = known.keys();
  if (known.size > maxRemembered && oldest !== undefined) {
    known.delete(oldest);
  }
}

async function checkScheme({ filesBelow }: GitRepositoriesOptions, what: string, remote: GitRemote): Promise<void> {
  if (remote.url.scheme === 'file' && !(await isBelow(filesBelow, fileURLToPath(remote.url.text)))) {
    const where = filesBelow === undefined ? '' : ` outside ${filesBelow}`;
    throw gitError(
      { what, remote },
      'GIT_DENIED',
      `repositories of the machine that Headgate runs on are not read here${where}`,
    );
  }
}

/** Links are followed first: one that leads out of the folder would show what is not meant to be read. */
async function isBelow(folder: string | undefined, path: string): Promise<boolean> {
  if (folder === undefined) {
    return false;
  }
  const real = async (one: string) => await realpath(one).catch(() => resolve(one));
  const [outer, inner] = await Promise.all([real(folder), real(path)]);
  return outer === '/' || inner === outer || inner.startsWith(`${outer}/`);
}

/** A hash, so that the key of a memory holds no secret. */
function keyOf({ url, access }: GitRemote, paths: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([url.text, access, paths]))
    .digest('base64url');
}
