/** With RST_ANALYZE_REQUIRE=1 nothing may be skipped: each skipped test is named, and the run fails. */
import type { Reporter, TestModule } from 'vitest/node'

export default class NothingSkipped implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        process.stderr.write(`skipped although everything is required: ${test.fullName}\n`)
        process.exitCode = 1
      }
    }
  }
}
