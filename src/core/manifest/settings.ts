/** Names the state of what an App asks for besides versions, so that a change of it is an Update like any other. */
import { createHash } from 'node:crypto';
import type { ManifestsDeploy } from '../app/manifests-deploy.ts';
import { canonicalJson } from './canonical.ts';

/** Only what changes the objects: whether drift is corrected or what a deletion does needs no Update. */
export function settingsOf({ source, path, namespace, serviceAccount, ignore }: ManifestsDeploy): string {
  const asked = { source, path, namespace, serviceAccount, ignore };
  return `sha256:${createHash('sha256').update(canonicalJson(asked)).digest('hex')}`;
}
