import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**'],
    // Only what hangs should run into these: two cores may be shared with other work.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // No test changes what others import, so a worker need not load it anew for each of two hundred files.
    isolate: false,
    // Most of the time goes into waiting for real processes, not into computing.
    // The long stories hold servers to times that people wait, which too many neighbours would stretch.
    maxWorkers: process.env.CI === 'true' ? 3 : 4,
  },
});
