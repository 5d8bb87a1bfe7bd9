/** Debian's Chromium, driven as a person would: https://playwright.dev/docs/library. No network but loopback. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/** Without them it looks up hosts of its maker, which a closed network refuses one by one. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page complained of: errors of scripts, and of the content security policy. */
  readonly complaints: readonly string[];
}

export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath, headless: true, args: flags });
}

/** A visitor with cookies of their own. */
export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Amsterdam', ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') {
      complaints.push(message.text());
    }
  });
  return { page, context, complaints };
}

/** Signs in as the page does, without the page. */
export async function signInByToken({ context }: Visit, address: string, token: string): Promise<void> {
  const answer = await context.request.post(`${new URL(address).origin}/api/v1/session`, { data: { token } });
  if (!answer.ok()) {
    throw new Error(`sign in: ${answer.status()} ${await answer.text()}`);
  }
}

/** Ends when nothing moves any more, but for what always does. By the debugger: the policy of the page takes no script of others. */
const settled = `Promise.allSettled(
  document.getAnimations()
    .filter(({ effect }) => effect.getTiming().iterations !== Infinity)
    .map(({ finished }) => finished),
).then(() => undefined)`;

/** What axe finds wrong, as `rule: where`, for WCAG 2.2 A and AA and its best practices. */
export async function findAccessProblems(page: Page): Promise<string[]> {
  // Text that is fading in has not its colours yet.
  await page.evaluate(settled);
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate('axe.run(document)').then((result) => result as axe.AxeResults);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}

/** The folder that HEADGATE_SCREENSHOTS names; nothing is kept without it. */
const folder = process.env['HEADGATE_SCREENSHOTS'];

export async function keepPicture(page: Page, name: string): Promise<void> {
  if (folder !== undefined) {
    await mkdir(folder, { recursive: true });
    // What stays in its place while one scrolls would else be in the middle.
    await page.evaluate('window.scrollTo(0, 0)');
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  }
}
