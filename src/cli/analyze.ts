/** `rst-analyze <capture...>`: reads captures, says what was reset and why. */
import type { Analysis } from '../model.js'
import { FORMATS, type FormatName, type Rendering } from '../report/formats.js'
import type { Names } from '../report/names.js'
import { around, failsOn, only, type Selection, select } from '../report/select.js'
import { type CaptureOptions, checkCaptures, redactionOf, writeCaptures } from './captures.js'
import { EXIT, UsageError } from './errors.js'
import { readHosts } from './hosts.js'
import type { Io } from './io.js'
import { CAPTURES, NARROW, OUTPUT, RUN, SHOW, STORY } from './options.js'
import { helpOf, type Parsed, parseArguments, type Syntax } from './parse.js'
import { startProgress } from './progress.js'
import { collectSooner } from './thrift.js'
import {
  checkFormat,
  checkTogether,
  filtersOf,
  narrowingOf,
  type ReportOptions,
  wantsColor,
  widthOf,
} from './settings.js'
import {
  batches,
  checkTargets,
  inputsOf,
  outputError,
  type Target,
  targetsOf,
  writeTarget,
} from './targets.js'

export const SYNTAX: Syntax = {
  usage:
    '[options] <capture...>\n       rst-analyze live [options] <interface|->\n       rst-analyze compare [options] <a> <b>\n       rst-analyze explain [cause]',
  description:
    'Finds every TCP reset in packet captures and says who really sent it, why, how sure, what it cost\nand what to do. "-" reads a capture from standard input; several files are pieces of one capture.',
  options: {
    Output: OUTPUT,
    Captures: CAPTURES,
    'Connections analysed': NARROW,
    'Resets shown (totals stay whole)': SHOW,
    Stories: STORY,
    Running: RUN,
  },
  least: 1,
  most: Number.POSITIVE_INFINITY,
  noun: 'capture',
  after: `Also: -r FILE, as tcpdump users type it. A file named live, compare or explain is written ./live.
Exit codes: 0 analysed, 1 could not analyse, 2 usage error, 3 --fail-on matched, 130 interrupted.`,
}

/** A stream's sender usually got the same Ctrl-C: it may still flush what it holds. */
const FLUSH_MS = 1000

export async function run(args: string[], io: Io): Promise<number> {
  if (args.length === 0) {
    await io.stderr.write(helpOf(SYNTAX))
    return EXIT.usage
  }
  const parsed = parseArguments<ReportOptions & CaptureOptions>(SYNTAX, args)
  if ('print' in parsed) {
    await io.stdout.write(parsed.print)
    return EXIT.ok
  }
  return analyze(parsed, io)
}

async function analyze(
  { operands, options }: Parsed<ReportOptions & CaptureOptions>,
  io: Io,
): Promise<number> {
  checkTogether(options)
  // What is read once is traced as a whole, and most of it evicted again.
  if (options.memory !== undefined || operands.includes('-')) collectSooner()
  const format = checkFormat(options.format ?? 'text')
  const targets = targetsOf(options.output)
  await checkTargets(targets, inputsOf(operands, options))
  await checkCaptures(options, operands)
  const hostNames = options.hosts === undefined ? undefined : await readHosts(options.hosts)
  const formats = options.quiet ? targets.map(t => t.format) : [format, ...targets.map(t => t.format)]
  await loadWriters(formats)
  const analysis = await read(operands, options, hostNames, formats.some(tellsAll), io)
  const shown = select(analysis.report, filtersOf(options))
  const redacted = options.redact ? await redactionOf(analysis) : undefined
  const { selection } = storiesOf(analysis, shown, options)
  let failure: unknown
  await writeCaptures(analysis, selection.report, options, redacted?.aliases, io).catch(error => {
    if (error.name === 'AbortError') throw error
    failure = error
  })
  const delivery = { format, targets, options }
  if (redacted) {
    const shownRedacted = select(redacted.analysis.report, filtersOf(options))
    await deliver(redacted.analysis, shownRedacted, { ...delivery, names: redacted.names }, io)
  } else await deliver(analysis, shown, delivery, io)
  if (failure) throw failure
  return options.failOn && failsOn(shown.report.resets, options.failOn) ? EXIT.matched : EXIT.ok
}

