/** The examples of docs/operate/host-mode.md, each judged by what would read it: systemd, the command line, the API server. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, onTestFinished, test } from 'vitest';
import { runProgram } from '../src/cli/program.ts';
import { parseManifests } from '../src/kube/manifest-text.ts';
import type { KubeObject, NewObject } from '../src/kube/objects.ts';
import { cronJobs, namespaces, pods, serviceAccounts } from '../src/kube/resource-types.ts';
import { connectTo } from './kube/server-fixtures.ts';

const page = readFileSync(new URL('../docs/operate/host-mode.md', import.meta.url), 'utf8');

function blocks(language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text);
}

test('systemd finds nothing wrong with the service and the timer', async ({ skip }) => {
  const analyze = promisify(execFile);
  const isThere = await analyze('systemd-analyze', ['--version']).catch(() => undefined);
  skip(isThere === undefined, 'no systemd-analyze on this machine');
  const folder = await mkdtemp(join(tmpdir(), 'headgate-units-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [service = '', timer = ''] = blocks('ini');
  // The program is not installed here; systemd looks whether it is there.
  const program = join(folder, 'headgate');
  await writeFile(program, '#!/bin/sh\n', { mode: 0o755 });
  await writeFile(join(folder, 'headgate.service'), service.replace('/usr/local/bin/headgate', program));
  await writeFile(join(folder, 'headgate.timer'), timer);
  const units = ['headgate.service', 'headgate.timer'].map((name) => join(folder, name));

  const { stdout, stderr } = await analyze('systemd-analyze', ['verify', '--man=no', ...units]);

  expect(`${stdout}${stderr}`).not.toMatch(/headgate\.(service|timer)/);
});

test('systemd calls the timer every ten minutes', async ({ skip }) => {
  const [schedule = ''] = /(?<=^OnCalendar=).*$/m.exec(page) ?? [];
  const answer = await promisify(execFile)('systemd-analyze', ['calendar', schedule]).catch(() => undefined);
  skip(answer === undefined, 'no systemd-analyze on this machine');

  expect(answer?.stdout).toContain('*-*-* *:00/10:00');
});

test.each([
  ['the service', /^ExecStart=\S+ (.*)$/m],
  ['the line of cron', /headgate \/usr\/local\/bin\/headgate (.*)$/m],
])('%s calls the program as it is called, and it ends by itself', { timeout: 120_000 }, async (_, pattern) => {
  const words = (pattern.exec(page)?.[1] ?? '').split(' ');
  const own = words.map((word) => (word === '/etc/headgate/kubeconfig' ? inject('kubeconfig') : word));
  const client = await connectTo(inject('kubeconfig'));
  onTestFinished(() => client.close());
  const namespace = `host-${process.pid}-${own.length}`;
  await client.create(namespaces, { metadata: { name: namespace } });
  const said = { out: '', error: '' };

  const code = await runProgram([...own, '--namespace', namespace], {
    out: (text) => {
      said.out += text;
    },
    error: (text) => {
      said.error += text;
    },
    signal: AbortSignal.timeout(110_000),
  });

  expect({ code, error: said.error }).toEqual({ code: 0, error: '' });
});

test('the API server takes the CronJob, and Pod Security "restricted" its pod', async () => {
  const client = await connectTo(inject('kubeconfig'));
  onTestFinished(() => client.close());
  const namespace = `cron-${process.pid}`;
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await client.create(namespaces, { metadata: { name: namespace, labels } });
  await client.create(serviceAccounts, { metadata: { namespace, name: 'headgate' } });
  const [manifest] = parseManifests(blocks('yaml').join(''), 'host-mode.md') ?? [];
  const cronJob = manifest?.object as { readonly metadata: object; readonly spec: CronJobSpec };
  const body = { ...cronJob, metadata: { ...cronJob.metadata, namespace } };
  const strict = { dryRun: true, fieldManager: 'test', fieldValidation: 'Strict' } as const;

  await client.patch(cronJobs, { namespace, name: 'headgate' }, { kind: 'apply', body }, strict);

  const { spec } = cronJob.spec.jobTemplate.spec.template;
  const pod: NewObject<KubeObject & { readonly spec: object }> = { metadata: { namespace, name: 'try' }, spec };
  await client.create(pods, pod, strict);
});

interface CronJobSpec {
  readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: object } } };
}
