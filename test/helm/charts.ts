/** Charts for tests, packed by the real `helm package`. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { locateTools } from '../cluster/binaries.ts';
import { outputOf } from '../cluster/run-command.ts';

export interface ChartText {
  readonly name?: string;
  readonly version: string;
  /** Further lines of Chart.yaml. */
  readonly about?: string;
  readonly values?: string;
  /** Path within the chart -> text. */
  readonly files: Readonly<Record<string, string>>;
}

/** The archive of a chart. */
export async function packChart({
  name = 'demo',
  version,
  about = '',
  values = '',
  files,
}: ChartText): Promise<Buffer> {
  const { helm } = await locateTools(['helm']);
  const folder = await mkdtemp(join(tmpdir(), 'headgate-chart-'));
  try {
    const chart = join(folder, name);
    const all = {
      'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\n${about}`,
      'values.yaml': values,
      ...files,
    };
    for (const [path, text] of Object.entries(all)) {
      await mkdir(dirname(join(chart, path)), { recursive: true });
      await writeFile(join(chart, path), text);
    }
    await outputOf(helm, ['package', chart, '--destination', folder]);
    return await readFile(join(folder, `${name}-${version}.tgz`));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One ConfigMap `RELEASE-settings` with the value `color`. */
export const settingsTemplate = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings
data:
  color: {{ .Values.color | quote }}
  version: {{ .Chart.Version | quote }}
`;

/** A Job that is never run on an API server without nodes: the hook lasts until its time is over. */
export function hookTemplate(events: string, condition = 'true'): string {
  return `{{ if ${condition} }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-hook
  annotations:
    helm.sh/hook: ${events}
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: hook, image: localhost/none }]
{{ end }}
`;
}

/** A test of the chart as a pod, `RELEASE-test`. */
export const testPodTemplate = `apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test
  annotations: { helm.sh/hook: test }
spec:
  restartPolicy: Never
  containers: [{ name: test, image: localhost/none }]
`;
