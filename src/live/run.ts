/** A live capture from its first byte to its last: starts the source, feeds the session, ticks, starts again what broke, ends when told. */
import { CaptureError } from '../capture/error.js'
import type { Analysis, Frame, Report, Reset, Timebase } from '../model.js'
import type { Drops } from './link.js'
import { MemoryGuard } from './memory.js'
import type { Figures } from './metrics.js'
import { LiveReader } from './reader.js'
import { LiveSession, type SessionOptions } from './session.js'
import type { Source, SourceRun } from './source.js'

export interface LiveOptions extends Omit<SessionOptions, 'timebase' | 'capture'> {
  source: Source
  /** Aborted by Ctrl-C, SIGTERM or the end of --duration. */
  stop: AbortSignal
  /** Bound of the memory of this process. */
  processBytes: number
  /** Told once frames can come; and whatever happens on the way: one line each. */
  onStart?: () => void
  onTrouble?: (line: string) => void
  onFrame?: ((frame: Frame) => void) | undefined
  /** Awaited at the end: work that verdicts began. */
  finished?: () => Promise<void>
}

/** Silent links are looked at this often. */
const TICK_MS = 250
/** A packet may have waited this long in the engine's buffer (tcpdump's is flushed every second). */
const ENGINE_LAG_MS = 1200
/** Time for an engine to hand over what it holds once it was told to end. */
const FLUSH_MS = 1500
/** An engine that ends may have got the same Ctrl-C as this process, which may learn of it a little later. */
const SAME_SIGNAL_MS = 300
/** Starting again: at once, then ever less often. */
const RETRY_MS = [0, 250, 500, 1000, 2000]
/** Drop counts are asked for this often: before a reset settles, losses around it should be known. */
const ASK_MS = 1000

/** Nothing came for so long: nothing waits. */
const SILENCE_MS = 5000
/** Notes that count packets which could not be looked at. */
const UNREADABLE: ReadonlySet<string> = new Set([
  'oversized-record',
  'damaged-record',
  'record-cut',
  'damaged-block',
])

export class LiveCapture {
  readonly session: LiveSession
  private readonly reader: LiveReader
  private engine: SourceRun | undefined
  private readonly dropsBefore: Drops = { kernel: 0, engine: 0 }
  private lastFrameNs = 0
  private lastFrames = -1
  private restarts = 0
  private lagMs = 0
  private lagAt = 0
  private guard: MemoryGuard | undefined
  private lastArrival = 0

  constructor(private readonly options: LiveOptions) {
    this.reader = new LiveReader(options.source.label)
    this.session = new LiveSession({
      ...options,
      timebase: this.reader.timebase,
      capture: () => this.reader.info(),
      blockNames: () => this.reader.names(),
    })
  }

  /** Packets lost before they came here, over all runs, as far as the engine tells. */
  get drops(): Drops {
    const now = this.engine?.drops()
    return {
      kernel: this.dropsBefore.kernel + (now?.kernel ?? 0),
      engine: this.dropsBefore.engine + (now?.engine ?? 0),
    }
  }

  get frames(): number {
    return this.reader.frames
  }

  /** For whoever watches; what could not be written is others' to know. */
  get figures(): Omit<Figures, 'unwritten'> {
    const { segments, connections, waiting, evicted, unjudged } = this.session.figures
    const info = this.reader.frames > 0 ? this.reader.info() : undefined
    const unreadable = (info?.notes ?? []).filter(note => UNREADABLE.has(note.name))
    return {
      packets: this.reader.frames,
      segments,
      drops: { ...this.drops, analyser: unreadable.reduce((sum, note) => sum + note.count, 0) },
      engineRestarts: this.restarts,
      unjudged,
      evicted,
      memoryAlarms: this.guard?.alarms ?? 0,
      connections,
      waiting,
      lagSeconds: Date.now() - this.lagAt < SILENCE_MS ? Math.max(0, this.lagMs / 1000) : 0,
    }
  }

  get timebase(): Timebase {
    return this.reader.timebase
  }

  /** The names of a reset's two ends, as far as they are known by now. */
  namesOf({ connection: { client, server } }: Reset): Map<string, string> {
    const named = [client.address, server.address].flatMap((address): [string, string][] => {
      const name = this.session.nameOf(address)
      return name === undefined ? [] : [[address, name]]
    })
    return new Map(named)
  }

