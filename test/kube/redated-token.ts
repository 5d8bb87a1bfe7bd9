/** A ServiceAccount's token at another time of its life: the least that the API server gives lasts ten minutes, too long to be waited for. */
import { createPrivateKey, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const dates = ['exp', 'iat', 'nbf'];

/**
 * The token as the API server signs it itself, with all its dates moved.
 *
 * @param kubeconfigPath of a control plane of the tests, beside whose kubeconfig the key lies
 * @param bySeconds into the past when negative
 */
export async function redateToken(token: string, kubeconfigPath: string, bySeconds: number): Promise<string> {
  const [head = '', body = ''] = token.split('.');
  const claims = Object.entries(JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>);
  const moved = claims.map(([name, value]) => [name, dates.includes(name) ? Number(value) + bySeconds : value]);
  const signed = `${head}.${Buffer.from(JSON.stringify(Object.fromEntries(moved))).toString('base64url')}`;
  const key = createPrivateKey(await readFile(join(dirname(kubeconfigPath), 'pki', 'sa.key')));
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
