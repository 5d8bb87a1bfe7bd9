/** A real nginx over a folder on loopback: that of the machine, else Debian's package unpacked into the cache; nothing is installed. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../test/cluster/binaries.ts';
import { freePort } from '../../test/cluster/ports.ts';

const run = promisify(execFile);

export interface Nginx {
  readonly url: string;
  readonly version: string;
  /** Status, bytes asked with head, bytes answered with head, of each request so far. */
  requests(): readonly (readonly [status: number, asked: number, answered: number])[];
  stop(): Promise<void>;
}

export async function startNginx(folder: string): Promise<Nginx> {
  const program = await findNginx();
  const place = await mkdtemp(join(tmpdir(), 'nginx-'));
  const port = await freePort('127.0.0.1');
  const log = join(place, 'access.log');
  await writeFile(join(place, 'nginx.conf'), configuration({ folder, place, port, log }));
  const child = spawn(program, ['-p', place, '-c', join(place, 'nginx.conf')], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}/`;
  await answers(url);
  const { stderr } = await run(program, ['-v']);
  return {
    url,
    version: stderr.trim(),
    requests: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split(' ').map(Number))
        .map(([status = 0, asked = 0, answered = 0]) => [status, asked, answered] as const),
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      await rm(place, { recursive: true, force: true });
    },
  };
}

async function findNginx(): Promise<string> {
  const own = ['/usr/sbin/nginx', '/usr/bin/nginx'].find(existsSync);
  const unpacked = join(cacheFolder(), 'nginx-debian');
  const program = join(unpacked, 'usr', 'sbin', 'nginx');
  if (own === undefined && !existsSync(program)) {
    const arriving = `${unpacked}.${process.pid}`;
    await mkdir(arriving, { recursive: true });
    await run('apt-get', ['download', 'nginx'], { cwd: arriving });
    const [archive = ''] = (await readdir(arriving)).filter((name) => name.endsWith('.deb'));
    await run('dpkg-deb', ['-x', join(arriving, archive), arriving]);
    await rename(arriving, unpacked);
  }
  return own ?? program;
}

function configuration({
  folder,
  place,
  port,
  log,
}: Readonly<Record<'folder' | 'place' | 'log', string>> & { readonly port: number }): string {
  return `
daemon off;
pid ${place}/nginx.pid;
error_log ${place}/error.log;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 512; }
http {
  log_format counted '$status $request_length $bytes_sent';
  access_log ${log} counted;
  client_body_temp_path ${place}/body; proxy_temp_path ${place}/proxy; fastcgi_temp_path ${place}/fastcgi;
  uwsgi_temp_path ${place}/uwsgi; scgi_temp_path ${place}/scgi;
  server { listen 127.0.0.1:${port}; root ${folder}; etag on; }
}
`;
}

async function answers(url: string): Promise<void> {
  const patienceMs = 10_000;
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      await fetch(url);
      return;
    } catch (error) {
      if (performance.now() > until) {
        throw error;
      }
    }
  }
}
