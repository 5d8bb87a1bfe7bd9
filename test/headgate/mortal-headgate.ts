/**
 * A Headgate that kills itself at a given moment: the controllers of the product on a client that may die.
 *
 * usage: node mortal-headgate.ts KUBECONFIG NAMESPACE DEATH (JSON of death.ts)
 */
import { createRegistryClient } from '../../src/adapters/registry/client.ts';
import { listenToAdoption } from '../../src/app/adoption/adoption-listener.ts';
import { adoptionSettings } from '../../src/app/adoption/adoption-settings.ts';
import { startRuntime } from '../../src/app/runtime.ts';
import { listenToSteps } from '../../src/app/step-listener.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import { systemClock as clock } from '../../src/kube/clock.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { locateTools } from '../cluster/binaries.ts';
import { type Death, die, mortalClient } from './death.ts';

const [path = '', namespace = '', text = ''] = process.argv.slice(2);
const death: Death = JSON.parse(text);
const config = await loadKubeConfig({ path });
const client = createKubeClient(config);
const log = createLogger('info');
const metrics = createMetrics({ processMetrics: false });
const registry = createRegistryClient({ clock });

await startRuntime({
  client: death.kind === 'write' ? mortalClient(client, death) : client,
  registry,
  attachments: registry,
  artifactRegistry: registry,
  artifactStore: registry,
  namespaces: [namespace],
  manifests: { sourceFolder: undefined, searchPath: '' },
  clock,
  random: Math.random,
  log,
  metrics,
  listener: listenToSteps({
    log,
    metrics,
    also: { stepDone: (_update, step) => (death.kind === 'step' && death.step === step ? die() : undefined) },
  }),
  adoption: adoptionSettings(undefined),
  adoptionListener: listenToAdoption(log),
  helm: { config, programs: await locateTools(['helm', 'kubectl']) },
  assertLeading: () => undefined,
  signal: new AbortController().signal,
}).stopped;
