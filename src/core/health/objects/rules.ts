/** The kinds that kstatus has a rule of their own for; all others are judged by conditions that every kind may have. */
import { assessCustomResourceDefinition } from './custom-resource-definition.ts';
import { assessDaemonSet } from './daemon-set.ts';
import { assessDeployment } from './deployment.ts';
import { assessJob } from './job.ts';
import { current } from './object-health.ts';
import { assessPersistentVolumeClaim } from './persistent-volume-claim.ts';
import { assessPod } from './pod.ts';
import { assessReplicaSet } from './replica-set.ts';
import type { Rule } from './rule.ts';
import { assessService } from './service.ts';
import { assessStatefulSet } from './stateful-set.ts';

const alwaysCurrent: Rule = () => current('there is nothing to wait for in this kind');

/** Observed in its present form, or it would not have come this far. */
const assessPodDisruptionBudget: Rule = () => current('its controller has seen it');

/** `group/kind`, without a group for the core kinds (legacyTypes of kstatus). */
const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['ConfigMap', alwaysCurrent],
  ['PersistentVolumeClaim', assessPersistentVolumeClaim],
  ['Pod', assessPod],
  ['Secret', alwaysCurrent],
  ['Service', assessService],
  ['apiextensions.k8s.io/CustomResourceDefinition', assessCustomResourceDefinition],
  ['apps/DaemonSet', assessDaemonSet],
  ['apps/Deployment', assessDeployment],
  ['apps/ReplicaSet', assessReplicaSet],
  ['apps/StatefulSet', assessStatefulSet],
  ['batch/CronJob', alwaysCurrent],
  ['batch/Job', assessJob],
  ['extensions/DaemonSet', assessDaemonSet],
  ['extensions/Deployment', assessDeployment],
  ['extensions/ReplicaSet', assessReplicaSet],
  ['policy/PodDisruptionBudget', assessPodDisruptionBudget],
]);

/** The rule for a kind of a group (empty for core kinds); undefined when it has none of its own. */
export function ruleFor(group: string, kind: string): Rule | undefined {
  return rules.get(group === '' ? kind : `${group}/${kind}`);
}
