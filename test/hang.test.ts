import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { expect, test } from 'vitest'
import { cpuSecondsOf, HangWatch } from './hang.js'

const here = fs.existsSync('/proc/self/stat')

test.runIf(here)('a process that works is counted by its work, not by the clock', async () => {
  // It spins until it has used 0.3 s of processor time, however long that takes, then waits to be ended.
  const spin = 'while (process.cpuUsage().user < 3e5); process.stdout.write("x"); setInterval(() => {}, 1e6)'
  const child = spawn(process.execPath, ['-e', spin], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [strict, patient] = [new HangWatch(child.pid!, 0.1), new HangWatch(child.pid!, 60)]
  await once(child.stdout, 'data')
  expect(cpuSecondsOf(child.pid!)).toBeGreaterThan(0.25)
  expect(strict.hangs).toBe(true)
  expect(patient.hangs).toBe(false)
  strict.again()
  expect(strict.hangs).toBe(false)
  child.kill('SIGKILL')
  await once(child, 'close')
})

test('of a process that is gone nothing is known', () => {
  expect(cpuSecondsOf(2 ** 30)).toBeUndefined()
})
