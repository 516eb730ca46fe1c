/** `rst-analyze live <interface|->`: judges resets as they happen, sums up when it ends. */
import { segmentFilter } from '../filter.js'
import { interfaceLines, listInterfaces } from '../live/interfaces.js'
import { KernelWatch } from '../live/kernel.js'
import { LiveCapture } from '../live/run.js'
import type { Told } from '../live/judge.js'
import { Recorder } from '../live/recorder.js'
import { PacketRing } from '../live/ring.js'
import { engineSource, type Source, streamSource } from '../live/source.js'
import type { EngineName } from '../live/engine-names.js'
import { Outlet } from '../live/outlet.js'
import type { Analysis } from '../model.js'
import { safeJson, visible } from '../report/escape.js'
import type { FormatName } from '../report/formats.js'
import { failsOn, select } from '../report/select.js'
import { verdictLines, verdictLogLine, verdictStory } from '../report/text/live.js'
import type { Style } from '../report/text/style.js'
import { plural } from '../units.js'
import { deliver } from './analyze.js'
import { EXIT, UsageError } from './errors.js'
import type { Io, Output } from './io.js'
import { LIVE, NARROW, OUTPUT, RUN, SHOW } from './options.js'
import { type Parsed, parseArguments, type Syntax } from './parse.js'
import {
  checkFormat,
  checkTogether,
  filtersOf,
  narrowingOf,
  type ReportOptions,
  wantsColor,
  widthOf,
} from './settings.js'
import { checkTargets, outputError, type Target, targetsOf } from './targets.js'

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
}

/** What makes sense while a capture runs; a capture that is kept is asked for by --evidence. */
const LIVE_OUTPUT = OUTPUT.filter(({ flags }) => /--(format|output|quiet)\b/.test(flags))
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

const DEFAULT_MEMORY_BYTES = 256 * 2 ** 20
/** Share of the memory for the packets before a reset, when evidence is kept. */
const RING_SHARE = 0.25
const DEFAULT_EVIDENCE_BYTES = 2 ** 30
const DEFAULT_SETTLE_MS = 3000
/** A reader of standard output that does not read for so long at the end is given up. */
const PATIENCE_MS = 10_000

export async function run(args: string[], io: Io): Promise<number> {
  const parsed = parseArguments<LiveOptions>(SYNTAX, args)
  if ('print' in parsed) {
    await io.stdout.write(parsed.print)
    return EXIT.ok
  }
  if (parsed.options.list) {
    await io.stdout.write(`${interfaceLines(listInterfaces()).map(visible).join('\n')}\n`)
    return EXIT.ok
  }
  return listen(parsed, io)
}

async function listen({ operands, options }: Parsed<LiveOptions>, io: Io): Promise<number> {
  checkTogether(options)
  const format = checkFormat(options.format ?? 'text')
  const targets = targetsOf(options.output)
  await checkTargets(targets, [])
  const source = sourceOf(operands[0], options)
  const outlet = new Outlet(io.stdout)
  const stop = stopping(options.duration, io)
  try {
    const capture = capturing(source, options, format, { outlet, stop: stop.signal, io })
    const analysis = await capture.run()
    if (outlet.failure) throw outputError('standard output', (outlet.failure as Error).message)
    return await conclude(analysis, { format, targets, options, outlet }, io)
  } finally {
    stop.release()
  }
}

function sourceOf(name: string | undefined, { engine, filter, snaplen }: LiveOptions): Source {
  if (name === undefined)
    throw new UsageError('live needs an interface, such as eth0, or - for a stream (live --list shows them)')
  if (name !== '-') return engineSource(engine ?? 'auto', { interface: name, filter, snaplen })
  const idle = [filter && '--filter', engine && '--engine', snaplen && '--snaplen'].find(Boolean)
  if (idle)
    throw new UsageError(`${idle} is for an interface; a stream is narrowed by --host, --port or --net`)
  return streamSource(process.stdin)
}

interface Stopping {
  signal: AbortSignal
  release(): void
}

/** Ctrl-C, SIGTERM and the end of --duration end the capture alike: with its summary. */
function stopping(durationMs: number | undefined, io: Io): Stopping {
  const abort = new AbortController()
  const timer = durationMs === undefined ? undefined : setTimeout(() => abort.abort(), durationMs)
  const end = () => abort.abort()
  const release = io.onInterrupt(end)
  // A terminal that is closed, a session that ends.
  process.on('SIGHUP', end)
  return {
    signal: abort.signal,
    release: () => {
      clearTimeout(timer)
      process.off('SIGHUP', end)
      release()
    },
  }
}

interface Surroundings {
  outlet: Outlet
  stop: AbortSignal
  io: Io
}

