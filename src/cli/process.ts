/** A command line that is a process of its own; runProgram also runs within others. */
import type { ExitCode } from './command.ts';
import { runProgram, type Terminal } from './program.ts';

/** Those that start helm, kustomize or git. */
const writingFiles: ReadonlySet<string | undefined> = new Set(['controller', 'run', 'apply', 'plan']);

export async function runProcess(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  if (!writingFiles.has(words[0])) {
    return await runProgram(words, terminal);
  }
  const { withOwnTemporaryFolder } = await import('../app/own-temporary-folder.ts');
  return await withOwnTemporaryFolder(() => runProgram(words, terminal));
}
