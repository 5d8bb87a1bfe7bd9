/** The chart of web, whose value `theme` each cluster may set for itself; from version 3 on the pod is ready only where its image has the theme. */
import { packChart } from '../helm/charts.ts';
import { webDeployment } from '../images/web-objects.ts';

/** First major version that asks for a theme. */
const themesSince = 3;

/** @param repository of the images, whose tag is the version of the chart */
export async function packWebChart(version: string, repository: string): Promise<Buffer> {
  const web = webDeployment({ name: 'web', namespace: '', image: `${repository}:${version}`, replicas: 1 });
  const text = JSON.stringify({ ...web, metadata: { name: 'web', labels: { app: 'web' } } })
    .replace(
      '"name":"web","image"',
      '"env":[{"name":"THEME","value":{{ .Values.theme | quote }}}],"name":"web","image"',
    )
    .replace('/ready', Number.parseInt(version, 10) < themesSince ? '/ready' : '/themes/{{ .Values.theme }}');
  const files = { 'templates/web.yaml': text };
  return await packChart({ name: 'web', version, files, values: 'theme: light\n' });
}
