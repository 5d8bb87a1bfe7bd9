/** `spec.tryOn` of a Channel: the paths on which a set is tried besides the one of the test cluster. */
import Type, { type Static } from 'typebox';
import { scratchNameOf } from '../../core/candidate/scratch-name.ts';
import type { TryOn } from '../../core/channel/channel.ts';
import { parseDuration } from '../../core/duration.ts';
import { invalidObject } from '../decode.ts';
import { DnsLabel, Duration } from '../schema-parts.ts';
import { ReleaseName } from './release.ts';

const Names = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 253 }), { description, maxItems: 32 }));

export const TryOnSchema = Type.Object(
  {
    cleanInstall: Type.Optional(
      Type.Boolean({ description: 'Installs all Apps where nothing of them ran before.', default: false }),
    ),
    upgradeFrom: Type.Optional(
      Type.Object(
        {
          newest: Type.Optional(
            Type.Integer({
              description: 'The newest so many before the last one, from which the test cluster comes anyway.',
              minimum: 0,
              maximum: 10,
              default: 0,
            }),
          ),
          releases: Type.Optional(
            Type.Array(Type.String({ description: 'Name of a Release.', ...ReleaseName }), {
              description: 'These as well, for example because clusters stay with them.',
              maxItems: 10,
            }),
          ),
        },
        { description: 'Older Releases that are installed first, and then upgraded to the set.' },
      ),
    ),
    timeout: Type.Optional(Duration('How long it may take on one path until all Apps run what they shall.', '30m')),
    namespace: Type.Optional(
      Type.String({
        description:
          'Namespace that is made for it and removed; that of the Channel with -try and the Channel when absent.',
        ...DnsLabel,
      }),
    ),
    copy: Type.Optional(
      Type.Object(
        {
          secrets: Names('Names of Secrets.'),
          configMaps: Names('Names of ConfigMaps.'),
          serviceAccounts: Names('Names of ServiceAccounts; their rights are not copied.'),
        },
        { description: "What Apps need there and bring not along; copied from the Channel's namespace." },
      ),
    ),
  },
  { description: 'Paths on which a set is tried in a scratch namespace before it is released.' },
);

export type TryOnWire = Static<typeof TryOnSchema>;

const shortestTimeoutMs = 60_000;

/** @throws OBJECT_INVALID naming field, value and remedy */
export function decodeTryOn(
  { cleanInstall = false, upgradeFrom = {}, timeout = '30m', namespace, copy = {} }: TryOnWire,
  channel: { readonly namespace: string; readonly name: string },
): TryOn {
  const timeoutMs = parseDuration(timeout, 'spec.tryOn.timeout');
  if (timeoutMs < shortestTimeoutMs) {
    throw invalidObject('spec.tryOn.timeout', [`"${timeout}" is below a minute; write for example 30m`]);
  }
  if (namespace === channel.namespace) {
    throw invalidObject('spec.tryOn.namespace', ['what runs there would be removed; name one of its own']);
  }
  const { secrets = [], configMaps = [], serviceAccounts = [] } = copy;
  return {
    cleanInstall,
    newest: upgradeFrom.newest ?? 0,
    releases: upgradeFrom.releases ?? [],
    timeoutMs,
    namespace: namespace ?? scratchNameOf(channel),
    copies: { secrets, configMaps, serviceAccounts },
  };
}
