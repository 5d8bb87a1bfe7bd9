/** The Environment Operator's metrics under its own names. */
import { Counter, type Registry } from 'prom-client';

export const environmentDefinitions = {
  environmentDeploys: {
    name: 'eo_deploys_total',
    type: 'counter',
    help: 'Calls of POST /eo/.../deploy, as the Environment Operator counts them; status is success or failure.',
    labels: ['status'],
  },
  environmentConfigMapDeploys: {
    name: 'eo_configmap_deploys_total',
    type: 'counter',
    help: 'ConfigMaps that the Environment Operator has deployed; always 0, as Headgate deploys none by this way.',
    labels: ['status'],
  },
} as const;

export interface EnvironmentMetrics {
  readonly deploys: Counter<'status'>;
}

export function createEnvironmentMetrics(registry: Registry): EnvironmentMetrics {
  const registers = [registry];
  const { environmentDeploys, environmentConfigMapDeploys } = environmentDefinitions;
  const counterOf = ({ name, help, labels }: { name: string; help: string; labels: readonly 'status'[] }) =>
    new Counter({ name, help, labelNames: [...labels], registers });
  counterOf(environmentConfigMapDeploys).inc({ status: 'success' }, 0);
  return { deploys: counterOf(environmentDeploys) };
}
