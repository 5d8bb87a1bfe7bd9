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

type Say = (text: string) => void;

/** Of this working tree. */
export const makeHeadgate = () => makeProductImage(fileURLToPath(new URL('../../src/main.ts', import.meta.url)));

/**
 * @param making the image, where it is being made already
 * @returns its digest
 */
export async function pushHeadgate(
  { registry }: Pick<Stage, 'registry'>,
  say: Say,
  making = makeHeadgate(),
): Promise<string> {
  const image = await making;
  const target = { host: registry, repository: 'headgate', tag: 'demo', insecure: true };
  const digest = await pushImage(image, target);
  say(`image of Headgate is made and pushed (${digest.slice(0, 19)})`);
  return digest;
}

/**
 * @param settings more values of the chart, as `helm --set` takes them
 * @param pushed digest of the image where it is in the registry already
 */
export async function installHeadgate(
  stage: Stage,
  say: Say,
  settings: readonly string[] = [],
  pushed?: string,
): Promise<void> {
  const digest = pushed ?? (await pushHeadgate(stage, say));
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
  return await headgateAlone(...words, '--namespace', namespace, '--kubeconfig', stage.kubeconfigPath);
}

/** The same, without a cluster. */
export async function headgateAlone(...words: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['src/main.ts', ...words], { cwd: root });
  return stdout;
}
