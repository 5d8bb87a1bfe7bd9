/** Whatever a built page leads to is there: pages, their sections, pictures and styles. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { siteFolder } from '../../scripts/site/build-site.ts';

const files = new Set(readdirSync(siteFolder, { recursive: true, encoding: 'utf8' }));
const pages = [...files].filter((file) => file.endsWith('.html') && file !== '404.html');
const anchors = new Map(pages.map((page) => [page, anchorsOf(read(page))]));

test('there are pages, and they have sections', () => {
  expect(pages.length).toBeGreaterThan(60);
  expect(anchors.get('reference/errors/index.html')).toContain('api_conflict');
});

test.each(pages)('%s', (page) => {
  const targets = [...read(page).matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, target = '']) => target);
  const own = targets.filter((target) => !/^(https?:|mailto:|data:)/.test(target));

  expect(own.length).toBeGreaterThan(10);
  expect([...new Set(own.filter((target) => !leadsSomewhere(page, target)))]).toEqual([]);
});

function leadsSomewhere(page: string, target: string): boolean {
  const { pathname, hash } = new URL(target, `http://site/${page}`);
  const path = decodeURIComponent(pathname.slice(1));
  const file = path === '' || path.endsWith('/') ? `${path}index.html` : path;
  const anchor = decodeURIComponent(hash.slice(1));
  return files.has(file) && (anchor === '' || (anchors.get(file)?.has(anchor) ?? false));
}

function anchorsOf(html: string): ReadonlySet<string> {
  return new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id));
}

function read(page: string): string {
  return readFileSync(join(siteFolder, page), 'utf8');
}
