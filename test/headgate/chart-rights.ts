/**
 * The rights that the chart gives: whoever works in a test with those of an administrator does not see that one is missing in production.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dump, load } from 'js-yaml';
import { outputOf } from '../cluster/run-command.ts';
import type { Stage } from './stage.ts';

const chart = fileURLToPath(new URL('../../chart', import.meta.url));
const templates = ['templates/rbac.yaml', 'templates/service-account.yaml'];
const longestMs = 30_000;

interface Kubeconfig {
  readonly users: readonly { readonly name: string }[];
}

/**
 * Makes the ServiceAccount and roles of the chart; they end with the stage.
 *
 * @param values of the chart, for example `backups=true`
 * @returns the path of a kubeconfig of that ServiceAccount
 */
export async function kubeconfigOfChart(stage: Stage, values: readonly string[] = []): Promise<string> {
  const { namespace, kubeconfigPath, programs } = stage;
  const folder = await mkdtemp(join(tmpdir(), 'headgate-rights-'));
  stage.atEnd(() => rm(folder, { recursive: true, force: true }));
  const set = ['image.repository=registry.example.com/headgate', ...values].flatMap((value) => ['--set', value]);
  const shown = templates.flatMap((template) => ['--show-only', template]);
  const rights = join(folder, 'rights.yaml');
  const words = ['template', 'headgate', chart, '--namespace', namespace, ...set, ...shown];
  await writeFile(rights, await outputOf(programs.helm, words, longestMs));
  await kubectl(stage, 'create', '--filename', rights);
  stage.atEnd(async () => {
    await kubectl(stage, 'delete', '--ignore-not-found', '--filename', rights);
  });
  const token = (await kubectl(stage, 'create', 'token', 'headgate', '--duration', '1h')).trim();
  const administrator = load(await readFile(kubeconfigPath, 'utf8')) as Kubeconfig;
  const users = administrator.users.map(({ name }) => ({ name, user: { token } }));
  const path = join(folder, 'kubeconfig');
  await writeFile(path, dump({ ...administrator, users }), { mode: 0o600 });
  return path;
}

/** Gives that ServiceAccount one more right in the namespace, as an administrator would. */
export async function giveRight(stage: Stage, verb: string, resource: string): Promise<void> {
  await kubectl(stage, 'create', 'role', 'more', `--verb=${verb}`, `--resource=${resource}`);
  await kubectl(stage, 'create', 'rolebinding', 'more', '--role=more', `--serviceaccount=${stage.namespace}:headgate`);
}

async function kubectl({ kubeconfigPath, namespace, programs }: Stage, ...command: readonly string[]): Promise<string> {
  const words = ['--kubeconfig', kubeconfigPath, '--namespace', namespace, ...command];
  return await outputOf(programs.kubectl, words, longestMs);
}
