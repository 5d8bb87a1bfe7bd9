/** Fulfils the engine's SecretValues: one request each time, so that a new value counts at once. */
import { OperationError } from '../../core/errors.ts';
import type { SecretValues } from '../../engine/ports/secret-values.ts';
import type { KubeClient } from '../../kube/client.ts';
import { secrets } from '../../kube/resource-types.ts';
import type { SecretObject } from './pull-secrets.ts';

export function createSecretValues(client: KubeClient): SecretValues {
  const read: SecretValues['read'] = async (namespace, name, signal) => {
    const secret = await client.find<SecretObject>(secrets, { namespace, name }, { signal });
    if (secret === undefined) {
      throw new OperationError(`read Secret ${namespace}/${name}: there is none`, {
        code: 'SECRET_NOT_FOUND',
        retry: 'backoff',
      });
    }
    const entries = Object.entries(secret.data ?? {});
    return new Map(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
  };
  return {
    read,
    async valueOf(namespace, name, key, signal) {
      const value = (await read(namespace, name, signal)).get(key);
      if (value === undefined) {
        throw new OperationError(`read Secret ${namespace}/${name}: it has no key "${key}"`, {
          code: 'SECRET_INVALID',
          retry: 'backoff',
        });
      }
      return value;
    },
  };
}
