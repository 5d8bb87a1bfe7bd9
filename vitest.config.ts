import { defineConfig } from 'vitest/config';

/**
 * Three levels, fastest first. `unit` needs nothing but node; `server` a real API server, registry and git;
 * `node` a real node with pods. The ending of a test file's name says its level.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // Property tests take seconds where other work shares the machine.
          testTimeout: 20_000,
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
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
    ],
  },
});
