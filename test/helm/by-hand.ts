/** What a person does with Helm at a terminal, and how that looks afterwards. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { secrets } from '../../src/kube/resource-types.ts';
import { locateTools } from '../cluster/binaries.ts';
import { outputOf } from '../cluster/run-command.ts';

/** Where it happens. */
export interface Place {
  readonly client: KubeClient;
  readonly namespace: string;
}

export interface Installation {
  readonly namespace: string;
  readonly release: string;
  readonly archive: Uint8Array;
  readonly values: Readonly<Record<string, unknown>>;
  /** Further flags of `helm upgrade`. */
  readonly flags?: readonly string[];
}

/** `helm upgrade --install` with nothing that Headgate would say. */
export async function installByHand(
  kubeconfig: string,
  { namespace, release, archive, values, flags = [] }: Installation,
): Promise<void> {
  const { helm } = await locateTools(['helm']);
  const folder = await mkdtemp(join(tmpdir(), 'headgate-by-hand-'));
  try {
    await writeFile(join(folder, 'chart.tgz'), archive);
    await writeFile(join(folder, 'values.json'), JSON.stringify(values));
    const file = ['--kubeconfig', kubeconfig, '--namespace', namespace, '--values', join(folder, 'values.json')];
    await outputOf(helm, ['upgrade', '--install', release, join(folder, 'chart.tgz'), ...file, ...flags], 30_000);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `number status` of each revision, newest first. */
export async function revisionsOf({ client, namespace }: Place, release: string): Promise<readonly string[]> {
  const labelSelector = `owner=helm,name=${release}`;
  const { items } = await client.list<KubeObject>(secrets, { namespace, labelSelector });
  return items
    .map(({ metadata }) => metadata.labels ?? {})
    .toSorted((left, right) => Number(right['version']) - Number(left['version']))
    .map((labels) => `${labels['version']} ${labels['status']}`);
}

/** A Deployment of the image in the values; `refuse` makes rendering fail, `broken` adds an object that the API server refuses. */
export const webTemplate = `{{ if .Values.image.refuse }}{{ fail "refused as asked" }}{{ end -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: 1
  selector:
    matchLabels: { app: {{ .Release.Name }} }
  template:
    metadata:
      labels: { app: {{ .Release.Name }} }
    spec:
      containers:
        - name: app
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
{{- if .Values.broken }}
---
apiVersion: v1
kind: Service
metadata: { name: Not_A_Name }
spec: { ports: [{ port: 80 }] }
{{- end }}
`;

interface ReleaseSecret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** Locks a release as a helm leaves it that was killed in the middle of an upgrade: its newest revision again, pending. */
export async function lockByHand({ client, namespace }: Place, release: string, revision: number): Promise<void> {
  const name = `sh.helm.release.v1.${release}.v${revision}`;
  const secret = await client.get<ReleaseSecret>(secrets, { namespace, name });
  const packed = Buffer.from(Buffer.from(secret.data?.['release'] ?? '', 'base64').toString(), 'base64');
  const payload: { info: object } = JSON.parse(gunzipSync(packed).toString());
  const pending = { ...payload, version: revision + 1, info: { ...payload.info, status: 'pending-upgrade' } };
  const data = Buffer.from(gzipSync(JSON.stringify(pending)).toString('base64')).toString('base64');
  const labels = { ...secret.metadata.labels, version: String(revision + 1), status: 'pending-upgrade' };
  await client.create<ReleaseSecret>(secrets, {
    type: secret.type ?? '',
    metadata: { namespace, name: `sh.helm.release.v1.${release}.v${revision + 1}`, labels },
    data: { release: data },
  });
}
