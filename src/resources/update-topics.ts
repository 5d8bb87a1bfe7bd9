/** Under which words Updates are listed. */
import { hasEnded, type UpdateObjectWire } from './decode-update.ts';

/** Those of any namespace that have not ended. */
export const openAnywhere = 'open';

/** Those of a namespace that have not ended. */
export function openIn(namespace: string): string {
  return `open in ${namespace}`;
}

/** Those of one App. */
export function ofApp(namespace: string, app: string): string {
  return `${namespace}/${app}`;
}

/** All words for an Update. */
export function topicsOfUpdate(update: UpdateObjectWire): readonly string[] {
  const { namespace } = update.metadata;
  return [ofApp(namespace, update.spec.app), ...(hasEnded(update) ? [] : [openAnywhere, openIn(namespace)])];
}
