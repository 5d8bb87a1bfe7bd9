/** The built pages as a reader sees them: light, dark, on a telephone, and found by searching. */

import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { findAccessProblems, keepPicture, openBrowser, visit } from '../../ui/test/browser.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(async () => {
  await browser.close();
});

const screens: readonly { look: string; options: BrowserContextOptions }[] = [
  { look: 'light', options: { colorScheme: 'light', viewport: { width: 1360, height: 900 } } },
  { look: 'dark', options: { colorScheme: 'dark', viewport: { width: 1360, height: 900 } } },
  { look: 'phone', options: { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true } },
];

const paths = [
  '/',
  '/start/',
  '/guide/gates/',
  '/concepts/pipeline/',
  '/reference/waiting/',
  '/compare/',
  '/operate/alerts/',
];

describe.each(screens)('$look', ({ look, options }) => {
  test.each(paths)('%s shows, without a complaint of axe or of the browser', async (path) => {
    const { page, context, complaints } = await visit(browser, options);
    await page.goto(`${inject('site')}${path}`);

    expect(await page.locator('h1').count()).toBe(1);
    expect(await findAccessProblems(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    expect(complaints).toEqual([]);
    await keepPicture(page, `site-${look}${path.replaceAll('/', '-')}`);
    await context.close();
  });
});

test('searching for an error code finds its section', async () => {
  const { page, context } = await visit(browser);
  await page.goto(`${inject('site')}/`);
  await page.getByRole('button', { name: /search/i }).click();
  await page.getByTitle('Search', { exact: true }).fill('REGISTRY_DENIED');

  const hit = page.getByRole('link', { name: 'REGISTRY_DENIED' });
  await hit.waitFor();
  expect(await hit.getAttribute('href')).toBe('/reference/errors/#registry_denied');
  await context.close();
});
