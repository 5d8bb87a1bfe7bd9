/** The App of a Release as one cluster runs it: the definition of the hub, its versions fixed, and what the cluster has of its own. */
import type { ReleasedApp, ReleasedVersion } from '../../core/channel/release.ts';
import type { SubscriptionSpec } from '../../core/channel/subscription.ts';
import { OperationError } from '../../core/errors.ts';
import { AppSpecSchema, type AppSpecWire, type SourceWire } from '../../resources/app/app.ts';
import { decodeApp, decodeAppSpec } from '../../resources/app/decode-app.ts';
import type { SubscriptionObjectWire } from '../../resources/channel/decode-subscription.ts';
import { decoderOf } from '../../resources/decode.ts';
import { releaseAnnotation, subscriptionLabel } from '../../resources/metadata.ts';
import type { SubscribedApp } from '../ports/subscriptions.ts';
import { type Overlay, overlayDeploy } from './overlay-deploy.ts';

const decodeSpec = decoderOf(AppSpecSchema);

export interface BuildContext {
  readonly subscription: SubscriptionObjectWire;
  readonly spec: SubscriptionSpec;
  /** Name of the Release. */
  readonly release: string;
}

/** An App of a Release, wherever it is put. */
export interface Instance {
  /** Name of the Release. */
  readonly release: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly overlay?: Overlay | undefined;
  readonly gates?: AppSpecWire['gates'];
  /** Where charts and manifests come from: the channel of a Subscription, or each from its own source. */
  readonly files: { readonly kind: 'Channel'; readonly subscription: string } | { readonly kind: 'Sources' };
}

/** @throws OBJECT_INVALID, CHANNEL_INVALID naming App, field and remedy */
export function buildApp(context: BuildContext, released: ReleasedApp): SubscribedApp {
  const { subscription, release } = context;
  const { metadata, spec } = subscription;
  const overlay = spec.overlay?.find(({ app }) => app === released.name);
  const gates = overlay?.gates ?? spec.gates;
  return instantiateApp(
    {
      ...{ release, overlay, gates, namespace: namespaceOf(context, released, overlay) },
      labels: { [subscriptionLabel]: metadata.name },
      files: { kind: 'Channel', subscription: `${metadata.namespace}/${metadata.name}` },
    },
    released,
  );
}

/** @throws as buildApp */
export function instantiateApp(instance: Instance, released: ReleasedApp): SubscribedApp {
  const { release, namespace, labels, overlay, gates } = instance;
  const what = `App ${released.name} of ${release}`;
  const definition = decodeSpec(JSON.parse(released.definition), what);
  // Gates of the hub are for its own Updates.
  const { gates: _ofHub, suspend: _suspend, schedule: _schedule, trigger: _trigger, ...kept } = definition;
  const spec: AppSpecWire = {
    ...kept,
    sources: definition.sources.map((source) => pinSource(instance, source, released, what)),
    deploy: overlayDeploy(definition.deploy, overlay, what),
    ...(overlay?.suspend !== undefined && { suspend: overlay.suspend }),
    ...(gates !== undefined && { gates }),
  };
  const app = {
    ...{ namespace, labels },
    name: released.name,
    annotations: { [releaseAnnotation]: release },
    spec,
  };
  requireSound(app, what);
  return app;
}

function namespaceOf(
  { spec, subscription }: BuildContext,
  { namespace }: ReleasedApp,
  overlay: Overlay | undefined,
): string {
  return overlay?.namespace ?? spec.namespaces[namespace] ?? subscription.metadata.namespace;
}

function pinSource({ files }: Instance, source: SourceWire, { versions }: ReleasedApp, what: string): SourceWire {
  const version = versions.find((one) => one.source === source.name);
  if (version === undefined) {
    throw invalid(`${what}: its source ${source.name} has no version in the Release`);
  }
  const policy = { pinned: pinOf(version, files) };
  const { image, chart, artifact, git } = source;
  if (image !== undefined) {
    return { ...source, image: { ...image, policy } };
  }
  if (chart !== undefined) {
    return { ...source, chart: { ...chart, policy } };
  }
  if (artifact !== undefined) {
    return { ...source, artifact: { ...artifact, policy } };
  }
  if (git !== undefined && (version.target !== undefined || files.kind === 'Sources')) {
    const { branch, paths: _paths, minimumAge: _age, ageFrom: _ageFrom, verify, ...where } = git;
    // What is signed of a branch are its commits, and of tags the tags, unless it is said.
    const signed = verify?.signed ?? (branch === undefined ? 'Tag' : 'Commit');
    return { ...source, git: { ...where, tag: policy, ...(verify && { verify: { ...verify, signed } }) } };
  }
  throw invalid(`${what}: ${sayKind(version)}, and the Release does not carry its files`);
}

function pinOf({ digest, tag, target: path }: ReleasedVersion, files: Instance['files']) {
  const file = files.kind === 'Channel' && path !== undefined && { file: { subscription: files.subscription, path } };
  return { digest, ...(tag !== undefined && { tag }), ...file };
}

function sayKind({ source, kind }: ReleasedVersion): string {
  return `its source ${source} is of kind ${kind}`;
}

/** What the App's own controller would find wrong with it is said before anything is written. */
function requireSound({ namespace, name, spec }: SubscribedApp, what: string): void {
  const metadata = { namespace, name, uid: 'not made yet', creationTimestamp: '1970-01-01T00:00:00Z' };
  decodeAppSpec(decodeApp({ metadata, spec }, what));
}

function invalid(message: string): OperationError {
  return new OperationError(message, { code: 'CHANNEL_INVALID', retry: 'never' });
}
