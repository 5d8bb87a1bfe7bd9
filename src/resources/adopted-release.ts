/** The App of a Helm release with a `keel:` block in its values: it keeps the chart and sets the values of its images. */
import type { ReleaseAdoption } from '../core/adopt/keel-values.ts';
import { checksAndGatesOf, registryOf } from './adopted-app.ts';
import type { AppSpecWire } from './app.ts';
import { group, version } from './schema-parts.ts';

export interface ReleaseApp {
  readonly apiVersion: string;
  readonly kind: 'App';
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: AppSpecWire;
}

/** Longest name of an App. */
const maxLength = 52;

/** @param insecureRegistries hosts that are spoken to in plain http */
export function adoptedReleaseOf(
  release: { readonly namespace: string; readonly name: string },
  adoption: ReleaseAdoption,
  insecureRegistries: readonly string[],
): ReleaseApp {
  const { images, policy } = adoption;
  return {
    apiVersion: `${group}/${version}`,
    kind: 'App',
    metadata: {
      namespace: release.namespace,
      name: release.name.slice(0, maxLength).replace(/[-.]+$/, ''),
    },
    spec: {
      ...checksAndGatesOf(adoption),
      sources: images.map(({ name, repository, pullSecret }) => ({
        name,
        image: {
          repository,
          policy: { keel: { ...policy } },
          ...(insecureRegistries.includes(registryOf(repository)) && { insecure: true }),
          ...(pullSecret !== undefined && { secretRef: { name: pullSecret } }),
        },
      })),
      deploy: {
        helm: {
          chart: { fromRelease: true },
          releaseName: release.name,
          images: images.map(({ name, paths }) => ({ source: name, ...paths })),
        },
      },
    },
  };
}
