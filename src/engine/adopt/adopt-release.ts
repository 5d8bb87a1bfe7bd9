/** Keeps the App that is made for a Helm release in step with the `keel:` block in the values of the release. */
import { type ReleaseAdoption, readKeelValues } from '../../core/adopt/keel-values.ts';
import type { AdoptionSettings } from '../../core/adopt/read-marks.ts';
import { isAdopted, isSameApp } from '../../resources/app/adopted-app.ts';
import { adoptedReleaseOf, releaseOfApp } from '../../resources/app/adopted-release.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { adoptionProblemKey } from '../../resources/metadata.ts';
import type { AdoptableReleases } from '../ports/adoptable-releases.ts';
import type { AdoptionListener } from '../ports/adoption-listener.ts';
import type { ReleaseKey } from '../ports/helm.ts';
import type { Records } from '../ports/records.ts';

export interface AdoptReleaseContext {
  /** Undefined: the values of releases are not followed. */
  readonly adoptableReleases: AdoptableReleases | undefined;
  readonly records: Pick<Records, 'listApps' | 'findApp' | 'applyApp' | 'deleteApp'>;
  readonly adoption: AdoptionSettings;
  readonly adoptionListener: AdoptionListener;
  /** Throws LEASE_LOST once another replica may be at work. */
  readonly assertLeading: () => void;
}

/**
 * Makes, changes or removes the App of one release; costs nothing where it is as it should be. The App alone changes nothing: it upgrades
 * once there is a newer image.
 *
 * @throws errors of the API server; API_CONFLICT when the App was written meanwhile; HELM_RELEASE_INVALID
 */
export async function adoptRelease(
  context: AdoptReleaseContext,
  release: ReleaseKey,
  signal: AbortSignal,
): Promise<void> {
  const own = context.records.listApps(release.namespace).filter((app) => releaseOfApp(app) === release.name);
  const byPerson = own.find((app) => !isAdopted(app));
  const made = own.find((app) => isAdopted(app) && app.metadata.deletionTimestamp === undefined);
  const adoption = await readBlock(context, release, signal);
  if (adoption === 'Unsettled') {
    return;
  }
  if (adoption !== undefined && byPerson === undefined) {
    await keepApp(context, { release, adoption, made }, signal);
  } else if (made !== undefined) {
    context.assertLeading();
    await context.records.deleteApp(made, signal);
  }
}

async function readBlock(
  { adoptableReleases, adoption }: AdoptReleaseContext,
  release: ReleaseKey,
  signal: AbortSignal,
): Promise<ReleaseAdoption | 'Unsettled' | undefined> {
  const found = await adoptableReleases?.find(release, signal);
  switch (found?.kind) {
    case 'Deployed':
      return readKeelValues(found.values, adoption.keel);
    case 'Unsettled':
      return 'Unsettled';
    default:
      return undefined;
  }
}

interface Keeping {
  readonly release: ReleaseKey;
  readonly adoption: ReleaseAdoption;
  readonly made: AppObjectWire | undefined;
}

async function keepApp(
  context: AdoptReleaseContext,
  { release, adoption, made }: Keeping,
  signal: AbortSignal,
): Promise<void> {
  const { records, adoptionListener } = context;
  const wanted = adoptedReleaseOf(release, adoption, context.adoption.insecureRegistries);
  const existing = made ?? records.findApp(release.namespace, wanted.metadata.name);
  if (existing !== undefined && !isAdopted(existing)) {
    const message = `App "${wanted.metadata.name}" was made by a person, so that none is made of the values; rename or remove it`;
    adoptionListener.toldOfRelease(release, { kind: 'AppNameTaken', message });
    return;
  }
  if (existing !== undefined && isSameApp(existing, wanted)) {
    return;
  }
  context.assertLeading();
  await records.applyApp(wanted, existing, signal);
  const problem = wanted.metadata.annotations[adoptionProblemKey];
  const message = `App "${wanted.metadata.name}" looks after it, as the keel: block in its values asks`;
  adoptionListener.toldOfRelease(
    release,
    problem === undefined ? { kind: 'Adopted', message } : { kind: 'AnnotationsInvalid', message: problem },
  );
}
