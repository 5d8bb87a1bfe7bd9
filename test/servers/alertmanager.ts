/** The real Alertmanager (Debian's package) on a free port of 127.0.0.1, which tells nobody of its alerts. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../cluster/ports.ts';
import { waitUntil } from '../cluster/wait-until.ts';
import { hireWarden } from '../cluster/warden.ts';

export interface RunningAlertmanager {
  readonly origin: string;
  /** Sends an alert as Prometheus does. @param endsAt in the past: it is resolved */
  send(labels: Readonly<Record<string, string>>, endsAt?: Date): Promise<void>;
  /** Silences all alerts of a name for an hour. */
  silence(alertname: string): Promise<void>;
  stop(): Promise<void>;
}

const hourMs = 3_600_000;

export async function startAlertmanager(): Promise<RunningAlertmanager> {
  const warden = await hireWarden();
  const config = join(warden.directory, 'alertmanager.yml');
  await writeFile(config, JSON.stringify({ route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] }));
  const port = await freePort('127.0.0.1');
  const running = warden.start({
    name: 'alertmanager',
    program: '/usr/bin/prometheus-alertmanager',
    arguments: [
      `--config.file=${config}`,
      `--storage.path=${join(warden.directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      // No gossip with others.
      '--cluster.listen-address=',
    ],
  });
  const origin = `http://127.0.0.1:${port}`;
  await waitUntil('Alertmanager is ready', 60_000, async () => {
    if (running.ending !== undefined) {
      throw new Error(`alertmanager: ${running.ending}; see ${running.logPath}`);
    }
    return (await fetch(`${origin}/-/ready`).catch(() => undefined))?.ok === true;
  });
  const post = async (path: string, body: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${origin}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) {
      throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
    }
  };
  return {
    origin,
    async send(labels, endsAt) {
      await post('/api/v2/alerts', [{ labels, ...(endsAt === undefined ? {} : { endsAt: endsAt.toISOString() }) }]);
    },
    async silence(alertname) {
      const now = Date.now();
      await post('/api/v2/silences', {
        matchers: [{ name: 'alertname', value: alertname, isRegex: false, isEqual: true }],
        startsAt: new Date(now).toISOString(),
        endsAt: new Date(now + hourMs).toISOString(),
        createdBy: 'test',
        comment: 'test',
      });
    },
    stop: () => warden.dismiss(),
  };
}
