/**
 * Reads a capture into a `World`: twice where that is possible (skim everything, then trace only what matters), once where it is not.
 * Both ways give the same world.
 */
import { eachRun } from '../frames.js'
import type { BatchHandler, Frame, Picker, PickHandler, Timebase, World } from '../model.js'
import { Notes } from '../notes.js'
import type { Segment } from '../wire/segment.js'
import type { Found } from '../wire/walk.js'
import { Flow, type FlowOptions } from './flow.js'
import type { HealthSums } from './health.js'
import { makeWorld } from './make-world.js'
import { eachSegment, firstPass, type Pass, secondPass } from './passes.js'

/** The part of a `CaptureSet` that is needed. */
export interface FrameSource {
  readonly timebase: Timebase
  /** Whether `read` may be called more than once. */
  readonly rereadable: boolean
  readBatches(onBatch: BatchHandler, options?: ReadOptions): Promise<void>
  /** Where it can read faster when it is told what is wanted. */
  readPicked?(picker: Picker, onRun: PickHandler, options?: ReadOptions): Promise<void>
}

export interface ReadOptions {
  onProgress?: (bytes: number, total: number | null) => void
  signal?: AbortSignal
}

/** The part of a `Decoder` that is needed; one is made per capture and pass. */
export interface SegmentDecoder {
  decode(frame: Frame, segment: Segment): Found
}

export interface WorldOptions {
  /** Only segments for which it answers true, everything else being as if it were not in the capture. */
  filter?: (segment: Segment) => boolean
  /** Bound of the memory for what is remembered, about. */
  memoryBytes?: number
  /** Notes of a capture by its index; malformations and capture defects go there. */
  notesOf?: (capture: number) => Notes
  /** Bytes read of the bytes to read in all passes together; `total` is null for streams. */
  onProgress?: (bytes: number, total: number | null) => void
  signal?: AbortSignal
  /** UDP datagrams, DNS among them (see FOUND_DNS and FOUND_UDP), in the first pass. */
  onDatagram?: (segment: Segment, frame: Frame, found: Found) => void
  /** Keeps every connection that was traced, not only the reset ones and a few beside them: two captures of the same traffic are matched by these. */
  keepAll?: boolean
  /** Segments of the first reading with one of SKIMMED_FLAGS. */
  onSkimmed?: (segment: Segment, frame: Frame) => void
  /** Forces one pass where two are possible; for tests. */
  singlePass?: boolean
}

export interface BuiltWorld extends World {
  /** TCP segments by capture index. */
  tcpSegmentsByCapture: number[]
}

export async function buildWorld(
  source: FrameSource,
  createDecoder: (notes: Notes) => SegmentDecoder,
  options: WorldOptions = {},
): Promise<BuiltWorld> {
  const reader = new WorldReader(source, createDecoder, options)
  await reader.skim()
  await reader.trace()
  return reader.world()
}

/** The steps of `buildWorld` one by one, for who has something to add between them. */
export class WorldReader {
  /** Whether every connection is traced; false once the first reading chose some. */
  everything = false
  private flow: Flow
  private readonly notesOf: (capture: number) => Notes
  private readonly passes: 1 | 2

  constructor(
    private readonly source: FrameSource,
    private readonly createDecoder: (notes: Notes) => SegmentDecoder,
    private readonly options: WorldOptions = {},
  ) {
    const notes: Notes[] = []
    this.notesOf = options.notesOf ?? (capture => (notes[capture] ??= new Notes()))
    this.flow = new Flow(flowOptions(source, options))
    this.passes = source.rereadable && !options.singlePass ? 2 : 1
  }

  /** True for what cannot be read again: the first reading traces everything. */
  get once(): boolean {
    return this.passes === 1
  }

  get skimmed(): Flow['skim'] {
    return this.flow.skim
  }

  get timebase(): Timebase {
    return this.source.timebase
  }

  /** The first reading. */
  async skim(): Promise<void> {
    const { flow, createDecoder, options, notesOf } = this
    await this.read(firstPass(flow, createDecoder, options, notesOf, this.once), 1)
    if (!this.once) flow.skim.interest.finish()
    // Without a reset everything is of interest: what else is wrong with the capture?
    this.everything = options.keepAll === true || flow.skim.rstFrames === 0
  }

  /** The second reading, of the interesting connections; may be repeated with more of them. */
  async trace(): Promise<void> {
    if (this.once || this.options.signal?.aborted) return
    this.flow = this.flow.untraced()
    await this.read(secondPass(this.flow, this.createDecoder, this.options, this.everything), 2)
  }

  /** A further reading of every segment, for a question of the caller's. */
  async scan(use: (segment: Segment) => void): Promise<void> {
    if (this.once || this.options.signal?.aborted) return
    await this.read({ onBatch: eachSegment(this.createDecoder, this.options.filter, use) }, 2)
  }

  private async read(pass: Pass, number: 1 | 2): Promise<void> {
    const { source, options } = this
    const how = reading(options, number, this.passes)
    if ('onBatch' in pass) return await source.readBatches(pass.onBatch, how)
    const { picker, onRun } = pass
    await (source.readPicked?.(picker, onRun, how) ?? source.readBatches(eachRun(picker, onRun), how))
  }

  /** @param notesOf where the notes on what was traced go, instead of where all others went */
  world(notesOf = this.notesOf): BuiltWorld {
    const { world, sums } = makeWorld(this.flow)
    addNotes(this.flow, sums, notesOf)
    return { ...world, tcpSegmentsByCapture: [...this.flow.tcpSegments].map(n => n ?? 0) }
  }
}

function flowOptions(source: FrameSource, options: WorldOptions): FlowOptions {
  const { memoryBytes, keepAll = false } = options
  return { timebase: source.timebase, keepAll, ...(memoryBytes === undefined ? {} : { memoryBytes }) }
}

function reading(options: WorldOptions, pass: number, passes: number): ReadOptions {
  const { onProgress, signal } = options
  const read: ReadOptions = {}
  if (signal) read.signal = signal
  if (onProgress) {
    read.onProgress = (bytes, total) => {
      if (total === null) onProgress(bytes, null)
      else onProgress(bytes + (pass - 1) * total, total * passes)
    }
  }
  return read
}

/** Notes of this layer, on the connections that are kept: the same ones however the capture was read. */
function addNotes(flow: Flow, sums: HealthSums, notesOf: (capture: number) => Notes): void {
  for (const [capture, { count, firstFrame }] of sums.copies)
    notesOf(capture).add('duplicate-frames', firstFrame, count)
  if (flow.tracker.evicted > 0) notesOf(0).add('connections-evicted', null, flow.tracker.evicted)
  if (flow.skim.overflow > 0) notesOf(0).add('tables-full', null, flow.skim.overflow)
  if (flow.leftOut > 0) notesOf(0).add('rst-frames-left-out', null, flow.leftOut)
}
