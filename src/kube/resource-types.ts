/** The built-in resources that more than one module names. Others come from discovery.ts or from the caller. */
import type { ResourceType } from './objects.ts';

export const configMaps = resource('', 'v1', 'configmaps', 'ConfigMap');
export const namespaces: ResourceType = { ...resource('', 'v1', 'namespaces', 'Namespace'), namespaced: false };
export const nodes: ResourceType = { ...resource('', 'v1', 'nodes', 'Node'), namespaced: false };
export const pods = resource('', 'v1', 'pods', 'Pod');
export const secrets = resource('', 'v1', 'secrets', 'Secret');
export const serviceAccounts = resource('', 'v1', 'serviceaccounts', 'ServiceAccount');
export const services = resource('', 'v1', 'services', 'Service');
export const daemonSets = resource('apps', 'v1', 'daemonsets', 'DaemonSet');
export const deployments = resource('apps', 'v1', 'deployments', 'Deployment');
export const replicaSets = resource('apps', 'v1', 'replicasets', 'ReplicaSet');
export const statefulSets = resource('apps', 'v1', 'statefulsets', 'StatefulSet');
export const cronJobs = resource('batch', 'v1', 'cronjobs', 'CronJob');
export const jobs = resource('batch', 'v1', 'jobs', 'Job');
export const leases = resource('coordination.k8s.io', 'v1', 'leases', 'Lease');
export const events = resource('events.k8s.io', 'v1', 'events', 'Event');
export const customResourceDefinitions: ResourceType = {
  ...resource('apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition'),
  namespaced: false,
};

function resource(group: string, version: string, plural: string, kind: string): ResourceType {
  return { group, version, plural, kind, namespaced: true };
}
