/** Tests of kind `helm`: those that the chart brings along. */
import type { HelmProbe } from '../../core/app-test/app-test.ts';
import type { Deployers } from '../deploy/deployer.ts';
import { ended, type Prober } from './test-runner.ts';

export function createHelmProber(deployers: Deployers): Prober<HelmProbe> {
  return {
    async attempt({ subject: { work }, record, probe }, signal) {
      const kind = work?.journal.plan?.kind;
      const run = { number: record.attempts + 1, timeoutMs: probe.timeoutMs };
      const test = work && kind && (await deployers[kind].test?.(work, run, signal));
      switch (test?.kind) {
        case undefined:
          return ended('Inconclusive', 'what is deployed is no Helm release');
        case 'Passed':
          return ended('Pass', test.message);
        case 'Failed':
          return ended('Fail', test.message);
        case 'Running':
          return { kind: 'UnderWay', message: test.message, until: undefined };
      }
    },
    // The Deployer lets go of it.
    release: () => undefined,
  };
}
