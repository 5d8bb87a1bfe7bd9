/** What checks of Apps need, and remember. */
import { setImmediate } from 'node:timers/promises';
import { ClusterRegistryAccesses } from '../../adapters/cluster/registry-accesses.ts';
import { ClusterSignatureTrusts } from '../../adapters/cluster/signature-trusts.ts';
import { readPullSecrets } from '../../adapters/registry/credentials.ts';
import { createProvenanceVerifier } from '../../adapters/signature/provenance.ts';
import { createSignatureVerifier } from '../../adapters/signature/verifier.ts';
import { CheckMemory } from '../../engine/check/check-memory.ts';
import { RunningChecks } from '../../engine/check/running-checks.ts';
import type { AttachmentStore } from '../../engine/ports/attachments.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';

export interface CheckOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly attachments: AttachmentStore;
  readonly random: () => number;
  readonly checkAtOnce?: boolean;
  /** Where gpg is looked for, as in PATH. */
  readonly manifests: { readonly searchPath: string };
  readonly signal: AbortSignal;
}

/** @param wakeApp told of each App whose check has ended, by `namespace/name` */
export function prepareChecks(options: CheckOptions, wakeApp: (key: string) => void) {
  const { client, clock, attachments, random, checkAtOnce, signal } = options;
  const accesses = new ClusterRegistryAccesses({ client, clock, readCredentials: readPullSecrets });
  const trusts = new ClusterSignatureTrusts({ client, clock });
  const signatures = createSignatureVerifier(attachments, clock);
  const provenances = createProvenanceVerifier(options.manifests.searchPath);
  const memory = new CheckMemory({ clock, random, atFirstSight: checkAtOnce ?? false });
  const checks = new RunningChecks({ onEnd: wakeApp, signal, nextTurn: () => setImmediate() });
  return { accesses, trusts, signatures, provenances, memory, checks };
}
