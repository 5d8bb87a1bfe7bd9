/** What one cluster has of its own in how an App of a Release is installed: values, replicas, host names, patches. */
import { OperationError } from '../../core/errors.ts';
import { mergeValues, type Values } from '../../core/helm/values.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';
import type { SubscriptionObjectWire } from '../../resources/channel/decode-subscription.ts';

export type Overlay = NonNullable<SubscriptionObjectWire['spec']['overlay']>[number];
type Deploy = AppSpecWire['deploy'];
type Patch = NonNullable<NonNullable<NonNullable<Deploy['helm']>['postRender']>['patches']>[number];

/** Fields that change what Helm installs. */
const fields = ['values', 'replicas', 'hosts', 'patches'] as const;

/**
 * Values are laid over those of the channel as Helm lays one file over another; the rest are patches after those of the channel.
 *
 * @param what the App, for messages
 * @throws CHANNEL_INVALID where the App is not installed by Helm
 */
export function overlayDeploy(deploy: Deploy, overlay: Overlay | undefined, what: string): Deploy {
  const given = fields.filter((field) => overlay?.[field] !== undefined);
  const [first] = given;
  if (overlay === undefined || first === undefined) {
    return deploy;
  }
  const { helm } = deploy;
  if (helm === undefined) {
    throw new OperationError(
      `${what}: spec.overlay has ${given.join(', ')}, and it is not installed by Helm; leave ${given.length === 1 ? 'it' : 'them'} out`,
      { code: 'CHANNEL_INVALID', retry: 'never', context: { field: `spec.overlay.${first}` } },
    );
  }
  const patches = [...(helm.postRender?.patches ?? []), ...patchesOf(overlay)];
  return {
    ...deploy,
    helm: {
      ...helm,
      ...(overlay.values && { values: mergeValues((helm.values ?? {}) as Values, overlay.values as Values) }),
      ...(patches.length > 0 && { postRender: { ...helm.postRender, patches } }),
    },
  };
}

function patchesOf({ replicas = [], hosts = [], patches = [] }: Overlay): readonly Patch[] {
  return [
    ...replicas.map(({ kind = 'Deployment', name, count }) => replace({ kind, name }, '/spec/replicas', count)),
    ...hosts.map(({ kind = 'Ingress', name, host }) =>
      kind === 'Ingress'
        ? replace({ kind, name }, '/spec/rules/0/host', host)
        : replace({ kind, name }, '/spec/hostnames', [host]),
    ),
    ...patches,
  ];
}

/** `add` sets a field whether it is there or not (RFC 6902, section 4.1). */
function replace(
  { kind, name }: { readonly kind: string; readonly name: string },
  path: string,
  value: unknown,
): Patch {
  // kustomize takes the name for a pattern.
  const exact = `^${name.replaceAll('.', '\\.')}$`;
  return { target: { kind, name: exact }, patch: JSON.stringify([{ op: 'add', path, value }]) };
}
