/** A stand-in for the process: collects what is written, hands out a given analysis. */
import { main } from '../../src/cli/main.js'
import type { AnalyzeOptions, Io, Output } from '../../src/cli/io.js'
import type { Analysis } from '../../src/model.js'
import type { CauseTexts } from '../../src/report/explain.js'
import { checkout } from '../report/sample.js'

export interface Ran {
  code: number
  out: string
  err: string
  /** What the analysis was asked for; undefined when it was not reached. */
  paths: string[] | undefined
  options: AnalyzeOptions | undefined
}

export interface World {
  analysis?: Analysis
  tty?: boolean
  columns?: number
  env?: Record<string, string>
  /** Called in place of the analysis. */
  analyze?: Io['analyze']
  /** Pieces after which standard output is a closed pipe. */
  closesAfter?: number
  /** Makes writing to standard output fail. */
  broken?: Error
  onInterrupt?: Io['onInterrupt']
}

export const CAUSE: CauseTexts = {
  id: 'idle-timeout',
  title: 'Idle timeout',
  family: 'established',
  means:
    'Nothing crossed the connection for so long that one side, or a device between them, dropped its state.',
  remedies: ['Enable TCP keepalive below the shortest timeout on the path.'],
  nextChecks: ['Which device has that timeout?'],
  cites: ['RFC 5382 REQ-5'],
  mistakenFor: { 'post-restart': 'no silence comes before it' },
  requires: [{ statement: 'the handshake was completed' }],
  signs: [
    { weight: 'strong', statement: 'the connection was silent for {silenceMs} right before the reset' },
  ],
}

/** Runs the command line with these words. */
export async function rst(words: string | string[], world: World = {}): Promise<Ran> {
  const ran: Ran = { code: -1, out: '', err: '', paths: undefined, options: undefined }
  let pieces = 0
  const output = (write: (text: string) => Promise<boolean>): Output => ({
    isTTY: world.tty ?? false,
    columns: world.columns,
    hasColors: world.tty ?? false,
    write,
  })
  const io: Io = {
    stdout: output(async text => {
      if (world.broken) throw world.broken
      if (world.closesAfter !== undefined && ++pieces > world.closesAfter) return false
      ran.out += text
      return true
    }),
    stderr: output(async text => {
      ran.err += text
      return true
    }),
    env: world.env ?? {},
    onInterrupt: world.onInterrupt ?? (() => () => {}),
    analyze: async (paths, options) => {
      ran.paths = paths
      ran.options = options
      if (world.analyze) return world.analyze(paths, options)
      return { ...(world.analysis ?? checkout()), names: options?.hostNames ?? new Map() }
    },
    causes: async () => new Map([[CAUSE.id, CAUSE]]),
  }
  ran.code = await main(typeof words === 'string' ? words.split(' ').filter(Boolean) : words, io)
  return ran
}
