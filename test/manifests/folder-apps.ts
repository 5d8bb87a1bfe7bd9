/** Where tests play with Apps made of manifests: a runtime on a real API server, with a folder from which Apps read. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { apps, type ProductObject } from '../../src/adapters/cluster/kinds.ts';
import type { AppSpecWire } from '../../src/resources/app/app.ts';
import { openRuntimeStage, type RuntimeStage } from '../runtime-stage.ts';

export interface FolderApps {
  readonly stage: RuntimeStage;
  /** Replaces the files of an App, and moves the clock past its interval. */
  write(app: string, files: Readonly<Record<string, string>>): Promise<void>;
  create(app: string, spec?: Partial<AppSpecWire>): Promise<void>;
  change(app: string, spec: object): Promise<void>;
  /** @param says what the Update's status must say somewhere */
  untilPhase(app: string, sequence: number, phase: string, says?: RegExp): Promise<void>;
  stop(): Promise<void>;
}

export async function openFolderApps(kubeconfigPath: string): Promise<FolderApps> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-folder-'));
  const stage = await openRuntimeStage(kubeconfigPath, { sourceFolder: folder });
  const { client, namespace } = stage;
  return {
    stage,
    async write(app, files) {
      await rm(join(folder, app), { recursive: true, force: true });
      for (const [name, content] of Object.entries(files)) {
        await mkdir(dirname(join(folder, app, name)), { recursive: true });
        await writeFile(join(folder, app, name), content);
      }
      await stage.clock.advance(6_000);
    },
    async create(name, spec = {}) {
      const usual: AppSpecWire = {
        interval: '5s',
        sources: [{ name: 'files', folder: { path: name } }],
        deploy: { manifests: {} },
        health: { timeout: '60s', stableFor: '0s' },
      };
      await client.create<ProductObject>(apps, { metadata: { namespace, name }, spec: { ...usual, ...spec } });
    },
    change: async (name, spec) => {
      await client.patch(apps, { namespace, name }, { kind: 'merge', body: { spec } });
    },
    async untilPhase(app, sequence, phase, says = /^/) {
      await stage.until(async () => {
        const found = (await stage.updatesOf(app)).find(({ spec }) => spec.sequence === sequence);
        expect(found?.status?.phase, JSON.stringify(found?.status)).toBe(phase);
        expect(JSON.stringify(found?.status)).toMatch(says);
      });
    },
    async stop() {
      await stage.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function configMap(name: string, data: object): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
}

export function deploymentOf(image: string): string {
  const labels = { app: 'web' };
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels, annotations: { team: 'shop' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } },
    },
  });
}
