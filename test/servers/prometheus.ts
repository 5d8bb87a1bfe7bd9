/** The real Prometheus (Debian's package) on a free port of 127.0.0.1, scraping every second what a test names. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../cluster/ports.ts';
import { waitUntil } from '../cluster/wait-until.ts';
import { hireWarden } from '../cluster/warden.ts';

export interface RunningPrometheus {
  readonly origin: string;
  /** Asks until the query gives something, and answers its values. */
  until(query: string): Promise<readonly number[]>;
  /** Values of a query now; NaN is one. */
  query(query: string): Promise<readonly number[]>;
  stop(): Promise<void>;
}

export interface PrometheusOptions {
  /** `host:port` of what is scraped at /metrics. */
  readonly targets: readonly string[];
  /** Files of rules, by absolute path. */
  readonly ruleFiles?: readonly string[];
}

export async function startPrometheus({ targets, ruleFiles = [] }: PrometheusOptions): Promise<RunningPrometheus> {
  const warden = await hireWarden();
  const config = join(warden.directory, 'prometheus.yml');
  const scrape = { job_name: 'test', scrape_interval: '1s', scrape_timeout: '1s', static_configs: [{ targets }] };
  const global = { evaluation_interval: '1s' };
  await writeFile(config, JSON.stringify({ global, rule_files: ruleFiles, scrape_configs: [scrape] }));
  const port = await freePort('127.0.0.1');
  const running = warden.start({
    name: 'prometheus',
    program: '/usr/bin/prometheus',
    arguments: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(warden.directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
  });
  const origin = `http://127.0.0.1:${port}`;
  const ask = async (path: string) => {
    const answer = await fetch(`${origin}${path}`).catch(() => undefined);
    return answer?.ok === true ? await answer.text() : undefined;
  };
  await waitUntil('Prometheus is ready', 60_000, async () => {
    if (running.ending !== undefined) {
      throw new Error(`prometheus: ${running.ending}; see ${running.logPath}`);
    }
    return (await ask('/-/ready')) !== undefined;
  });
  const query = async (text: string) => {
    const answer = await fetch(`${origin}/api/v1/query?query=${encodeURIComponent(text)}`);
    const { data, error } = (await answer.json()) as {
      readonly error?: string;
      readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] };
    };
    if (data === undefined) {
      throw new Error(`${text}: ${error ?? answer.status}`);
    }
    return data.result.map(({ value }) => Number(value[1]));
  };
  return {
    origin,
    query,
    async until(text) {
      let values: readonly number[] = [];
      await waitUntil(`${text} gives something`, 60_000, async () => {
        values = await query(text);
        return values.length > 0;
      });
      return values;
    },
    stop: () => warden.dismiss(),
  };
}
