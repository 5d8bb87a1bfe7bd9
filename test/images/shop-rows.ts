/** What stands in the database of a shop, asked in its pod. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface ShopAsked {
  /** Path of a kubectl that fits the cluster. */
  readonly kubectl: string;
  readonly kubeconfigPath: string;
  readonly namespace: string;
}

/** One line for each table, `orders 2000 <md5 of all rows in order>`: the same lines mean the same rows. */
export async function readRows({ kubectl, kubeconfigPath, namespace }: ShopAsked): Promise<string> {
  const target = ['--kubeconfig', kubeconfigPath, '--namespace', namespace, 'exec', 'deployment/shop', '--'];
  const { stdout } = await promisify(execFile)(kubectl, [...target, '/bin/sh', '/shop/checksum']);
  return stdout.trim();
}
