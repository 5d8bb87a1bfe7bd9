/** Headgate in the cluster of the demo, installed as a person would. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { locateTools } from '../../test/cluster/binaries.ts';
import { pushImage } from '../oci/push.ts';
import { makeProductImage } from '../product-image/product-image.ts';
import type { Stage } from './stage.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param settings more values of the chart, as `helm --set` takes them */
export async function installHeadgate(
  stage: Stage,
  say: (text: string) => void,
  settings: readonly string[] = [],
): Promise<void> {
  const image = await makeProductImage(fileURLToPath(new URL('../../src/main.ts', import.meta.url)));
  const target = { host: stage.registry, repository: 'headgate', tag: 'demo', insecure: true };
  const digest = await pushImage(image, target);
  say(`image of Headgate is made and pushed (${digest.slice(0, 19)})`);
  const { helm } = await locateTools(['helm']);
  const values = [
    `image.repository=${stage.registry}/headgate`,
    'image.tag=demo',
    `image.digest=${digest}`,
    ...settings,
  ];
  const set = values.flatMap((value) => ['--set', value]);
  const install = ['install', 'headgate', `${root}chart`, '--namespace', 'headgate', '--create-namespace', '--wait'];
  await run(helm, [...install, ...set, '--timeout', '60s'], {
    env: { ...process.env, KUBECONFIG: stage.kubeconfigPath },
  });
  say('helm install headgate: its pod is ready');
}

/** The program as a person on this machine would call it. */
export async function headgate(stage: Stage, namespace: string, ...words: readonly string[]): Promise<string> {
  const call = ['src/main.ts', ...words, '--namespace', namespace, '--kubeconfig', stage.kubeconfigPath];
  const { stdout } = await run(process.execPath, call, { cwd: root });
  return stdout;
}
