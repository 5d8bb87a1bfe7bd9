/** From the marks of a workload to what they ask for. */
import type { AdoptableSystem, Adoption, MarkedWorkload } from './adoption.ts';
import { adoptableSystems } from './adoption.ts';
import { readFluxV1 } from './flux-v1.ts';
import { readImago } from './imago.ts';
import { type KeelSettings, readKeel } from './keel.ts';

export interface AdoptionSettings {
  readonly systems: readonly AdoptableSystem[];
  /** Whether the `keel:` block in the values of Helm releases is followed too. */
  readonly followsReleases: boolean;
  readonly keel: KeelSettings;
  /** Hosts of registries that are spoken to in plain http; annotations have no word for it. */
  readonly insecureRegistries: readonly string[];
}

const readers: Readonly<
  Record<AdoptableSystem, (workload: MarkedWorkload, settings: AdoptionSettings) => Adoption | undefined>
> = {
  keel: (workload, { keel }) => readKeel(workload, keel),
  flux: readFluxV1,
  imago: readImago,
};

/** What the first system asks for that is to be read and asks for anything; undefined when there is none. */
export function readMarks(workload: MarkedWorkload, settings: AdoptionSettings): Adoption | undefined {
  for (const system of adoptableSystems) {
    const adoption = settings.systems.includes(system) ? readers[system](workload, settings) : undefined;
    if (adoption) {
      return adoption;
    }
  }
  return undefined;
}
