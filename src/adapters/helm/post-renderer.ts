/**
 * Post-rendering by the kustomize inside kubectl. Helm 4 takes post-renderers only as plugins; this one is kubectl itself, which
 * reads the rendered objects from its standard input as a resource, so that no script and no shell stand between.
 */
import { dump } from 'js-yaml';
import type { Workspace } from './workspace.ts';

export const postRendererName = 'headgate';

/** Puts plugin and kustomization in place. Hooks go through it too, as Helm 4 has it. */
export async function writePostRenderer(workspace: Workspace, kubectl: string, kustomization: string): Promise<void> {
  const path = await workspace.write('kustomize/kustomization.yaml', kustomization);
  const folder = path.slice(0, path.lastIndexOf('/'));
  const plugin = {
    apiVersion: 'v1',
    type: 'postrenderer/v1',
    name: postRendererName,
    version: '1.0.0',
    runtime: 'subprocess',
    runtimeConfig: {
      platformCommand: [
        // /dev/stdin lies outside of the folder. The kustomization is written by us from checked fields, none of which names a file.
        { command: kubectl, args: ['kustomize', folder, '--load-restrictor', 'LoadRestrictionsNone'] },
      ],
    },
  };
  await workspace.write(`plugins/${postRendererName}/plugin.yaml`, dump(plugin));
}
