import { defineConfig } from 'vitest/config';

/**
 * Five levels, fastest first. `unit` needs nothing but node; `server` a real API server, registry and git;
 * `node` a real node with pods; `browser` the pages in a real browser,
 * `site` the documentation as it is published. The ending of a test file's name says its level.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // Half of the time went into loading the same modules anew for each file. None of ours keeps anything between tests.
          isolate: false,
          // Property tests take seconds where other work shares the machine.
          testTimeout: 20_000,
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts', 'ui/src/**/*.test.ts'],
          exclude: ['**/*.server.test.ts', '**/*.node.test.ts', '**/node_modules/**'],
        },
      },
      {
        test: {
          name: 'server',
          include: ['src/**/*.server.test.ts', 'test/**/*.server.test.ts'],
          globalSetup: ['test/server-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'node',
          include: ['e2e/**/*.node.test.ts'],
          globalSetup: ['test/node-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          maxConcurrency: 8,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['ui/test/**/*.browser.test.ts'],
          globalSetup: ['ui/test/browser-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'site',
          include: ['site/test/**/*.site.test.ts'],
          globalSetup: ['site/test/site-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
