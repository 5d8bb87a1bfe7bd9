import { parseAllowance } from '../../src/adapters/outbound/allowance.ts';
import { createGuardedRequests, type GuardedRequests } from '../../src/adapters/outbound/guarded-requests.ts';

/** The guarded way out with this machine allowed, where the servers of tests are. */
export function openOutbound(): GuardedRequests {
  const allowance = parseAllowance(['127.0.0.0/8', 'localhost']);
  if ('wrong' in allowance) {
    throw new Error(`${allowance.wrong} is no allowance`);
  }
  return createGuardedRequests({
    allowance,
    apiServer: () => Promise.resolve([]),
    proxy: undefined,
    userAgent: 'headgate',
  });
}
