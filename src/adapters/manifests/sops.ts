/** Decrypts files with the real sops: content by pipe, keys by environment, nothing on the disk. */
import { tmpdir } from 'node:os';
import type { SourceFile } from '../../engine/ports/source-tree.ts';
import { runProgram } from './run-program.ts';

/** Whether the file has what SOPS adds to one that it encrypts. */
export function isEncrypted({ path, content }: SourceFile): boolean {
  if (!/\.(ya?ml|json|env|ini)$/.test(path)) {
    return false;
  }
  return content.includes('ENC[AES256_GCM,') && /^["\s]*sops["]?:|^sops_|^\[sops\]/m.test(content.toString('latin1'));
}

/** @throws MANIFEST_INVALID with the words of sops when no key fits or somebody changed the file */
export async function decryptFile(
  { sops, path: searchPath }: { readonly sops: string; readonly path: string },
  file: SourceFile,
  ageKeys: string,
  signal: AbortSignal,
): Promise<SourceFile> {
  const type = formatOf(file.path);
  const content = await runProgram(
    {
      what: `decrypt ${file.path}`,
      program: sops,
      arguments: ['decrypt', '--input-type', type, '--output-type', type, '--filename-override', file.path],
      directory: tmpdir(),
      environment: { PATH: searchPath, SOPS_AGE_KEY: ageKeys, HOME: '/nonexistent' },
      input: file.content,
    },
    signal,
  );
  return { path: file.path, content };
}

function formatOf(path: string): string {
  const ending = /\.([a-z]+)$/.exec(path)?.[1] ?? 'yaml';
  return ending === 'yml' ? 'yaml' : ending === 'env' ? 'dotenv' : ending;
}
