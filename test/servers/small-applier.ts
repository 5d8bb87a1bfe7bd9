/**
 * Stands for kube-applier, Flux or Argo CD: a loop that looks at a branch and applies one file of it, as `git pull` and
 * `kubectl apply --server-side` would. Real controllers are larger, and nothing of them is asked here but that they do this.
 */
import { execFileSync } from 'node:child_process';
import { load } from 'js-yaml';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { deployments } from '../../src/kube/resource-types.ts';

export interface SmallApplier {
  /** Commits that were applied, the oldest first. */
  readonly applied: readonly string[];
  stop(): Promise<void>;
}

export interface SmallApplierOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** The bare repository on disk, as its server has it. */
  readonly directory: string;
  readonly path: string;
}

const lookMs = 100;

export function startSmallApplier({ client, namespace, directory, path }: SmallApplierOptions): SmallApplier {
  const applied: string[] = [];
  const git = (...words: readonly string[]) =>
    execFileSync('git', words, { cwd: directory, encoding: 'utf8', stdio: 'pipe' });
  let isStopped = false;
  const look = async () => {
    const head = git('-c', 'safe.directory=*', 'rev-parse', 'main').trim();
    if (applied.at(-1) === head) {
      return;
    }
    const body = load(git('-c', 'safe.directory=*', 'cat-file', 'blob', `${head}:${path}`)) as KubeObject;
    const patch = { kind: 'apply', body: { ...body, metadata: { ...body.metadata, namespace } } } as const;
    const options = { fieldManager: 'small-applier', force: true };
    await client.patch(deployments, { namespace, name: body.metadata.name }, patch, options);
    applied.push(head);
  };
  const loop = (async () => {
    while (!isStopped) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  })();
  return {
    applied,
    async stop() {
      isStopped = true;
      await loop;
    },
  };
}
