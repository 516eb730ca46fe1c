/** `npm start`: analyses the capture that comes with the project; `npm start -- my.pcap` analyses yours. */
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readInvocation } from '../dist/cli/argv.js'
import { main } from '../dist/cli/main.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

// npm runs scripts in the project's folder; file names on the command line are meant from where it was typed.
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD)

process.exitCode = await main(withDefaultCapture(process.argv.slice(2)))

function withDefaultCapture(words) {
  try {
    const { command, args } = readInvocation(words)
    const asksForHelp = words.some(word => ['-h', '--help', '-V', '--version'].includes(word))
    if (command !== 'analyze' || args.includes('--') || asksForHelp) return words
    return [...words, relative(process.cwd(), join(root, 'fixtures', 'start', 'incident.pcap'))]
  } catch {
    return words
  }
}
