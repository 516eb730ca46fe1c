/** Options as commander hands them over, and what follows from them before any packet is read. */
import type { CauseId, Impact, Origin } from '../model.js'
import { FORMATS, type FormatName } from '../report/formats.js'
import type { Filters } from '../report/select.js'
import type { When } from '../report/when.js'
import type { Zone } from '../report/zone.js'
import { UsageError, unavailable } from './errors.js'
import type { AnalyzeOptions, Output } from './io.js'

/** Options shared by analyze and compare. */
export interface ReportOptions {
  format?: FormatName
  output?: string[]
  quiet?: boolean
  hosts?: string
  timezone?: Zone
  maxBytes?: number
  cause?: CauseId[]
  origin?: Origin[]
  impact?: Impact[]
  minConfidence?: number
  hideBenign?: boolean
  since?: When
  until?: When
  reset?: string[]
  at?: When
  all?: boolean
  failOn?: (CauseId | 'any')[]
  host?: string[]
  port?: number[]
  net?: string[]
  keepGoing?: boolean
  memory?: number
  jobs?: number
  progress: boolean
  color: boolean
}

/** What is shown. */
export function filtersOf(options: ReportOptions): Filters {
  return {
    causes: options.cause,
    origins: options.origin,
    impacts: options.impact,
    minConfidence: options.minConfidence,
    hideBenign: options.hideBenign,
    since: options.since,
    until: options.until,
  }
}

/** What is analysed. */
export function narrowingOf(options: ReportOptions): AnalyzeOptions {
  return {
    ...(options.host && { hosts: options.host }),
    ...(options.port && { ports: options.port }),
    ...(options.net && { nets: options.net }),
    ...(options.keepGoing && { keepGoing: true }),
    ...(options.memory && { memoryBytes: options.memory }),
    ...(options.jobs && { jobs: options.jobs }),
  }
}

/** The format of standard output. Throws when this version has no writer for it. */
export function checkFormat(format: FormatName): FormatName {
  if (!FORMATS[format].load) throw unavailable(`the ${format} report`)
  return format
}

/** Reports for people in text need one of the two: a width. Off a terminal 100 columns read well in mails and tickets. */
export function widthOf(stdout: Output, env: Record<string, string | undefined>): number {
  return Math.min(160, Math.max(60, stdout.columns || Number(env['COLUMNS']) || 100))
}

/** Colours on a terminal only; NO_COLOR (non-empty, https://no-color.org) and --no-color win over all else. */
export function wantsColor(
  options: { color: boolean },
  stdout: Output,
  env: Record<string, string | undefined>,
): boolean {
  return options.color && !env['NO_COLOR'] && stdout.isTTY && stdout.hasColors
}

/** Contradictions among options that no single parser can see. */
export function checkTogether(options: ReportOptions): void {
  const { since, until } = options
  if (since && until && since.kind === until.kind && since.kind !== 'clock' && since.ms > until.ms) {
    throw new UsageError('--since lies after --until')
  }
}
