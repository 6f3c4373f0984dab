// How the tests run: in processes, not threads, because tests start servers and wardens of their own.

import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    maxConcurrency: 3,
    // The only ends that a test has: no machine is so slow or so loaded, and what is waited for for longer never comes.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { requireAssertions: true, poll: { timeout: 300_000 } },
  },
});
