/** Options of the commands that ask registries. */
import type { RegistrySettings } from '../app/sources/registry-setup.ts';
import type { OptionDefinition, Options } from './command.ts';

export const registryOptions: readonly OptionDefinition[] = [
  {
    flags: '--cloud-identity <cloud>',
    description:
      'sign in to registries of aws, azure or gcp with the identity that this pod or machine has there, for every App; may be given several times',
    repeatable: true,
  },
  {
    flags: '--registry-mirror <host=url>',
    description:
      'mirror to ask before a registry, e.g. docker.io=https://mirror.example.com/hub; the registry has the last word; may be given several times',
    repeatable: true,
  },
  {
    flags: '--registry-substitute <host=url>',
    description: 'the same in place of a registry, which is then never asked; may be given several times',
    repeatable: true,
  },
];

export function registrySettingsOf(options: Options): RegistrySettings {
  return {
    cloudIdentity: options.list('cloudIdentity'),
    registryMirrors: options.list('registryMirror'),
    registrySubstitutes: options.list('registrySubstitute'),
  };
}
