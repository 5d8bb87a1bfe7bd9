/** The web UI behind a path prefix: one page for all its paths, files that may be kept, and nothing from outside the folder. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../../telemetry/log.ts';
import { addPages } from './pages.ts';

let folder: string;
let server: FastifyInstance;
const html = { accept: 'text/html,application/xhtml+xml' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-pages-'));
  const pages = join(folder, 'ui');
  await mkdir(join(pages, 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'between us');
  await writeFile(
    join(pages, 'index.html'),
    '<!doctype html><html><head><title>Headgate</title></head><body></body></html>',
  );
  await writeFile(join(pages, 'assets', 'main-abc.js'), 'let a;');
  await writeFile(join(pages, 'assets', 'main-abc.js.gz'), 'zipped');
  server = Fastify();
  await server.register(
    (scope, _options, done) => {
      addPages(scope, { prefix: '/gate', pages, log: createLogger('error') }).then(() => done(), done);
    },
    { prefix: '/gate' },
  );
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

test.each(['/gate/', '/gate/apps/demo/web', '/gate/updates?x=1'])('%s is the page', async (url) => {
  const { statusCode, body, headers } = await server.inject({ url, headers: html });
  const [, nonce = ''] = /csp-nonce" content="([^"]+)"/.exec(body) ?? [];

  expect(statusCode).toBe(200);
  expect(body).toContain('<base href="/gate/">');
  expect(nonce.length).toBeGreaterThan(20);
  expect(headers['content-security-policy']).toContain(`style-src 'self' 'nonce-${nonce}'`);
  expect(headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self';/);
});

test('no two answers have one nonce', async () => {
  const [one, two] = await Promise.all([server.inject('/gate/'), server.inject('/gate/')]);

  expect(one.headers['content-security-policy']).not.toBe(two.headers['content-security-policy']);
});

test('a file may be kept for a year and comes compressed to whom can read it', async () => {
  const plain = await server.inject('/gate/assets/main-abc.js');
  expect([plain.statusCode, plain.body]).toEqual([200, 'let a;']);
  expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');

  const zipped = await server.inject({ url: '/gate/assets/main-abc.js', headers: { 'accept-encoding': 'gzip' } });
  expect([zipped.headers['content-encoding'], zipped.body]).toEqual(['gzip', 'zipped']);
  expect(zipped.headers['content-type']).toMatch('javascript');
});

test.each([
  '/gate/assets/missing.js',
  '/gate/assets/..%2f..%2fsecret.txt',
  '/gate/assets/%2e%2e/%2e%2e/secret.txt',
  '/gate/assets/../../secret.txt',
  '/gate/api/v1/nothing',
  '/elsewhere',
])('%s is not there', async (url) => {
  const { statusCode, body } = await server.inject({ url, headers: html });

  expect([400, 403, 404]).toContain(statusCode);
  expect(body).not.toContain('between us');
});

test('a program that asks for no HTML is told that there is nothing', async () => {
  const { statusCode, json } = await server.inject({ url: '/gate/apps', headers: { accept: 'application/json' } });

  expect([statusCode, json()]).toMatchObject([404, { code: 'not-found' }]);
});