  /** A report of one reset, for what shows verdicts as they come. */
  reportOf(reset: Reset): Report {
    return this.session.reportOf(reset)
  }

  /** @throws CaptureError when the first start gives no capture */
  async run(): Promise<Analysis> {
    const { source, stop, onStart } = this.options
    await this.start()
    onStart?.()
    const guard = new MemoryGuard(this.options.processBytes, () => this.session.shed())
    this.guard = guard
    const ticking = setInterval(() => {
      guard.tick()
      this.tick()
    }, TICK_MS)
    const asking = setInterval(() => {
      this.session.noteDrops(this.lost)
      this.engine?.ask()
    }, ASK_MS)
    try {
      await this.read()
      while (source.restartable && !stop.aborted && (await this.restart())) await this.read()
    } finally {
      guard.close()
      clearInterval(ticking)
      clearInterval(asking)
    }
    this.noteDrops()
    const analysis = this.session.finish()
    await this.options.finished?.()
    return analysis
  }

  private async start(): Promise<void> {
    const { source, stop } = this.options
    const run = source.start()
    this.engine = run
    const end = () => {
      run.stop()
      setTimeout(() => run.stream.destroy(), FLUSH_MS).unref()
    }
    stop.addEventListener('abort', end, { once: true })
    try {
      await this.reader.open(run.stream)
    } catch (error) {
      run.stop()
      const why = source.restartable ? await run.ended : undefined
      throw why === undefined ? error : new CaptureError(why)
    } finally {
      stop.removeEventListener('abort', end)
    }
  }

  /** Until the stream ends, or some time after it was told to. */
  private async read(): Promise<void> {
    const { session, options, reader } = this
    const { stop, onFrame } = options
    const run = this.engine!
    const cut = new AbortController()
    let patience: NodeJS.Timeout | undefined
    const end = () => {
      run.stop()
      patience = setTimeout(() => cut.abort(), FLUSH_MS)
    }
    if (stop.aborted) end()
    stop.addEventListener('abort', end, { once: true })
    const feed = (frame: Frame) => {
      session.feed(frame)
      onFrame?.(frame)
      this.lastFrameNs = frame.timeNs
    }
    try {
      await reader.read(feed, () => this.noteArrival(), cut.signal)
    } finally {
      clearTimeout(patience)
      stop.removeEventListener('abort', end)
      run.stop()
      if (options.source.restartable) await run.ended
    }
  }

  /** @returns false once told to stop */
  private async restart(): Promise<boolean> {
    const { source, stop, onTrouble } = this.options
    const why = await this.engine!.ended
    await pause(SAME_SIGNAL_MS, stop)
    if (stop.aborted) return false
    Object.assign(this.dropsBefore, this.drops)
    this.engine = undefined
    this.restarts++
    this.session.notes.add('engine-restarted', this.reader.frames || null)
    onTrouble?.(`${why ?? 'the capture ended'}; waiting to go on`)
    for (let attempt = 0; ; attempt++) {
      await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)], stop)
      if (stop.aborted) return false
      try {
        await this.start()
        onTrouble?.(`${source.title} again`)
        return true
      } catch {
        this.engine = undefined
      }
    }
  }

  /** On a silent link the packets' clock is taken to go on as the machine's does. */
  private tick(): void {
    const now = performance.now()
    if (this.reader.frames !== this.lastFrames) {
      this.lastFrames = this.reader.frames
      this.lastArrival = now
    }
    const sinceMs = now - this.lastArrival - ENGINE_LAG_MS
    if (this.lastFrames > 0 && sinceMs > 0) this.session.tick(this.lastFrameNs + sinceMs * 1e6)
  }

  private noteArrival(): void {
    this.session.lookForDrops()
    this.lagAt = Date.now()
    this.lagMs = this.lagAt - this.timebase.seconds * 1000 - this.lastFrameNs / 1e6
  }

  private noteDrops(): void {
    const { lost } = this
    this.session.noteDrops(lost)
    if (lost > 0) this.session.notes.add('capture-drops', null, lost)
  }

  private get lost(): number {
    const { kernel, engine } = this.drops
    return kernel + engine
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (stop.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      stop.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    stop.addEventListener('abort', done, { once: true })
  })
}
