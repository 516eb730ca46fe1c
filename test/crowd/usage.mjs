/** Loaded before the program that is watched: what it used, written when it ends. */
import { writeFileSync } from 'node:fs'

const file = process.env['CROWD_USAGE']
if (file !== undefined) {
  process.on('exit', () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
    writeFileSync(
      file,
      JSON.stringify({ mib: maxRSS / 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }),
    )
  })
}
