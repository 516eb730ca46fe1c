import { defineConfig } from 'vitest/config'

const required = process.env['RST_ANALYZE_REQUIRE'] === '1'
const results = process.env['RST_ANALYZE_RESULTS']

/** What counts allocations or memory wants a process to itself. */
const MEASURED = ['test/flow/counts.test.ts', 'test/cost/**/*.test.ts', 'test/fuzz/**/*.test.ts']

export default defineConfig({
  test: {
    globalSetup: ['test/setup.ts'],
    // Against endless loops, not for speed: a loaded machine takes its time.
    testTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    // Real engines, kernels and browsers (only where everything is required) want the machine for themselves.
    maxWorkers: required ? 1 : 2,
    projects: [
      {
        extends: true,
        // The files of a worker share its modules, and with them the analyses of the fixtures.
        test: { name: 'shared', include: ['test/**/*.test.ts'], exclude: MEASURED, isolate: false },
      },
      { extends: true, test: { name: 'measured', include: MEASURED, isolate: true } },
    ],
    reporters: [
      'default',
      ...(required ? ['./test/setup-reporter.ts'] : []),
      ...(results ? [['json', { outputFile: results }] as [string, object]] : []),
    ],
  },
})
