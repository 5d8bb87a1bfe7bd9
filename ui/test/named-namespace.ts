/** Namespaces with names that people give, because pictures of the pages are shown to people. */
import { createKubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import { namespaces } from '../../src/kube/resource-types.ts';

export async function createNamedNamespace(kubeconfigPath: string, name: string): Promise<string> {
  const client = createKubeClient(await loadKubeConfig({ path: kubeconfigPath }));
  await client.create(namespaces, { metadata: { name } });
  await client.close();
  return name;
}
