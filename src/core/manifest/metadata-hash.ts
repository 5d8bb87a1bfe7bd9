import { type Fields, isFields } from '../health/objects/fields.ts';
import { contentHash } from './canonical.ts';

/** Written by the controllers of Kubernetes into each object of their kinds, soon after it was applied. */
const ofControllers: ReadonlySet<string> = new Set([
  'deployment.kubernetes.io/revision',
  'deprecated.daemonset.template.generation',
]);

/** Of labels and annotations of an object: what somebody may change without another generation. */
export function metadataHash({ metadata }: { readonly metadata?: unknown }): string {
  const { labels = {}, annotations = {} }: Fields = isFields(metadata) ? metadata : {};
  const own = isFields(annotations) ? Object.entries(annotations).filter(([key]) => !ofControllers.has(key)) : [];
  return contentHash({ labels, annotations: Object.fromEntries(own) });
}
