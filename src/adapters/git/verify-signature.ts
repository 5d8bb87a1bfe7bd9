/** Whether a commit or a tag is signed by one of some keys, as git itself finds it. */
import type { GitSubject } from '../../engine/ports/git.ts';
import type { PublicKeyFile, SignatureVerdict } from '../../engine/ports/signatures.ts';
import { type Fetching, fetchCommit } from './fetch-commits.ts';
import { runGit } from './run-git.ts';
import { type TrustedKeys, withTrustedKeys } from './trusted-keys.ts';

/** Far more than a message of people has; a larger one cannot be shown, and need not be verified. */
const maxObjectBytes = 2 ** 20;

type Format = 'openpgp' | 'ssh';

/** @throws SECRET_INVALID for what is no public key, and errors of git */
export async function verifySignature(
  fetching: Fetching,
  subject: GitSubject,
  keys: readonly PublicKeyFile[],
): Promise<SignatureVerdict> {
  await fetchCommit(fetching, subject.commit, 1);
  if (subject.kind === 'Tag') {
    await fetchTag(fetching, subject.object);
  }
  const text = await readObject(fetching, subject);
  const format = signatureFormat(subject, text);
  const problem = (subject.kind === 'Tag' ? findMismatch(subject, text) : undefined) ?? describeFormat(format);
  if (problem !== undefined || (format !== 'openpgp' && format !== 'ssh')) {
    return { kind: 'Unverified', reason: problem ?? 'it is not signed' };
  }
  return await withTrustedKeys(fetching.program, keys, async (trusted) =>
    trusted.formats.includes(format)
      ? await askGit(fetching, subject, { format, trusted })
      : { kind: 'Unverified', reason: `it is signed with ${names[format]}, and there is no such key` },
  );
}

const names: Readonly<Record<Format, string>> = { openpgp: 'OpenPGP', ssh: 'ssh' };

/** The commit comes with it; only the ref that it is a tip of was ever promised, so it is asked for by its own id. */
async function fetchTag({ program, remote, repository, what, timeoutMs, signal }: Fetching, object: string) {
  const words = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--recurse-submodules=no'];
  const ref = `+${object}:refs/fetched/${object}`;
  await runGit(
    program,
    {
      what,
      arguments: [
        'fetch',
        ...words,
        '--filter=blob:none',
        '--depth=1',
        '--update-shallow',
        '--end-of-options',
        'source',
        ref,
      ],
      directory: repository.directory,
      remote,
      timeoutMs,
    },
    signal,
  );
  // It may have cut the history that was there.
  repository.depths.clear();
}

async function readObject({ program, repository, what, signal }: Fetching, subject: GitSubject): Promise<string> {
  const [type, id] = subject.kind === 'Tag' ? ['tag', subject.object] : ['commit', subject.commit];
  const { output } = await runGit(
    program,
    { what, arguments: ['cat-file', type, id], directory: repository.directory, maxOutputBytes: maxObjectBytes },
    signal,
  );
  return output.toString('latin1');
}

/** Git takes the first of its headers in a commit, and the end of a tag (git, `gpg-interface.c`). */
function signatureFormat({ kind }: GitSubject, text: string): Format | 'other' | 'none' {
  const head = text.slice(0, Math.max(0, text.indexOf('\n\n')));
  const signature =
    kind === 'Commit' ? /^gpgsig(?:-sha256)? (-----BEGIN [A-Z ]+-----)$/m.exec(head)?.[1] : lastBegin(text);
  switch (signature) {
    case undefined:
      return 'none';
    case '-----BEGIN PGP SIGNATURE-----':
    case '-----BEGIN PGP MESSAGE-----':
      return 'openpgp';
    case '-----BEGIN SSH SIGNATURE-----':
      return 'ssh';
    default:
      return 'other';
  }
}

function lastBegin(text: string): string | undefined {
  return [...text.matchAll(/^-----BEGIN [A-Z ]+-----$/gm)].at(-1)?.[0];
}

function describeFormat(format: Format | 'other' | 'none'): string | undefined {
  switch (format) {
    case 'none':
      return 'it is not signed';
    case 'other':
      return 'it is signed neither with OpenPGP nor with ssh';
    default:
      return undefined;
  }
}

/** The name of a ref is not signed, but the name in the object is: without this an old tag could be given a new name. */
function findMismatch({ name, commit }: GitSubject & { readonly kind: 'Tag' }, text: string): string | undefined {
  const [object, type, tag] = text.split('\n');
  if (object !== `object ${commit}` || type !== 'type commit') {
    return 'the tag object names another commit';
  }
  return tag === `tag ${Buffer.from(name).toString('latin1')}` ? undefined : 'the tag object was made for another name';
}

async function askGit(
  { program, repository, what, signal }: Fetching,
  subject: GitSubject,
  { format, trusted }: { readonly format: Format; readonly trusted: TrustedKeys },
): Promise<SignatureVerdict> {
  const [verb, id] = subject.kind === 'Tag' ? ['verify-tag', subject.object] : ['verify-commit', subject.commit];
  const { code, errors } = await runGit(
    program,
    {
      what,
      arguments: [verb, '--raw', id],
      directory: repository.directory,
      config: trusted.config,
      environment: trusted.environment,
      answers: [0, 1],
    },
    signal,
  );
  const said = errors.toString('utf8');
  const by = format === 'openpgp' ? signerOfPgp(said) : signerOfSsh(said);
  // Both are asked: the exit code is what git makes of it, the line is what the program said of the key.
  return code === 0 && by !== undefined
    ? { kind: 'Verified', by: [by] }
    : { kind: 'Unverified', reason: format === 'openpgp' ? reasonOfPgp(said) : reasonOfSsh(said) };
}

/** Status lines of gpg (GnuPG, doc/DETAILS). */
function signerOfPgp(said: string): string | undefined {
  return /^\[GNUPG:\] VALIDSIG ([0-9A-F]{40,64})\b/m.exec(said)?.[1];
}

const pgpReasons: readonly (readonly [status: string, reason: string])[] = [
  ['BADSIG', 'its signature is not of what it stands on'],
  ['NO_PUBKEY', 'it was made with none of the keys'],
  ['EXPKEYSIG', 'its key has expired'],
  ['EXPSIG', 'its signature has expired'],
  ['REVKEYSIG', 'its key was revoked'],
  ['ERRSIG', 'its signature cannot be checked'],
];

function reasonOfPgp(said: string): string {
  const found = pgpReasons.find(([status]) => said.includes(`[GNUPG:] ${status}`));
  return found?.[1] ?? 'its signature cannot be checked';
}

function signerOfSsh(said: string): string | undefined {
  const [, principal, key] = /^Good "git" signature for (\S+) with \S+ key (\S+)$/m.exec(said) ?? [];
  return principal === undefined ? undefined : `${principal} (${key})`;
}

function reasonOfSsh(said: string): string {
  return /No principal matched/i.test(said) || /^Good "git" signature with/m.test(said)
    ? 'it was made with none of the keys'
    : 'its signature is not of what it stands on';
}
