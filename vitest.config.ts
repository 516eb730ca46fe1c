import { defineConfig } from 'vitest/config'

const required = process.env['RST_ANALYZE_REQUIRE'] === '1'
const results = process.env['RST_ANALYZE_RESULTS']

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    testTimeout: 20_000,
    // Real engines, kernels and browsers (only where everything is required) want the machine for themselves.
    maxWorkers: required ? 1 : 2,
    reporters: [
      'default',
      ...(required ? ['./test/setup-reporter.ts'] : []),
      ...(results ? [['json', { outputFile: results }] as [string, object]] : []),
    ],
  },
})
