/** The objects that bench/apply.ts applies: what a team of services typically has. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Services whose objects are 2,000 together. */
export const serviceCount = 500;

/** Four objects of one service; `version` is the one line that changes. */
export function serviceObjects(index: number, version = 1): readonly object[] {
  const name = `app-${index}`;
  const labels = { 'app.kubernetes.io/name': name, team: `team-${index % 20}` };
  const metadata = { name, labels };
  const container = {
    name: 'main',
    image: `registry.example.org/team-${index % 20}/app:1.${index % 40}.0`,
    envFrom: [{ configMapRef: { name } }],
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
  };
  const selector = { 'app.kubernetes.io/name': name };
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { setting: `value ${version}`, other: `of ${index}` } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 0,
        selector: { matchLabels: selector },
        template: { metadata: { labels }, spec: { serviceAccountName: name, containers: [container] } },
      },
    },
  ];
}

/** One file of four objects for each service, as YAML documents (JSON is YAML, but people write block style). */
export async function writeServices(folder: string, count: number): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (let index = 0; index < count; index += 1) {
    await writeService(folder, index, 1);
  }
}

export async function writeService(folder: string, index: number, version: number): Promise<void> {
  const documents = serviceObjects(index, version).map((object) => toYaml(object, ''));
  await writeFile(join(folder, `app-${index}.yaml`), documents.join('\n---\n'));
}

function toYaml(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    return value.map((item) => `${indent}- ${toYaml(item, `${indent}  `).trimStart()}`).join('\n');
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([key, inner]) =>
        typeof inner === 'object' && inner !== null
          ? `${indent}${key}:\n${toYaml(inner, `${indent}  `)}`
          : `${indent}${key}: ${JSON.stringify(inner)}`,
      )
      .join('\n');
  }
  return `${indent}${JSON.stringify(value)}`;
}
