import { defineConfig } from 'vitest/config';

const live = process.env['SUTURE_LIVE'] !== undefined;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/fixtures/**', ...(live ? [] : ['test/live/**'])],
    globalSetup: ['test/support/temporal-server.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', ['json', { outputFile: 'test-results/report.json' }]],
  },
});
