/** Options of the commands that ask registries. */
import type { OptionDefinition, Options } from './command.ts';

export const registryOptions: readonly OptionDefinition[] = [
  {
    flags: '--cloud-identity <cloud>',
    description:
      'sign in to registries of aws, azure or gcp with the identity that this pod or machine has there, for every App; may be given several times',
    repeatable: true,
  },
];

export function registrySettingsOf(options: Options): { readonly cloudIdentity: readonly string[] } {
  return { cloudIdentity: options.list('cloudIdentity') };
}
