/** The options that say whose annotations are followed. */
import type { AdoptionChoice } from '../app/adoption/adoption-settings.ts';
import { adoptableSystems } from '../core/adopt/adoption.ts';
import { type OptionDefinition, type Options, usageError } from './command.ts';

export const insecureRegistryOption: OptionDefinition = {
  flags: '--insecure-registry <host[:port]>',
  description: 'registry to speak plain http to where annotations or pod specs name it; may be given several times',
  repeatable: true,
};

export const adoptionOptions: readonly OptionDefinition[] = [
  {
    flags: '--adopt <systems>',
    description: 'updaters whose annotations on workloads are followed, separated by commas; none for nobody',
    default: adoptableSystems.join(','),
  },
  {
    flags: '--adopt-releases',
    description:
      'with keel among them, follow the keel: block in the values of Helm releases too; reads what Helm keeps',
  },
  insecureRegistryOption,
];

/** The choice as given. @throws USAGE for a system that is not known */
export function adoptionOf(options: Options): AdoptionChoice {
  const text = options.given('adopt');
  const names = text === 'none' ? [] : text.split(',').map((name) => name.trim());
  const systems = names.map((name) => {
    const system = adoptableSystems.find((one) => one === name);
    if (system === undefined) {
      throw usageError(`--adopt: "${name}" is none of ${adoptableSystems.join(', ')}; write none for nobody`);
    }
    return system;
  });
  return {
    systems,
    followsReleases: options.flag('adoptReleases'),
    insecureRegistries: options.list('insecureRegistry'),
  };
}
