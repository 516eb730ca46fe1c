/** `rst-analyze compare <a> <b>`: the same traffic captured at two places. Options, formats and exit codes are those of the analysis. */
import { run as analyze } from './analyze.js'
import { EXIT, UsageError } from './errors.js'
import type { AnalyzeOptions, Io } from './io.js'
import { CAPTURES, NARROW, OUTPUT, RUN, SHOW, STORY } from './options.js'
import { type Parsed, parseArguments, type Syntax } from './parse.js'
import type { ReportOptions } from './settings.js'

export const SYNTAX: Syntax = {
  usage: 'compare [options] <a> <b>',
  description:
    'The same traffic captured at two places, such as client and server: what left one and never reached\nthe other, or arrived without having been sent, is proof. The order of the two does not matter;\nclocks may differ, addresses may be translated between them.',
  options: {
    // Annotated and extracted captures come from one vantage point.
    Output: [...OUTPUT, ...CAPTURES.filter(option => option.flags === '--redact')],
    'Connections analysed': NARROW,
    'Resets shown (totals stay whole)': SHOW,
    Stories: STORY,
    Running: RUN,
  },
  least: 2,
  most: 2,
  noun: 'capture',
}

export async function run(args: string[], io: Io): Promise<number> {
  const parsed = parseArguments<ReportOptions & { redact?: boolean }>(SYNTAX, args)
  if ('print' in parsed) {
    await io.stdout.write(parsed.print)
    return EXIT.ok
  }
  if (parsed.operands.every(path => path === '-'))
    throw new UsageError('only one of the two captures can be standard input')
  return analyze(args, comparing(parsed, io))
}

/** The analysis of two captures stands in for that of one. */
function comparing({ options }: Parsed<ReportOptions & { redact?: boolean }>, io: Io): Io {
  return {
    ...io,
    analyze: async (paths: string[], settings?: AnalyzeOptions) => {
      const { compareCaptures } = await import('../compare/index.js')
      return compareCaptures([paths[0], paths[1]], {
        ...settings,
        // File names tell as much as host names do.
        ...(options.redact ? { names: ['capture 1', 'capture 2'] as [string, string] } : {}),
      })
    },
  }
}
