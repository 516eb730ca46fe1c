/** The process that looks into packets, started by `live`: never root for longer than it takes to load. */
import { complain } from './main.js'
import { processIo } from './io.js'

const io = processIo()
try {
  const { run } = await import('./listen.js')
  process.exitCode = await run(process.argv.slice(2), io)
} catch (error) {
  process.exitCode = await complain(error, io)
}
// A supervisor that waits keeps a channel open, and so would this process.
if (process.connected) process.disconnect()
