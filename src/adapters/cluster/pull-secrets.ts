/** Reads the Secrets with which the kubelet pulls the images of workloads, in their own namespace and nowhere else. */
import { isOperationError } from '../../core/errors.ts';
import type { Puller } from '../../engine/ports/registry.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import type { KubeObject, ResourceType } from '../../kube/objects.ts';
import { secrets, serviceAccounts } from '../../kube/resource-types.ts';

export interface SecretObject extends KubeObject {
  readonly type?: string;
  /** Values in base64. */
  readonly data?: Readonly<Record<string, string>>;
}

interface ServiceAccountObject extends KubeObject {
  readonly imagePullSecrets?: readonly { readonly name?: string }[];
}

export interface PullSecretsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
}

export interface Found {
  readonly secrets: readonly SecretObject[];
  /** What is amiss, one sentence each. */
  readonly notes: readonly string[];
}

interface Reading {
  readonly object: Promise<KubeObject | undefined>;
  readonly startedAtMs: number;
}

/** The Apps of a namespace mostly take the same few; when all start at once each is read once. */
const maxAgeMs = 60_000;
const maxReadings = 2_000;
const maxSecrets = 20;
const namePattern = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

export class PullSecrets {
  readonly #options: PullSecretsOptions;
  readonly #readings = new Map<string, Reading>();

  constructor(options: PullSecretsOptions) {
    this.#options = options;
  }

  /**
   * Those of the pod templates; of a template that names none those of its ServiceAccount, because admission puts them there.
   *
   * @throws what the API server answers, but for objects that are missing or that we may not read: those are notes
   */
  async read(namespace: string, pullers: readonly Puller[], signal: AbortSignal): Promise<Found> {
    const names = new Set<string>();
    const notes = new Set<string>();
    for (const { pullSecrets, serviceAccount } of pullers) {
      const named = pullSecrets.filter((name) => name !== '');
      const found = named.length > 0 ? named : await this.#ofAccount(namespace, serviceAccount, { notes, signal });
      for (const name of found) {
        names.add(name);
      }
    }
    const found: SecretObject[] = [];
    for (const name of [...names].slice(0, maxSecrets)) {
      const secret = await this.#tryRead<SecretObject>(secrets, { namespace, name }, { notes, signal });
      if (secret !== undefined) {
        found.push(secret);
      }
    }
    return { secrets: found, notes: [...notes] };
  }

  /** @throws what the API server answers, but for a Secret that is not there */
  async find(namespace: string, name: string, signal: AbortSignal): Promise<SecretObject | undefined> {
    return await this.#find<SecretObject>(secrets, { namespace, name }, signal);
  }

  forget(namespace: string): void {
    for (const key of this.#readings.keys()) {
      if (key.startsWith(`${namespace}/`)) {
        this.#readings.delete(key);
      }
    }
  }

  async #ofAccount(namespace: string, name: string, asked: Asked): Promise<readonly string[]> {
    const account = await this.#tryRead<ServiceAccountObject>(serviceAccounts, { namespace, name }, asked);
    return (account?.imagePullSecrets ?? []).flatMap((one) => one.name || []);
  }

  async #tryRead<T extends KubeObject>(type: ResourceType, key: Key, { notes, signal }: Asked): Promise<T | undefined> {
    const what = `${type.kind === 'Secret' ? 'pull secret' : type.kind} "${key.name.slice(0, 253)}"`;
    if (!namePattern.test(key.name)) {
      notes.add(`${what} has no valid name`);
      return undefined;
    }
    try {
      const object = await this.#find<T>(type, key, signal);
      if (object === undefined) {
        notes.add(`${what} is not in namespace "${key.namespace}"`);
      }
      return object;
    } catch (error) {
      if (!isOperationError(error, 'API_FORBIDDEN')) {
        throw error;
      }
      notes.add(`${what} may not be read by Headgate: its role lacks the verb get on ${type.plural}`);
      return undefined;
    }
  }

  async #find<T extends KubeObject>(type: ResourceType, key: Key, signal: AbortSignal): Promise<T | undefined> {
    const id = `${key.namespace}/${type.kind}/${key.name}`;
    const nowMs = this.#options.clock.now().getTime();
    const known = this.#readings.get(id);
    const isFresh = known !== undefined && nowMs - known.startedAtMs < maxAgeMs;
    const reading = isFresh ? known : this.#start(id, type, key);
    // All who wait share the request, so the abort of one of them ends its own waiting only.
    signal.throwIfAborted();
    return (await reading.object) as T | undefined;
  }

  #start(id: string, type: ResourceType, key: Key): Reading {
    const object = this.#options.client.find<KubeObject>(type, key);
    const reading = { object, startedAtMs: this.#options.clock.now().getTime() };
    this.#readings.delete(id);
    this.#readings.set(id, reading);
    object.catch(() => {
      if (this.#readings.get(id) === reading) {
        this.#readings.delete(id);
      }
    });
    const [oldest] = this.#readings.keys();
    if (this.#readings.size > maxReadings && oldest !== undefined) {
      this.#readings.delete(oldest);
    }
    return reading;
  }
}

interface Key {
  readonly namespace: string;
  readonly name: string;
}

interface Asked {
  readonly notes: Set<string>;
  readonly signal: AbortSignal;
}
