/** The analyser half of `live`: judges resets as they happen, sums up when it ends. Untrusted bytes come in only after it has given up its privileges. */
import { segmentFilter } from '../filter.js'
import { KernelWatch } from '../live/kernel.js'
import { Cloak } from '../live/cloak.js'
import type { Told } from '../live/judge.js'
import { type LinkSettings, TRACE_FD } from '../live/link.js'
import { Metrics } from '../live/metrics.js'
import { Outlet } from '../live/outlet.js'
import { become } from '../live/privileges.js'
import { Recorder } from '../live/recorder.js'
import { Remote, takeSettings } from '../live/remote.js'
import { PacketRing } from '../live/ring.js'
import { LiveCapture } from '../live/run.js'
import { type Source, streamSource } from '../live/source.js'
import { FORMATS } from '../report/formats.js'
import { type Names, NO_NAMES } from '../report/names.js'
import { readHosts } from './hosts.js'
import type { Io } from './io.js'
import { conclude } from './live-conclusion.js'
import { printer } from './live-print.js'
import { type LiveOptions, type LivePlan, planOf, SYNTAX } from './live-syntax.js'
import { type Log, logTo } from './log.js'
import { parseArguments } from './parse.js'
import { narrowingOf } from './settings.js'
import { outputError } from './targets.js'

/** Share of the memory for the packets before a reset, when evidence is kept. */
const RING_SHARE = 0.25
const DEFAULT_EVIDENCE_BYTES = 2 ** 30
const DEFAULT_SETTLE_MS = 3000

export async function run(args: string[], io: Io): Promise<number> {
  const settings = takeSettings()
  const parsed = parseArguments<LiveOptions>(SYNTAX, args)
  if ('print' in parsed || !settings) throw new Error('the analyser is started by live')
  const plan = planOf(parsed)
  const remote = new Remote(settings)
  try {
    const names = plan.options.hosts === undefined ? undefined : await readHosts(plan.options.hosts)
    // What is loaded later would be looked for where only root may look.
    for (const name of [plan.format, ...plan.targets.map(target => target.format)])
      await FORMATS[name].load?.()
    // The terminal is opened here, too.
    void io.stdout.isTTY
    const metrics = plan.options.metrics === undefined ? undefined : await Metrics.open(plan.options.metrics)
    // Who this becomes may not pass the folders above; standing in it needs no leave.
    process.chdir(plan.options.evidence ?? '/')
    if (settings.account) become(settings.account)
    const cloak = plan.options.redact ? new Cloak() : undefined
    return await new Listener(plan, settings, remote, { names, metrics, cloak }, io).run()
  } finally {
    remote.close()
  }
}

interface Extras {
  names: Names | undefined
  metrics: Metrics | undefined
  cloak: Cloak | undefined
}

class Listener {
  private readonly log: Log
  private readonly outlet: Outlet

  constructor(
    private readonly plan: LivePlan,
    private readonly settings: LinkSettings,
    private readonly remote: Remote,
    private readonly extras: Extras,
    private readonly io: Io,
  ) {
    this.log = logTo(io)
    this.outlet = new Outlet(io.stdout)
  }

  async run(): Promise<number> {
    const { plan, remote, io, outlet, extras } = this
    const stop = stopping(plan.options.duration, remote, io)
    const evidence = this.recording()
    const capture = this.capturing(stop.signal, evidence)
    extras.metrics?.watch(() => ({
      ...capture.figures,
      unwritten: { verdicts: outlet.lost, evidence: evidence?.recorder.lost ?? 0 },
    }))
    try {
      const analysis = await capture.run()
      if (outlet.failure) throw outputError('standard output', (outlet.failure as Error).message)
      return await conclude(extras.cloak?.analysis(analysis) ?? analysis, { plan, outlet, remote }, io)
    } finally {
      extras.metrics?.close()
      stop.release()
    }
  }

  private get source(): Source {
    const { source } = this.settings
    return source ? this.remote.source(source) : streamSource(process.stdin)
  }

  private capturing(stop: AbortSignal, evidence: Recording | undefined): LiveCapture {
    const { plan, log, source, settings } = this
    const { options } = plan
    const kernel = this.kernelWatch()
    const capture: LiveCapture = new LiveCapture({
      source,
      stop,
      memoryBytes: settings.memoryBytes * (evidence ? 1 - RING_SHARE : 1),
      processBytes: settings.memoryBytes,
      finished: async () => {
        kernel?.close()
        await evidence?.recorder.finished()
      },
      settleMs: options.settle ?? DEFAULT_SETTLE_MS,
      filter: segmentFilter(narrowingOf(options)),
      hostNames: this.extras.names,
      onStart: () => log.info(source.title),
      onTrouble: line => log.warn(line),
      onRst: kernel && (segment => kernel.noteReset(segment)),
      inform: kernel && (item => kernel.inform(item, capture.timebase)),
      show: kernel && ((reset, item) => kernel.show(reset, item, capture.timebase)),
      onSegment: evidence && ((segment, frame) => evidence.ring.add(segment, frame)),
      onVerdict: this.telling(() => capture, evidence),
    })
    return capture
  }

  private kernelWatch(): KernelWatch | undefined {
    const { settings, remote } = this
    if (!settings.trace) return undefined
    const ask = (local: string, remoteEnd: string) => remote.tell({ type: 'owner', local, remote: remoteEnd })
    const kernel = new KernelWatch(TRACE_FD, settings.trace.aheadS, ask)
    remote.onOwner = (local, remoteEnd, owner) => kernel.noteOwner(local, remoteEnd, owner)
    return kernel
  }

  /** What is done with each verdict. */
  private telling(captured: () => LiveCapture, evidence: Recording | undefined): (told: Told) => void {
    const { plan, outlet, extras } = this
    const { cloak, metrics } = extras
    const print = plan.options.quiet ? undefined : printer(plan, this.io)
    return told => {
      const capture = captured()
      const { timebase } = capture
      const report = capture.reportOf(told.reset)
      const shown = cloak ? cloak.verdict(told, report, timebase) : { ...told, report }
      metrics?.note(shown.reset)
      evidence?.recorder.record(shown.reset, shown.report, timebase)
      const text = print?.(shown, cloak ? NO_NAMES : capture.namesOf(told.reset), timebase)
      if (text) outlet.push(text)
    }
  }

  /** @throws CaptureError when the folder cannot be used */
  private recording(): Recording | undefined {
    const { evidence, evidenceLimit } = this.plan.options
    if (evidence === undefined) return undefined
    const ring = new PacketRing(Math.floor(this.settings.memoryBytes * RING_SHARE))
    const trouble = (line: string) => this.log.warn(line)
    const limit = evidenceLimit ?? DEFAULT_EVIDENCE_BYTES
    return { ring, recorder: new Recorder('.', limit, ring, trouble, evidence, this.extras.cloak?.frames) }
  }
}

interface Recording {
  ring: PacketRing
  recorder: Recorder
}

interface Stopping {
  signal: AbortSignal
  release(): void
}

/** Ctrl-C, SIGTERM, the supervisor's word and the end of --duration end the capture alike: with its summary. */
function stopping(durationMs: number | undefined, remote: Remote, io: Io): Stopping {
  const abort = new AbortController()
  const end = () => abort.abort()
  const timer = durationMs === undefined ? undefined : setTimeout(end, durationMs)
  const release = io.onInterrupt(end)
  remote.onStop = end
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
