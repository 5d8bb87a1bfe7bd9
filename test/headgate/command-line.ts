/** The program as a person would call it, in the process of the test. */
import { runProgram } from '../../src/cli/program.ts';
import type { Stage } from './stage.ts';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs one command on the namespace of the story. */
export async function headgate({ kubeconfigPath, namespace }: Stage, ...words: readonly string[]): Promise<Said> {
  const said = { out: '', error: '' };
  const signal = AbortSignal.timeout(120_000);
  const code = await runProgram([...words, '--kubeconfig', kubeconfigPath, '--namespace', namespace], {
    out: (text) => {
      said.out += text;
    },
    error: (text) => {
      said.error += text;
    },
    signal,
  });
  return { code, ...said };
}
