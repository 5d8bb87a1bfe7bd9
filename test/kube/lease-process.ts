/** A process of its own that wants a lease; for tests that stop it with SIGSTOP. Arguments: kubeconfig, namespace, identity. */
import { writeSync } from 'node:fs';
import { createKubeClient } from '../../src/kube/client.ts';
import { sleep, systemClock } from '../../src/kube/clock.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import { runWithLease } from '../../src/kube/lease.ts';

const [path = '', namespace = '', identity = ''] = process.argv.slice(2);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort(new Error('SIGTERM')));
// The end of the test ends this process too, however it comes.
process.stdin.on('end', () => stop.abort(new Error('parent is gone'))).resume();

const client = createKubeClient(await loadKubeConfig({ path }));
try {
  await runWithLease({
    client,
    namespace,
    name: 'test',
    identity,
    durationMs: 3_000,
    renewDeadlineMs: 2_000,
    retryMs: 400,
    signal: stop.signal,
    async lead(signal, hold) {
      // Goes on after the signal on purpose: isHeld alone must keep it from acting.
      for (let left = 20; left > 0; left -= signal.aborted ? 1 : 0) {
        say(hold.isHeld() ? 'acted' : 'refused');
        await sleep(systemClock, 20, stop.signal);
        if (stop.signal.aborted) {
          return;
        }
      }
    },
  });
  say('ended');
} catch (error) {
  say(String((error as { code?: unknown }).code));
}
await client.close();
process.stdin.destroy();

/** Synchronous: what was said before a SIGSTOP has been said. */
function say(word: string): void {
  writeSync(1, `${word}\n`);
}
