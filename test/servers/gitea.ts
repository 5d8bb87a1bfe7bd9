/**
 * A real Gitea on a free port of 127.0.0.1, with one user and his token. Its module has no web assets, so that only the API and git over
 * http are of use.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { request } from 'undici';
import { locateTools } from '../cluster/binaries.ts';
import { freePort } from '../cluster/ports.ts';
import { hireWarden, waitUntilReady } from '../cluster/warden.ts';

export interface GiteaServer {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly username: string;
  readonly token: string;
  /** Folder with `<user>/<name>.git`. */
  readonly repositories: string;
  /** Makes a repository with one commit on `main`; answers its URL for git. */
  createRepository(name: string): Promise<string>;
  /** As the user: JSON in, JSON out. Throws with the answer when it is refused. */
  call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<unknown>;
  stop(): Promise<void>;
}

const username = 'robot';
const execute = promisify(execFile);

export async function startGitea(): Promise<GiteaServer> {
  const { gitea } = await locateTools(['gitea']);
  const warden = await hireWarden();
  try {
    const port = await freePort('127.0.0.1');
    const origin = `http://127.0.0.1:${port}`;
    const config = await writeConfig(warden.directory, { port, origin });
    const base = ['--config', config, '--work-path', warden.directory];
    const run = async (words: readonly string[]) =>
      (await execute(gitea, [...base, ...words])).stdout.trim().split('\n').at(-1) ?? '';
    await run(['migrate']);
    await run([
      'admin',
      'user',
      'create',
      '--username',
      username,
      '--password',
      'secret-1234',
      '--email',
      'r@example.org',
    ]);
    const token = await run([
      'admin',
      'user',
      'generate-access-token',
      '--username',
      username,
      '--scopes',
      'all',
      '--raw',
    ]);
    const process = warden.start({ name: 'gitea', program: gitea, arguments: [...base, 'web'] });
    await waitUntilReady(process, 30_000, () => answers(origin));
    const call: GiteaServer['call'] = (method, path, body) =>
      callApi(`${origin}/api/v1${path}`, { method, token, body });
    return {
      origin,
      username,
      token,
      repositories: join(warden.directory, 'repositories'),
      call,
      createRepository: async (name) => {
        await call('POST', '/user/repos', { name, auto_init: true, default_branch: 'main' });
        return `${origin}/${username}/${name}.git`;
      },
      stop: () => warden.dismiss(),
    };
  } catch (error) {
    await warden.dismiss();
    throw error;
  }
}

async function writeConfig(folder: string, { port, origin }: { port: number; origin: string }): Promise<string> {
  const lines = [
    'I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true',
    'RUN_MODE = prod',
    '[webhook]',
    'ALLOWED_HOST_LIST = loopback',
    '[server]',
    'HTTP_ADDR = 127.0.0.1',
    `HTTP_PORT = ${port}`,
    `ROOT_URL = ${origin}/`,
    `STATIC_ROOT_PATH = ${await moduleFolder()}`,
    'DISABLE_SSH = true',
    'OFFLINE_MODE = true',
    '[database]',
    'DB_TYPE = sqlite3',
    `PATH = ${join(folder, 'gitea.db')}`,
    '[security]',
    'INSTALL_LOCK = true',
    'SECRET_KEY = only-for-this-test-run',
    'PASSWORD_HASH_ALGO = pbkdf2_v1',
    '[repository]',
    `ROOT = ${join(folder, 'repositories')}`,
    '[log]',
    'MODE = console',
    'LEVEL = warn',
    ...['[cron]', 'ENABLED = false', '[actions]', 'ENABLED = false', '[packages]', 'ENABLED = false'],
    '',
  ];
  const path = join(folder, 'app.ini');
  await writeFile(path, lines.join('\n'));
  return path;
}

/** Where Go has unpacked the module, with the templates and options that the program reads. */
async function moduleFolder(): Promise<string> {
  const cwd = fileURLToPath(new URL('../cluster/go/gitea', import.meta.url));
  const { stdout } = await execute('go', ['mod', 'download', '-json', 'code.gitea.io/gitea'], { cwd });
  const answer: unknown = JSON.parse(stdout);
  if (typeof answer === 'object' && answer !== null && 'Dir' in answer && typeof answer.Dir === 'string') {
    return answer.Dir;
  }
  throw new Error(`find the module of Gitea: ${stdout}`);
}

async function answers(origin: string): Promise<boolean> {
  try {
    const response = await request(`${origin}/api/healthz`, { headersTimeout: 2_000 });
    await response.body.dump();
    return response.statusCode === 200;
  } catch {
    return false;
  }
}

interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly token: string;
  readonly body: object | undefined;
}

async function callApi(url: string, { method, token, body }: ApiCall): Promise<unknown> {
  const response = await request(url, {
    method,
    headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.body.text();
  if (response.statusCode > 299) {
    throw new Error(`${method} ${url}: ${response.statusCode} ${text}`);
  }
  return text === '' ? undefined : JSON.parse(text);
}
