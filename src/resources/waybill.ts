/** A Waybill (kube-applier.io/v1alpha1) as utilitywarehouse/kube-applier defines it: wire form <-> what the product works with. */
import Type, { type Static } from 'typebox';
import type { Waybill, WaybillRun } from '../core/kube-applier/waybill.ts';
import { clipMessage } from '../core/text.ts';
import { decoderOf } from './decode.ts';
import { Metadata } from './metadata.ts';

const Reference = Type.Optional(Type.Object({ name: Type.String() }));

const RunSchema = Type.Object({
  command: Type.String(),
  commit: Type.String(),
  errorMessage: Type.String(),
  finished: Type.String(),
  output: Type.String(),
  started: Type.String(),
  success: Type.Boolean(),
  type: Type.Optional(Type.String()),
});

const WaybillObject = Type.Object({
  metadata: Metadata,
  spec: Type.Optional(
    Type.Object({
      autoApply: Type.Optional(Type.Boolean()),
      delegateServiceAccountSecretRef: Type.Optional(Type.String()),
      dryRun: Type.Optional(Type.Boolean()),
      gitSSHSecretRef: Reference,
      prune: Type.Optional(Type.Boolean()),
      pruneClusterResources: Type.Optional(Type.Boolean()),
      pruneBlacklist: Type.Optional(Type.Array(Type.String())),
      repositoryPath: Type.Optional(Type.String({ maxLength: 1024 })),
      runInterval: Type.Optional(Type.Integer({ minimum: 1, maximum: 31_536_000 })),
      runTimeout: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
      serverSideApply: Type.Optional(Type.Boolean()),
      strongboxKeyringSecretRef: Reference,
    }),
  ),
  status: Type.Optional(Type.Object({ lastRun: Type.Optional(Type.Union([RunSchema, Type.Null()])) })),
});

const decodeObject = decoderOf(WaybillObject);

/** @throws OBJECT_INVALID */
export function decodeWaybill(object: unknown, what: string): Waybill {
  const { metadata, spec = {}, status } = decodeObject(object, what);
  const { namespace, name, uid, resourceVersion = '' } = metadata;
  return {
    ...{ namespace, name, uid, resourceVersion },
    autoApply: spec.autoApply ?? true,
    delegateSecret: spec.delegateServiceAccountSecretRef ?? 'kube-applier-delegate-token',
    dryRun: spec.dryRun ?? false,
    prune: spec.prune ?? true,
    pruneClusterResources: spec.pruneClusterResources ?? false,
    pruneBlacklist: spec.pruneBlacklist ?? [],
    path: (spec.repositoryPath || namespace).replace(/^\/+|\/+$/g, ''),
    runIntervalMs: (spec.runInterval ?? 3_600) * 1_000,
    runTimeoutMs: (spec.runTimeout ?? 900) * 1_000,
    problems: [
      ...(spec.gitSSHSecretRef
        ? ['spec.gitSSHSecretRef is for remote bases, which are not fetched; copy them into the repository']
        : []),
      ...(spec.strongboxKeyringSecretRef
        ? ['spec.strongboxKeyringSecretRef: strongbox is not decrypted; use SOPS in an App']
        : []),
    ],
    lastRun: status?.lastRun ? toRun(status.lastRun) : undefined,
  };
}

/** What is written to `status.lastRun`. */
export function encodeWaybillRun(run: WaybillRun): Static<typeof RunSchema> & { readonly runRequestSuccess: boolean } {
  const { command, commit, success, type } = run;
  return {
    ...{ command, commit, success, type },
    errorMessage: clipMessage(run.errorMessage),
    output: clipMessage(run.output),
    started: wholeSeconds(run.startedAt),
    finished: wholeSeconds(run.finishedAt),
    runRequestSuccess: run.commit !== '',
  };
}

function toRun(run: Static<typeof RunSchema>): WaybillRun {
  const { command, commit, errorMessage, output, success, type = 'unknown' } = run;
  return {
    ...{ command, commit, errorMessage, output, success, type },
    startedAt: new Date(run.started),
    finishedAt: new Date(run.finished),
  };
}

/** metav1.Time knows no fractions. */
function wholeSeconds(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}
