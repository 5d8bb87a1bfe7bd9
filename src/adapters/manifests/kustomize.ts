/**
 * Builds a kustomization with the kustomize in kubectl: in a temporary folder that holds the tree and nothing else, with neither
 * cluster, credentials nor network in its environment. Remote bases and plugins are refused before it is run.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { OperationError } from '../../core/errors.ts';
import type { SourceFile } from '../../engine/ports/source-tree.ts';
import { parse } from './kustomization-fields.ts';
import { runProgram } from './run-program.ts';

export interface KustomizeTree {
  /** Of the whole source. */
  readonly files: readonly SourceFile[];
  /** Of the kustomization. */
  readonly path: string;
}

/** @throws MANIFEST_INVALID with kustomize's own words, or for a remote base or a plugin */
export async function buildKustomization(
  { kubectl, path: searchPath }: { readonly kubectl: string; readonly path: string },
  { files, path }: KustomizeTree,
  signal: AbortSignal,
): Promise<string> {
  for (const file of files.filter((one) => /(^|\/)(kustomization\.ya?ml|Kustomization)$/.test(one.path))) {
    refuseRemote(file);
  }
  const folder = await mkdtemp(join(tmpdir(), 'headgate-kustomize-'));
  try {
    for (const { path: name, content } of files) {
      await mkdir(dirname(join(folder, 'tree', name)), { recursive: true });
      await writeFile(join(folder, 'tree', name), content);
    }
    const output = await runProgram(
      {
        what: `build kustomization ${path || 'in the root'}`,
        program: kubectl,
        arguments: ['kustomize', join(folder, 'tree', path)],
        directory: join(folder, 'tree'),
        // No proxy, no home, no git: what it would need to fetch a remote base. GIT_ALLOW_PROTOCOL forbids the rest.
        environment: { PATH: searchPath, HOME: folder, GIT_ALLOW_PROTOCOL: 'none', KUBECONFIG: '/dev/null' },
      },
      signal,
    );
    return output.toString('utf8').replaceAll(`${folder}/tree/`, '');
  } catch (error) {
    throw withoutFolder(error, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const referring = ['resources', 'bases', 'components', 'crds', 'patchesStrategicMerge'];
const plugins = ['generators', 'transformers', 'validators', 'helmCharts', 'helmChartInflationGenerator'];

function refuseRemote(file: SourceFile): void {
  const fields = parse(file);
  for (const name of referring) {
    const remote = listAt(fields, name).find((one) =>
      /^[a-z][a-z0-9+.-]*:|^[^/]*@|\?ref=|^(?:github|gitlab|bitbucket)\.[a-z]+\//i.test(one),
    );
    if (remote !== undefined) {
      throw refused(file, `${name} names "${remote}", which is not in the source; copy it there`);
    }
  }
  const plugin = plugins.find((name) => fields[name] !== undefined);
  if (plugin !== undefined) {
    throw refused(file, `${plugin} would run programs or fetch charts, which is not done; render them beforehand`);
  }
}

function listAt(fields: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const value = fields[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function refused({ path }: SourceFile, what: string): OperationError {
  return new OperationError(`read ${path}: ${what}`, {
    code: 'MANIFEST_INVALID',
    retry: 'never',
    context: { file: path },
  });
}

function withoutFolder(error: unknown, folder: string): unknown {
  if (!(error instanceof OperationError)) {
    return error;
  }
  const { code, retry, context } = error;
  return new OperationError(error.message.replaceAll(`${folder}/tree/`, '').replaceAll(folder, ''), {
    code,
    retry,
    context,
  });
}
