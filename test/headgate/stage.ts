/** Where one story plays: a namespace and repositories of its own on the node, with Headgate at work in it. All of it ends with the test. */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { tagImage as moveTag, pushImage } from '../../scripts/oci/push.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import { namespaces } from '../../src/kube/resource-types.ts';
import { locateTools } from '../cluster/binaries.ts';
import { makeWebImage, type WebBehaviour } from '../images/web-image.ts';
import { installCrds } from '../install-crds.ts';

export interface Push {
  /** Name of the repository within the story. */
  readonly repository?: string;
  readonly tag: string;
  /** What the server says it is; the tag when absent. Two images of one version and behaviour are one image. */
  readonly version?: string;
  readonly behaviour?: WebBehaviour;
  /** More that it serves, by path. */
  readonly pages?: Readonly<Record<string, string>>;
}

export interface Stage {
  readonly namespace: string;
  readonly kubeconfigPath: string;
  readonly client: KubeClient;
  readonly programs: { readonly helm: string; readonly kubectl: string };
  /** `host:port/path` of a repository of this story. */
  repository(name?: string): string;
  /** Pushes an image and gives its digest. */
  push(image: Push): Promise<string>;
  /** Gives the image of `push` one more tag. */
  tag(image: Push, tag: string): Promise<void>;
  /** Called when the test has ended, the last one first. */
  atEnd(end: () => Promise<void>): void;
}

/** As much of vitest's test context as is needed here. */
export interface TestContext {
  readonly onTestFinished: (end: () => Promise<void>) => void;
}

/**
 * Opens the stage of one test: CRDs are there, the namespace is empty.
 *
 * @param kubeconfigPath of another cluster than that of the run
 */
export async function openStage(
  { onTestFinished }: TestContext,
  title: string,
  kubeconfigPath = inject('kubeconfig'),
): Promise<Stage> {
  const host = inject('registry');
  const client = createKubeClient(await loadKubeConfig({ path: kubeconfigPath }), { fieldManager: 'test' });
  const namespace = `${title}-${randomBytes(3).toString('hex')}`;
  const ends: (() => Promise<void>)[] = [];
  onTestFinished(async () => {
    for (const end of ends.toReversed()) {
      await end();
    }
    await client.close();
  });
  await installCrds(client);
  await client.create(namespaces, { metadata: { name: namespace } });
  ends.push(() => client.delete(namespaces, { namespace: '', name: namespace }));
  const pathOf = (name = 'web') => `${namespace}/${name}`;
  const imageOf = ({ tag, version = tag, behaviour = 'good', pages = {} }: Push) =>
    makeWebImage({ version, behaviour, pages });
  const targetOf = ({ repository, tag }: Push) => ({ host, repository: pathOf(repository), tag, insecure: true });
  return {
    namespace,
    kubeconfigPath,
    client,
    programs: await locateTools(['helm', 'kubectl']),
    repository: (name) => `${host}/${pathOf(name)}`,
    push: (image) => pushImage(imageOf(image), targetOf(image)),
    tag: (image, tag) => moveTag(imageOf(image), targetOf({ ...image, tag })),
    atEnd: (end) => ends.push(end),
  };
}
