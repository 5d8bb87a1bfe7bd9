import { OperationError } from '../../core/errors.ts';
import type { Fields } from '../../core/health/objects/fields.ts';
import type { ClusterObjects, ObjectAddress } from '../ports/cluster-objects.ts';
import { eachOf } from './each-of.ts';

/** One request each, so that no condition may cost more. */
const mostRead = 500;
const mostAtOnce = 8;

/**
 * Reads objects from the API server and leaves out those that are gone.
 *
 * @throws OBJECT_INVALID when there are more than 500, errors of the API server
 */
export async function readEvery(
  cluster: ClusterObjects,
  addresses: readonly ObjectAddress[],
  signal: AbortSignal,
): Promise<readonly Fields[]> {
  if (addresses.length > mostRead) {
    throw new OperationError(
      `read the objects of the App: it has ${addresses.length}, and a condition may look at ${mostRead}; ask for what it is about in another way, for example a metric`,
      { code: 'OBJECT_INVALID', retry: 'never' },
    );
  }
  const found = await eachOf(addresses, mostAtOnce, (address) => cluster.read(address, signal));
  return found.filter((one) => one !== undefined);
}
