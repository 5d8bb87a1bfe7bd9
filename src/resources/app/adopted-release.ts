/** The App of a Helm release with a `keel:` block in its values: it keeps the chart and sets the values of its images. */
import type { ReleaseAdoption } from '../../core/adopt/keel-values.ts';
import { adoptedFromLabel, adoptionProblemKey } from '../metadata.ts';
import { type AdoptedApp, checksAndGatesOf, problemOfApp, registryOf } from './adopted-app.ts';
import type { AppSpecWire } from './app.ts';
import type { AppObjectWire } from './decode-app.ts';

/** Longest name of an App. */
const maxLength = 52;
const longestProblem = 4_096;

interface Release {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The App of a release, owned by nobody: the Secrets of a release come and go. One that cannot be understood holds still and says why.
 *
 * @param insecureRegistries hosts that are spoken to in plain http
 */
export function adoptedReleaseOf(
  release: Release,
  adoption: ReleaseAdoption,
  insecureRegistries: readonly string[],
): AdoptedApp {
  const app = { metadata: metadataOf(release, {}), spec: specOf(release, adoption, insecureRegistries) };
  const problem = adoption.problems.length > 0 ? adoption.problems.join('; ') : problemOfApp(app);
  return problem === undefined
    ? app
    : {
        metadata: metadataOf(release, { [adoptionProblemKey]: problem.slice(0, longestProblem) }),
        spec: followingNothing(release),
      };
}

/** Name of the Helm release that an App looks after. */
export function releaseOfApp({ metadata, spec }: Pick<AppObjectWire, 'metadata' | 'spec'>): string | undefined {
  const { helm } = spec.deploy;
  return helm && (helm.releaseName ?? metadata.name);
}

function metadataOf({ namespace, name }: Release, annotations: Readonly<Record<string, string>>) {
  return {
    namespace,
    name: name.slice(0, maxLength).replace(/[-.]+$/, ''),
    labels: { [adoptedFromLabel]: 'keel' },
    annotations,
    ownerReferences: [],
  };
}

function specOf(release: Release, adoption: ReleaseAdoption, insecureRegistries: readonly string[]): AppSpecWire {
  const { images, policy } = adoption;
  return {
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
  };
}

/** An App must have a source; this one takes nothing. */
function followingNothing({ name }: Release): AppSpecWire {
  return {
    trigger: 'Webhook',
    sources: [{ name: 'none', image: { repository: 'none', policy: { pinned: {} } } }],
    deploy: { helm: { chart: { fromRelease: true }, releaseName: name } },
  };
}
