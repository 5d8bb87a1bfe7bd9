import { setTimeout as delay } from 'node:timers/promises';

/** Asks again every 50 ms until `check` is true. Errors of `check` pass through; after `timeoutMs` throws `<what>: not within ...`. */
export async function waitUntil(what: string, timeoutMs: number, check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > deadline) {
      throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    }
    await delay(50);
  }
}
