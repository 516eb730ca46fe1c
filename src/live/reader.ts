/**
 * Engine runs → one capture: frame numbers go on and times keep their zero point when an engine had to be started anew, so that
 * everything behind sees a single capture that has not ended.
 */
import { openStream, type CaptureSet } from '../capture/index.js'
import type { CaptureInfo, Frame, FrameHandler, Timebase } from '../model.js'
import type { Readable } from 'node:stream'

const NS = 1_000_000_000

export class LiveReader {
  /** Zero point of all times handed over; NaN until the first frame. */
  readonly timebase: Timebase = { seconds: Number.NaN }
  /** Frames handed over so far. */
  frames = 0
  private readonly finished: CaptureInfo[] = []
  private current: CaptureSet | undefined
  private lastNames: ReadonlyMap<string, string> = new Map()

  /** @param label what messages and the report call the capture */
  constructor(private readonly label: string) {}

  /**
   * Waits for a stream's header. @throws CaptureError when the stream ends before, or is no capture
   */
  async open(stream: Readable): Promise<void> {
    this.current = await openStream(stream, this.label)
  }

  /**
   * Hands over the frames of the stream that was opened last, until it ends or `signal` aborts.
   * @param onChunk called whenever what had come was handed over
   */
  async read(onFrame: FrameHandler, onChunk: () => void, signal: AbortSignal): Promise<void> {
    const captures = this.current!
    const before = this.frames
    let shiftNs = Number.NaN
    const handle = (frame: Frame) => {
      if (Number.isNaN(shiftNs)) shiftNs = this.shiftOf(captures)
      frame.number += before
      frame.timeNs += shiftNs
      this.frames = frame.number
      onFrame(frame)
    }
    try {
      await captures.read(handle, { onProgress: onChunk, signal })
    } finally {
      const [info] = captures.infos()
      this.finished.push(info)
      // Frames that could not be handed over count in what the reader numbered.
      this.frames = before + info.frames
      this.lastNames = captures.names
      this.current = undefined
    }
  }

  /** The capture as far as it has come. `tcpSegments` is for the caller to fill. */
  info(): CaptureInfo {
    const all = this.current ? [...this.finished, ...this.current.infos()] : this.finished
    const [first] = all
    return all.slice(1).reduce(joined, first)
  }

  /** By name blocks, as far as they have come. */
  names(): ReadonlyMap<string, string> {
    return this.current?.names ?? this.lastNames
  }

  private shiftOf({ timebase }: CaptureSet): number {
    if (Number.isNaN(timebase.seconds)) return 0
    if (Number.isNaN(this.timebase.seconds)) this.timebase.seconds = timebase.seconds
    return (timebase.seconds - this.timebase.seconds) * NS
  }
}

function joined(a: CaptureInfo, b: CaptureInfo): CaptureInfo {
  return {
    ...a,
    linkTypes: [...new Set([...a.linkTypes, ...b.linkTypes])],
    frames: a.frames + b.frames,
    bytes: a.bytes + b.bytes,
    firstTime: a.firstTime ?? b.firstTime,
    lastTime: b.lastTime ?? a.lastTime,
    complete: a.complete && b.complete,
    // A record cut where an engine died is no defect of the whole: the note of its end says it.
    notes: [...a.notes, ...b.notes.filter(n => !a.notes.some(m => m.name === n.name))],
  }
}