async function read(
  paths: string[],
  options: ReportOptions,
  hostNames: Names | undefined,
  tellAll: boolean,
  io: Io,
): Promise<Analysis> {
  const abort = new AbortController()
  const release = io.onInterrupt(() => {
    if (paths.includes('-')) setTimeout(() => abort.abort(), FLUSH_MS).unref()
    else abort.abort()
  })
  const progress = startProgress(options.progress && io.stderr.isTTY)
  try {
    const analysis = await io.analyze(paths, {
      ...narrowingOf(options),
      ...(hostNames && { hostNames }),
      tellAll,
      signal: abort.signal,
      onProgress: progress.update,
      onWarning: line => void io.stderr.write(`rst-analyze: warning: ${line}\n`).catch(() => false),
    })
    // What was read of a stream until Ctrl-C is judged; of a file, half an answer is none.
    if (abort.signal.aborted && !paths.includes('-')) throw new DOMException('interrupted', 'AbortError')
    return analysis
  } finally {
    progress.stop()
    release()
  }
}

/** Text and Markdown pick a few resets unless told otherwise. */
function tellsAll(format: FormatName): boolean {
  return format !== 'text' && format !== 'markdown'
}

export interface Delivery {
  format: FormatName
  targets: Target[]
  options: ReportOptions
  /** Instead of the analysis's own names. */
  names?: Names
  /** Writes the files, when this process may not. */
  write?: (path: string, pieces: Iterable<string>) => Promise<void>
}

/** Files first: they must be there even when the reader of standard output leaves early. */
export async function deliver(
  analysis: Analysis,
  shown: Selection,
  { format, targets, options, names, write = writeTarget }: Delivery,
  io: Io,
): Promise<void> {
  const { selection, stories } = storiesOf(analysis, shown, options)
  const rendering: Rendering = {
    analysis,
    selection,
    stories,
    width: 100,
    color: false,
    ...(names && { names }),
    ...(options.timezone && { zone: options.timezone }),
    ...(options.maxBytes && { maxBytes: options.maxBytes }),
  }
  let failure: unknown
  for (const target of targets) {
    await write(target.path, await piecesOf(target.format, rendering)).catch(error => {
      failure ??= error
    })
  }
  if (!options.quiet) {
    const screen = {
      ...rendering,
      width: widthOf(io.stdout, io.env),
      color: wantsColor(options, io.stdout, io.env),
    }
    for (const batch of batches(await piecesOf(format, screen))) {
      const open = await io.stdout.write(batch).catch(error => {
        throw outputError('standard output', error.message)
      })
      if (!open) break
    }
  }
  if (failure) throw failure
}

/** Before the work: when it is done, the program on the disk may be another version, without the files that this one needs. */
async function loadWriters(formats: FormatName[]): Promise<void> {
  for (const name of formats) await FORMATS[name].load?.()
}

async function piecesOf(format: FormatName, rendering: Rendering): Promise<Iterable<string>> {
  const load = FORMATS[format].load
  if (!load) throw new Error(`no writer for ${format}`)
  return (await load())(rendering)
}

/** `--reset` and `--at` ask for certain resets, whatever the filters hide. */
function storiesOf(
  analysis: Analysis,
  shown: Selection,
  options: ReportOptions,
): Pick<Rendering, 'selection' | 'stories'> {
  const { report } = analysis
  if (!options.reset && !options.at) return { selection: shown, stories: options.all ? 'all' : 'worst' }
  const unknown = options.reset?.find(id => !report.resets.some(reset => reset.id === id))
  if (unknown)
    throw new UsageError(`no reset ${unknown} here; ${known(report.resets.map(reset => reset.id))}`)
  const wanted = new Set([
    ...(options.reset ?? []),
    ...(options.at ? around(report, options.at).map(reset => reset.id) : []),
  ])
  const selection = only(
    report,
    report.resets.filter(reset => wanted.has(reset.id)),
  )
  return { selection, stories: [...wanted] }
}

function known(ids: string[]): string {
  if (ids.length === 0) return 'nothing was reset'
  return ids.length === 1 ? `only ${ids[0]}` : `there are ${ids[0]} to ${ids[ids.length - 1]}`
}
