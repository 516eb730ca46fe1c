/** The command line: finds the command, runs it, turns what went wrong into one line and an exit code. */
import { type CommandName, readInvocation } from './argv.js'
import { EXIT, UsageError } from './errors.js'
import { type Io, processIo } from './io.js'
import { logTo } from './log.js'

/** Runs one command with its own arguments; resolves to the exit code. */
export type Run = (args: string[], io: Io) => Promise<number>

/** One file a command, loaded only when it is called. */
const COMMANDS: Record<CommandName, () => Promise<{ run: Run }>> = {
  analyze: () => import('./analyze.js'),
  live: () => import('./live.js'),
  compare: () => import('./compare.js'),
  explain: () => import('./explain.js'),
}

/** Does what the command line says; resolves to the exit code and never rejects. */
export async function main(argv: string[], io: Io = processIo()): Promise<number> {
  try {
    const { command, args } = readInvocation(argv)
    const { run } = await COMMANDS[command]()
    return await run(args, io)
  } catch (error) {
    return await complain(error, io)
  }
}

/** What went wrong, in one line on standard error. @returns the exit code */
export async function complain(error: unknown, io: Io): Promise<number> {
  if (!(error instanceof Error)) throw error
  if (error.name === 'AbortError') {
    await logTo(io).error('interrupted')
    return EXIT.interrupted
  }
  await logTo(io).error(describe(error, io))
  return error instanceof UsageError ? EXIT.usage : EXIT.failed
}

function describe(error: Error, io: Io): string {
  if (error instanceof UsageError || error.name === 'CaptureError' || error.name === 'OutputError')
    return error.message
  // Anything else is a bug of this program. A stack trace helps its authors only, so it must be asked for.
  if (io.env['RST_ANALYZE_DEBUG']) return error.stack ?? error.message
  return `internal error: ${error.message} (set RST_ANALYZE_DEBUG=1 for the place)`
}
