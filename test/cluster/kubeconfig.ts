import { writeFile } from 'node:fs/promises';
import { dump } from 'js-yaml';
import type { Certificate } from './certificates.ts';

export interface Access {
  readonly cluster: string;
  /** URL of the API server. */
  readonly server: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly authority: string;
  readonly client: Certificate;
}

/** Writes a kubeconfig with a client certificate that only the owner of the file can read. */
export async function writeKubeconfig(path: string, access: Access): Promise<void> {
  const { cluster: name, server, authority, client } = access;
  const text = dump({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: [
      {
        name: 'admin',
        user: { 'client-certificate-data': base64(client.certificate), 'client-key-data': base64(client.key) },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: 'admin' } }],
    'current-context': name,
  });
  await writeFile(path, text, { mode: 0o600 });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
