/** Fulfils the engine's Velero with the Kubernetes API: Velero is asked by its objects alone. */
import type { MovedVolume, VeleroKept } from '../../core/checkpoint/checkpoint.ts';
import type { VeleroStatus } from '../../core/checkpoint/velero-phases.ts';
import type { BackupRequest, BackupState, RestoreRequest, Velero, VeleroPlace } from '../../engine/ports/velero.ts';
import type { UpdateReference } from '../../engine/ports/volumes.ts';
import type { KubeClient } from '../../kube/client.ts';
import { checkKept, surveyClaims } from './velero-checks.ts';
import { findMoved, moveAway, settle } from './velero-claims.ts';
import { backUp, dropBackup, findRestore, startRestore } from './velero-requests.ts';

type Claims = { readonly claims: readonly string[] };
type Moved = Claims & { readonly moved: readonly MovedVolume[] };

export class ClusterVelero implements Velero {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async survey(namespace: string, request: VeleroPlace & Claims, signal: AbortSignal): Promise<number> {
    return await surveyClaims(this.#client, namespace, request, signal);
  }

  async backUp(update: UpdateReference, request: BackupRequest & Claims, signal: AbortSignal): Promise<BackupState> {
    return await backUp(this.#client, update, request, signal);
  }

  async drop(kept: VeleroKept, signal: AbortSignal): Promise<void> {
    await dropBackup(this.#client, kept, signal);
  }

  async checkRestore(namespace: string, kept: VeleroKept, signal: AbortSignal): Promise<void> {
    await checkKept(this.#client, namespace, kept, signal);
  }

  async findMoved(
    update: UpdateReference,
    claims: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly MovedVolume[]> {
    return await findMoved({ client: this.#client, namespace: update.namespace, signal }, update, claims);
  }

  async moveAway(
    namespace: string,
    place: Moved & { readonly restores: readonly string[] },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    return await moveAway({ client: this.#client, namespace, signal }, place);
  }

  async findRestore(namespace: string, restore: string, signal: AbortSignal): Promise<VeleroStatus | undefined> {
    return await findRestore(this.#client, { namespace, name: restore }, signal);
  }

  async restore(namespace: string, request: RestoreRequest, signal: AbortSignal): Promise<void> {
    await startRestore(this.#client, namespace, request, signal);
  }

  async settle(
    namespace: string,
    place: Moved & { readonly restore: string },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    return await settle({ client: this.#client, namespace, signal }, place);
  }
}
