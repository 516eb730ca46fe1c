/** What `live` accepts: read by the supervisor and by the analyser that it starts. */
import type { EngineName } from '../live/engine-names.js'
import { UsageError } from './errors.js'
import { CAPTURES, LIVE, NARROW, OUTPUT, RUN, SHOW } from './options.js'
import type { Parsed, Syntax } from './parse.js'
import { checkFormat, checkTogether, type ReportOptions } from './settings.js'
import { type Target, targetsOf } from './targets.js'
import type { FormatName } from '../report/formats.js'

export interface LiveOptions extends ReportOptions {
  filter?: string
  engine?: EngineName | 'auto'
  duration?: number
  settle?: number
  snaplen?: number
  evidence?: string
  evidenceLimit?: number
  list?: boolean
  kernel?: boolean
  user?: string
  metrics?: string
  redact?: boolean
}

/** What makes sense while a capture runs; a capture that is kept is asked for by --evidence. */
const LIVE_OUTPUT = OUTPUT.filter(({ flags }) => !/--timezone\b/.test(flags)).concat(
  CAPTURES.filter(({ flags }) => flags === '--redact'),
)
const LIVE_RUN = RUN.filter(({ flags }) => /--(fail-on|memory|no-color)\b/.test(flags))

export const SYNTAX: Syntax = {
  usage: 'live [options] <interface|->',
  description:
    'Listens on an interface ("any" = all of them) and judges each reset as it settles; Ctrl-C ends with\na summary. "-" reads a capture from standard input as it comes: ssh host tcpdump -U -w - | rst-analyze live -',
  options: { Live: LIVE, Output: LIVE_OUTPUT, Connections: NARROW, Shown: SHOW, Running: LIVE_RUN },
  least: 0,
  most: 1,
  noun: 'interface',
}

/** Bound of the memory of all processes of this program, unless told otherwise. */
export const DEFAULT_MEMORY_BYTES = 256 * 2 ** 20
/** Two Node processes take most of this before they have seen a packet. */
const LEAST_MEMORY_BYTES = 128 * 2 ** 20

/** A command line that makes sense. */
export interface LivePlan {
  /** Undefined: standard input. */
  interface: string | undefined
  format: FormatName
  targets: Target[]
  memoryBytes: number
  options: LiveOptions
}

/** @throws UsageError */
export function planOf({ operands, options }: Parsed<LiveOptions>): LivePlan {
  checkTogether(options)
  const [name] = operands
  if (name === undefined)
    throw new UsageError('live needs an interface, such as eth0, or - for a stream (live --list shows them)')
  const { filter, engine, snaplen, evidence, evidenceLimit, memory } = options
  const idle = [filter && '--filter', engine && '--engine', snaplen && '--snaplen'].find(Boolean)
  if (name === '-' && idle)
    throw new UsageError(`${idle} is for an interface; a stream is narrowed by --host, --port or --net`)
  if (evidence === undefined && evidenceLimit !== undefined)
    throw new UsageError('--evidence-limit needs --evidence DIR')
  if (memory !== undefined && memory < LEAST_MEMORY_BYTES)
    throw new UsageError('--memory: live takes at least 128M, most of it for Node itself')
  return {
    interface: name === '-' ? undefined : name,
    format: checkFormat(options.format ?? 'text'),
    targets: targetsOf(options.output),
    memoryBytes: memory ?? DEFAULT_MEMORY_BYTES,
    options,
  }
}
