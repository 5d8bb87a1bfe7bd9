/** One look at one page: it shows, axe and the browser have nothing to say of it, and nothing is wider than the screen. */
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { findAccessProblems, keepPicture, signInByToken, visit } from './browser.ts';

export const looks = [
  { look: 'light', colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  { look: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  { look: 'phone', colorScheme: 'light', viewport: { width: 375, height: 800 } },
] as const;

export interface PageToCheck {
  /** Of the picture. */
  readonly name: string;
  /** Whole address. */
  readonly address: string;
  readonly heading: string;
  /** Text that is there once the page has what it shows. */
  readonly sign: string;
  /** Who looks; whoever may read without signing in when absent. */
  readonly token?: string;
  /** What is clicked before the page is looked at. */
  readonly prepare?: (page: Page) => Promise<void>;
}

export async function checkPage(browser: Browser, page: PageToCheck, how: (typeof looks)[number]): Promise<void> {
  const { look, ...options } = how;
  const visitor = await visit(browser, options);
  try {
    if (page.token !== undefined) {
      await signInByToken(visitor, page.address, page.token);
    }
    await visitor.page.goto(page.address);
    await visitor.page.getByRole('heading', { level: 1, name: page.heading }).waitFor();
    await page.prepare?.(visitor.page);
    await visitor.page.getByText(page.sign).first().waitFor();
    expect(await findAccessProblems(visitor.page)).toEqual([]);
    const overflow = await visitor.page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth');
    expect(overflow, 'nothing is wider than the screen').toBeLessThanOrEqual(0);
    expect(visitor.complaints).toEqual([]);
    await keepPicture(visitor.page, `${page.name}-${look}`);
  } finally {
    await visitor.context.close();
  }
}
