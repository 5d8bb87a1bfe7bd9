/** Adoption by whole processes: what people see on the workload, and one pass from a cron job. */
import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { completeRollouts, pushVersions } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import type { ProductObject } from '../../adapters/cluster/kinds.ts';
import { runProgram } from '../../cli/program.ts';
import { adoptableSystems } from '../../core/adopt/adoption.ts';
import type { KubeClient } from '../../kube/client.ts';
import { deployments, events } from '../../kube/resource-types.ts';
import { runController } from '../run-controller.ts';

let client: KubeClient;
let registry: RunningRegistry;
let namespace: string;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  registry = await startRegistry();
  await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0']);
});

beforeEach(async () => {
  namespace = await createNamespace(client);
});

afterAll(() => Promise.all([client.close(), registry.stop()]));

async function createWeb(name: string, annotations: Readonly<Record<string, string>>): Promise<void> {
  const labels = { app: name };
  const container = { name: 'app', image: `${registry.host}/web:1.0.0` };
  await client.create<ProductObject>(deployments, {
    metadata: { namespace, name, labels, annotations },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
  });
}

test('the controller says on the workload that it is adopted, or what is wrong with its annotations', async () => {
  const stopping = new AbortController();
  await createWeb('good', { 'keel.sh/policy': 'minor' });
  await createWeb('bad', { 'keel.sh/policy': 'majro' });
  const ended = runController(
    {
      kubeconfig: inject('kubeconfig'),
      namespaces: [namespace],
      leaderElection: false,
      leaseName: 'headgate',
      listen: '127.0.0.1:0',
      logLevel: 'error',
      adoption: { systems: adoptableSystems, insecureRegistries: [registry.host] },
    },
    stopping.signal,
  );

  const told = async () => {
    const { items } = await client.list<ProductObject & Told>(events, { namespace });
    return items.map(({ regarding, type, reason, note }) => `${regarding?.name} ${type} ${reason}: ${note}`);
  };
  await vi.waitFor(
    async () => {
      expect(await told()).toContain(
        'good Normal Adopted: App "deployment-good" looks after it, as its annotations for keel ask',
      );
      expect(await told()).toContainEqual(
        expect.stringContaining('bad Warning AnnotationsInvalid: keel.sh/policy: "majro" is no policy of Keel'),
      );
    },
    { timeout: 20_000, interval: 100 },
  );
  stopping.abort();
  await ended;
});

interface Told {
  readonly regarding?: { readonly name?: string };
  readonly type?: string;
  readonly reason?: string;
  readonly note?: string;
}

test.each([
  ['keel,flux,imago', true],
  ['imago', false],
  ['none', false],
])(
  'one pass with --adopt %s: updated %o, whatever the schedule',
  async (adopt, isUpdated) => {
    const stopping = new AbortController();
    completeRollouts({ client, namespace }, stopping.signal);
    await createWeb('web', {
      'keel.sh/policy': 'minor',
      'keel.sh/trigger': 'poll',
      'keel.sh/pollSchedule': '0 0 3 1 1 *',
    });

    const words = ['run', '--once', '-n', namespace, '--kubeconfig', inject('kubeconfig'), '--adopt', adopt];
    let out = '';
    const code = await runProgram([...words, '--insecure-registry', registry.host, '--timeout', '4s'], {
      out: (text) => {
        out += text;
      },
      error: (text) => {
        out += text;
      },
      signal: new AbortController().signal,
    });

    stopping.abort();
    // The pass ends before the Update has proven itself for 30 s, and says so by its exit code.
    expect({ code, hasApp: out.includes('deployment-web') }).toEqual({ code: isUpdated ? 1 : 0, hasApp: isUpdated });
    const web = await client.get(deployments, { namespace, name: 'web' });
    expect(JSON.stringify(web).includes(`${registry.host}/web:1.1.0@sha256:`)).toBe(isUpdated);
  },
  60_000,
);