function capturing(
  source: Source,
  options: LiveOptions,
  format: FormatName,
  { outlet, stop, io }: Surroundings,
): LiveCapture {
  const say = (line: string) => void io.stderr.write(`rst-analyze: ${visible(line)}\n`).catch(() => false)
  const print = options.quiet ? undefined : printer(format, options, io)
  const memory = options.memory ?? DEFAULT_MEMORY_BYTES
  const evidence = recording(options, memory, say)
  const kernel = options.kernel ? watchKernel(say) : undefined
  const capture: LiveCapture = new LiveCapture({
    source,
    stop,
    memoryBytes: memory * (evidence ? 1 - RING_SHARE : 1),
    finished: async () => {
      kernel?.close()
      await evidence?.recorder.finished()
    },
    settleMs: options.settle ?? DEFAULT_SETTLE_MS,
    filter: segmentFilter(narrowingOf(options)),
    onStart: () => say(source.title),
    onTrouble: say,
    inform: kernel && (item => kernel.inform(item, capture.timebase)),
    show: kernel && ((reset, item) => kernel.show(reset, item, capture.timebase)),
    onSegment: evidence && ((segment, frame) => evidence.ring.add(segment, frame)),
    onVerdict: told => {
      evidence?.recorder.record(told.reset, capture.reportOf(told.reset), capture.timebase)
      const text = print?.(told, capture)
      if (text) outlet.push(text)
    },
  })
  return capture
}

/** Without a kernel that answers, sniffing goes on. */
function watchKernel(say: (line: string) => void): KernelWatch | undefined {
  try {
    const watch = KernelWatch.open()
    if (!watch.givesReasons())
      say('this kernel gives no reasons for resets (Linux 6.10 does): state and process only')
    return watch
  } catch (error) {
    say(`the kernel cannot be asked: ${(error as Error).message}; going on without`)
    return undefined
  }
}

interface Recording {
  ring: PacketRing
  recorder: Recorder
}

/** @throws CaptureError when the folder cannot be used */
function recording(
  { evidence, evidenceLimit }: LiveOptions,
  memoryBytes: number,
  say: (line: string) => void,
): Recording | undefined {
  if (evidence === undefined) {
    if (evidenceLimit !== undefined) throw new UsageError('--evidence-limit needs --evidence DIR')
    return undefined
  }
  const ring = new PacketRing(Math.floor(memoryBytes * RING_SHARE))
  return { ring, recorder: new Recorder(evidence, evidenceLimit ?? DEFAULT_EVIDENCE_BYTES, ring, say) }
}

/** How a verdict is shown as it comes; undefined for formats that are written at the end. */
function printer(
  format: FormatName,
  options: LiveOptions,
  io: Io,
): ((told: Told, capture: LiveCapture) => string) | undefined {
  const style: Style = { width: widthOf(io.stdout, io.env), color: wantsColor(options, io.stdout, io.env) }
  const isShown = (told: Told, capture: LiveCapture) =>
    select(capture.reportOf(told.reset), filtersOf(options)).report.resets.length > 0
  if (format === 'ndjson') {
    return (told, capture) =>
      isShown(told, capture) ? `${safeJson(JSON.stringify({ type: 'reset', ...told.reset }))}\n` : ''
  }
  if (format !== 'text') return undefined
  return (told, capture) => {
    if (!isShown(told, capture)) return ''
    const lines = options.all
      ? verdictStory(told.reset, told.story, capture.reportOf(told.reset), capture.timebase, style)
      : io.stdout.isTTY
        ? verdictLines(told.reset, style)
        : [verdictLogLine(told.reset, style)]
    return `${lines.join('\n')}\n`
  }
}

interface Conclusion {
  format: FormatName
  targets: Target[]
  options: LiveOptions
  outlet: Outlet
}

/** The report: files whole, standard output only with what it has not had yet. */
async function conclude(
  analysis: Analysis,
  { format, targets, options, outlet }: Conclusion,
  io: Io,
): Promise<number> {
  await outlet.drained(PATIENCE_MS)
  if (outlet.lost > 0) {
    await io.stderr.write(
      `rst-analyze: ${plural(outlet.lost, 'verdict')} not written: standard output was not read\n`,
    )
  }
  const shown = select(analysis.report, filtersOf(options))
  const code = options.failOn && failsOn(shown.report.resets, options.failOn) ? EXIT.matched : EXIT.ok
  const files = deliver(
    analysis,
    shown,
    { format, targets, options: { ...options, quiet: true }, names: undefined },
    io,
  )
  const failed = await files.then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  const rest = format === 'ndjson' ? { ...shown, report: { ...shown.report, resets: [] } } : shown
  const patient = { ...io, stdout: impatient(io.stdout) }
  if (outlet.open) await deliver(analysis, rest, { format, targets: [], options, names: undefined }, patient)
  if (failed) throw failed.error
  return code
}

/** A standard output that counts as gone when nobody reads it for long. */
function impatient(stdout: Output): Output {
  return {
    isTTY: stdout.isTTY,
    columns: stdout.columns,
    hasColors: stdout.hasColors,
    write: async text => {
      let timer: NodeJS.Timeout | undefined
      const timeout = new Promise<'late'>(resolve => {
        timer = setTimeout(() => resolve('late'), PATIENCE_MS)
      })
      const outcome = await Promise.race([stdout.write(text), timeout])
      clearTimeout(timer)
      // What is stuck in a pipe would keep the process from ending.
      if (outcome === 'late') process.exit(EXIT.failed)
      return outcome
    },
  }
}
