import { isOperationError } from '../core/errors.ts';

/**
 * Asks, and forgets how the place is reached when that did not do: a Secret may be what is mended next, with a password or the
 * certificates of the server. One that only asks for patience has nothing against them.
 */
export async function keepsAccess<T>(ask: () => Promise<T>, forget: () => void): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!isOperationError(error, 'REGISTRY_RATE_LIMITED')) {
      forget();
    }
    throw error;
  }
}
