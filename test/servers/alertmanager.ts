/** The real Alertmanager (Debian's package) on a free port of 127.0.0.1, which tells nobody of its alerts but whom the test names. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../cluster/ports.ts';
import { waitUntil } from '../cluster/wait-until.ts';
import { hireWarden } from '../cluster/warden.ts';

export interface RunningAlertmanager {
  readonly origin: string;
  /** Sends an alert as Prometheus does. @param endsAt in the past: it is resolved */
  send(labels: Readonly<Record<string, string>>, endsAt?: Date): Promise<void>;
  /** The alerts that fire and fit, as its API and `amtool` show them. @param matcher for example `app="web"` */
  firing(matcher: string): Promise<readonly FiringAlert[]>;
  /** Silences all alerts of a name for an hour. */
  silence(alertname: string): Promise<void>;
  stop(): Promise<void>;
}

export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly status: { readonly state: string };
}

const hourMs = 3_600_000;

/** @param tells URL of a webhook that is told of each App's alerts, and of their end; nobody when absent */
export async function startAlertmanager(tells?: string): Promise<RunningAlertmanager> {
  const warden = await hireWarden();
  const config = join(warden.directory, 'alertmanager.yml');
  const listener = tells === undefined ? {} : { webhook_configs: [{ url: tells, send_resolved: true }] };
  const pace = { group_by: ['namespace', 'app'], group_wait: '100ms', group_interval: '1s', repeat_interval: '1h' };
  const route = { receiver: 'test', ...pace };
  await writeFile(config, JSON.stringify({ route, receivers: [{ name: 'test', ...listener }] }));
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
    async firing(matcher) {
      const answer = await fetch(`${origin}/api/v2/alerts?filter=${encodeURIComponent(matcher)}`);
      return (await answer.json()) as readonly FiringAlert[];
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
