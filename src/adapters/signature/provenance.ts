/** Fulfils the engine's ProvenanceVerifier: provenance files of Helm charts, checked by gpg with a keyring of its own. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProvenanceFault, maxProvenanceBytes, readProvenance } from '../../core/chart/provenance.ts';
import { OperationError } from '../../core/errors.ts';
import type {
  ProvenanceQuestion,
  ProvenanceVerifier,
  PublicKeyFile,
  SignatureVerdict,
} from '../../engine/ports/signatures.ts';

const execute = promisify(execFile);
const timeoutMs = 20_000;
const maxKeyFiles = 50;
const maxKeyBytes = 1_048_576;
/** No agent, no question, no network; a signature over SHA-1 proves nothing any more. */
const options = ['--batch', '--no-tty', '--no-autostart', '--trust-model=always', '--weak-digest=SHA1'];

/** @param searchPath where gpg is looked for */
export function createProvenanceVerifier(searchPath: string): ProvenanceVerifier {
  return {
    async verify(question, signal) {
      const folder = await mkdtemp(join(tmpdir(), 'headgate-provenance-'));
      try {
        const gpg = gpgIn(folder, searchPath, signal);
        await importKeys(gpg, folder, question.keyring);
        return await verifyText(gpg, folder, question);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

interface GpgAnswer {
  readonly isGood: boolean;
  readonly output: string;
  readonly status: string;
}

type Gpg = (words: readonly string[]) => Promise<GpgAnswer>;

function gpgIn(folder: string, searchPath: string, signal: AbortSignal): Gpg {
  const env = { PATH: searchPath, GNUPGHOME: folder, HOME: folder, LC_ALL: 'C' };
  return async (words) => {
    const run = { env, timeout: timeoutMs, maxBuffer: 4 * maxProvenanceBytes, signal };
    try {
      const { stdout, stderr } = await execute('gpg', [...options, ...words], run);
      return { isGood: true, output: stdout, status: stderr };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Error && 'code' in error && typeof error.code === 'number') {
        const said = 'stderr' in error ? String(error.stderr) : '';
        return { isGood: false, output: '', status: said };
      }
      throw new OperationError(`verify the provenance of a chart: start gpg: ${messageOf(error)}`, {
        code: 'CONFIG_INVALID',
        retry: 'backoff',
        cause: error,
      });
    }
  };
}

async function importKeys(gpg: Gpg, folder: string, keyring: readonly PublicKeyFile[]): Promise<void> {
  if (keyring.length > maxKeyFiles || keyring.some(({ content }) => content.length > maxKeyBytes)) {
    throw invalidKeyring(`more than ${maxKeyFiles} entries, or one of more than ${maxKeyBytes} bytes`);
  }
  for (const { name, content } of keyring) {
    const file = join(folder, 'key');
    await writeFile(file, content, { mode: 0o600 });
    const { isGood } = await gpg(['--quiet', '--import', file]);
    if (!isGood) {
      throw invalidKeyring(`"${name}" is no OpenPGP public key, as gpg --export writes it`);
    }
  }
}

/** What is read afterwards is what gpg says was signed, never what stands in the file around it. */
async function verifyText(
  gpg: Gpg,
  folder: string,
  { provenance, chart }: ProvenanceQuestion,
): Promise<SignatureVerdict> {
  const file = join(folder, 'provenance');
  await writeFile(file, provenance, { mode: 0o600 });
  const { isGood, output, status } = await gpg(['--status-fd=2', '--output=-', '--decrypt', file]);
  const signers = [...status.matchAll(/^\[GNUPG:\] VALIDSIG ([0-9A-F]{40,64})\b/gm)].map((match) => match[1] ?? '');
  const [by, ...others] = signers;
  if (!isGood || by === undefined || others.length > 0) {
    return { kind: 'Unverified', reason: reasonOf(status) };
  }
  const claim = readProvenance(output);
  const fault = typeof claim === 'string' ? claim : findProvenanceFault(claim, chart);
  return fault === undefined ? { kind: 'Verified', by: [by] } : { kind: 'Unverified', reason: fault };
}

/** Status lines of gpg (GnuPG, doc/DETAILS). */
const reasons: readonly (readonly [status: string, reason: string])[] = [
  ['BADSIG', 'the signature of its provenance is not of that text'],
  ['NO_PUBKEY', 'its provenance was made with none of the keys'],
  ['EXPKEYSIG', 'the key of its provenance has expired'],
  ['REVKEYSIG', 'the key of its provenance was revoked'],
];

function reasonOf(status: string): string {
  const found = reasons.find(([word]) => status.includes(`[GNUPG:] ${word}`));
  return found?.[1] ?? 'its provenance has no signature that can be checked';
}

function invalidKeyring(problem: string): OperationError {
  return new OperationError(`the keyring for the provenance of charts: ${problem}`, {
    code: 'SECRET_INVALID',
    retry: 'backoff',
    context: { field: 'provenance.keyringSecretRef' },
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
