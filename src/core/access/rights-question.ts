/** What somebody wants to do, in the words of Kubernetes' RBAC. */
export interface RightsQuestion {
  readonly verb: string;
  readonly resource: string;
  readonly subresource?: string;
  /** headgate.dev when absent. */
  readonly group?: string;
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly name?: string;
}

/** `approve updates.headgate.dev demo/web-3`, for messages. */
export function describeQuestion({ verb, resource, subresource, group, namespace, name }: RightsQuestion): string {
  const what = `${resource}${subresource === undefined ? '' : `/${subresource}`}`;
  const where =
    namespace === undefined ? 'in all namespaces' : name === undefined ? `in ${namespace}` : `${namespace}/${name}`;
  const full = group === '' ? what : `${what}.${group ?? 'headgate.dev'}`;
  return `${verb} ${full} ${where}`;
}
