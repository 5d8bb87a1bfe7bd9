/**
 * Reading and rewriting `metadata.managedFields`, where server-side apply keeps who owns which field.
 *
 * An object that kubectl or Helm made is taken over: their fields become ours, so that one which leaves the manifests later
 * leaves the cluster too, as kubectl itself does when it moves to server-side apply (k8s.io/client-go/util/csaupgrade).
 */
import { type Fields, isFields } from '../health/objects/fields.ts';

/** Names under which tools that deploy own fields; a person's `kubectl edit`, and controllers, are not among them. */
const tools = [
  'kubectl',
  'kubectl-client-side-apply',
  'kubectl-create',
  'kubectl-last-applied',
  'before-first-apply',
  'helm',
  'Go-http-client',
  'kustomize-controller',
  'helm-controller',
  'argocd-controller',
  'argocd-application-controller',
  'kube-applier',
];

/** The managers that a FieldManagerConflict names; empty when the message has another form. */
export function conflictingManagers(message: string): readonly string[] {
  return [...new Set([...message.matchAll(/conflicts? with "([^"]*)"/g)].map((match) => match[1] ?? ''))];
}

export function isTakenOver(manager: string): boolean {
  return tools.includes(manager);
}

/**
 * The managedFields after the tools' entries became part of ours; undefined when there is nothing to take over.
 *
 * Only whole objects: what was written through a subresource (status, scale) stays with whom it is.
 */
export function takeOver(managedFields: readonly unknown[], manager: string): readonly unknown[] | undefined {
  const entries = managedFields.filter(isFields);
  const theirs = entries.filter((entry) => isTakenOver(String(entry['manager'])) && isWhole(entry));
  const own = entries.find((entry) => entry['manager'] === manager && entry['operation'] === 'Apply' && isWhole(entry));
  const others = theirs.filter((entry) => entry['apiVersion'] === own?.['apiVersion']);
  if (own === undefined || others.length === 0) {
    return undefined;
  }
  const fieldsV1 = others.reduce<unknown>((union, entry) => unite(union, entry['fieldsV1']), own['fieldsV1']);
  return entries
    .filter((entry) => !others.includes(entry))
    .map((entry) => (entry === own ? { ...own, fieldsV1 } : entry));
}

function isWhole(entry: Fields): boolean {
  return (entry['subresource'] ?? '') === '';
}

/** FieldsV1 is a tree of names; the union has the names of both. */
function unite(left: unknown, right: unknown): unknown {
  if (!isFields(left) || !isFields(right)) {
    return left ?? right;
  }
  const union: Record<string, unknown> = { ...left };
  for (const [name, value] of Object.entries(right)) {
    union[name] = Object.hasOwn(left, name) ? unite(left[name], value) : value;
  }
  return union;
}
