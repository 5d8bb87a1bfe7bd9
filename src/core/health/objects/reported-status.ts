/**
 * Kinds whose controllers are known to report a status.
 *
 * kstatus calls an object Current about which nothing is known, and so also one that its controller has not seen yet
 * (kustomize-controller#387). For the kinds of this list we know better: they are InProgress until they have reported.
 */
import { type Fields, fieldAt } from './fields.ts';

/** The field that a controller always writes, from the first time it saw the object. */
type Report = 'status.observedGeneration' | 'status.conditions';

const observed: Report = 'status.observedGeneration';
const conditions: Report = 'status.conditions';

const reports: ReadonlyMap<string, Report> = new Map<string, Report>([
  ['apps/Deployment', observed],
  ['apps/ReplicaSet', observed],
  ['apps/StatefulSet', observed],
  ['cert-manager.io/Certificate', conditions],
  ['cert-manager.io/CertificateRequest', conditions],
  ['cert-manager.io/ClusterIssuer', conditions],
  ['cert-manager.io/Issuer', conditions],
  ['headgate.dev/App', observed],
  ['headgate.dev/Update', observed],
  ['helm.toolkit.fluxcd.io/HelmRelease', observed],
  ['image.toolkit.fluxcd.io/ImagePolicy', observed],
  ['image.toolkit.fluxcd.io/ImageRepository', observed],
  ['image.toolkit.fluxcd.io/ImageUpdateAutomation', observed],
  ['kustomize.toolkit.fluxcd.io/Kustomization', observed],
  ['notification.toolkit.fluxcd.io/Receiver', observed],
  ['policy/PodDisruptionBudget', observed],
  ['source.toolkit.fluxcd.io/Bucket', observed],
  ['source.toolkit.fluxcd.io/ExternalArtifact', conditions],
  ['source.toolkit.fluxcd.io/GitRepository', observed],
  ['source.toolkit.fluxcd.io/HelmChart', observed],
  ['source.toolkit.fluxcd.io/OCIRepository', observed],
]);

/** The field that is still to come, or undefined when nothing is missing. A suspended object may never get one. */
export function missingReport(object: Fields, group: string, kind: string): Report | undefined {
  const report = reports.get(`${group}/${kind}`);
  const isMissing = report !== undefined && fieldAt(object, report) === undefined;
  return isMissing && fieldAt(object, 'spec.suspend') !== true ? report : undefined;
}
