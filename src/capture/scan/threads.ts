/** The threads that look through one capture file ahead of who analyses it. Stretches are handed out in order, as slots are free. */
import { batchOver, newSlot, type Scanned, type ScanOrder, type ScanSetup, type ToThread } from './stretch.js'
import type { FrameBatch } from '../../model.js'
import type { ThreadOf } from '../thread.js'
import type { Unpacker, UnpackSetup } from '../unpack.js'

export interface ThreadOptions {
  /** How many; 1 or fewer = none. */
  count: number
  /** How many of them look through a plain file; default all. */
  scanners?: number
  /** Starts one: it runs `serveScans`. */
  start: (setup: ScanSetup) => Scanner
  /** Starts one that unpacks a compressed file: it runs `serveUnpacking`. */
  startUnpacker?: (setup: UnpackSetup) => Unpacker
  /**
   * Captures smaller than this are read without; default 128 MiB: one thread has read as much by the time others have started and their
   * code is compiled. Of compressed ones an eighth.
   */
  leastBytes?: number
  /** Length of the stretches; default 2 MiB. Every value gives the same frames. */
  stretchBytes?: number
}

export type Scanner = ThreadOf<ToThread, Scanned>

const STRETCH_BYTES = 2 << 20
const LEAST_BYTES = 128 << 20

/** Bytes of the smallest capture that threads are of use for; unpacking takes longer than reading. */
export const leastBytes = (options: ThreadOptions, packed: boolean): number =>
  options.leastBytes ?? (packed ? LEAST_BYTES / 8 : LEAST_BYTES)

/** Stretches that are looked through, wait, or are being analysed, for each thread. */
const SLOTS_PER_THREAD = 2

interface Thread {
  scanner: Scanner
  /** Stretches it has to do. */
  busy: number
}

export class ScanThreads {
  readonly stretchBytes: number
  private readonly threads: Thread[] = []
  private readonly batches: FrameBatch[] = []
  private readonly free: number[] = []
  private readonly results = new Map<number, Scanned>()
  private reading = 0
  /** The next stretch to hand out, the one behind the last, and the one waited for. */
  private next = 0
  private end = 0
  private wanted = 0
  private wake: (() => void) | undefined
  private over = false

  /** @param onFailure told, in one line, why threads are of no use any more: who reads does without them */
  constructor(
    path: string,
    { count, start, stretchBytes = STRETCH_BYTES }: ThreadOptions,
    private readonly onFailure: (reason: string) => void,
  ) {
    this.stretchBytes = stretchBytes
    const slots = Array.from({ length: count * SLOTS_PER_THREAD + 1 }, () => newSlot(stretchBytes))
    this.batches = slots.map(slot => batchOver(slot, stretchBytes))
    this.free = [...slots.keys()]
    for (let i = 0; i < count; i++) this.threads.push(this.attend(start({ path, slots, stretchBytes })))
  }

  /** Begins a reading of the stretches `from .. end`. @returns false where there are no threads any more */
  begin(order: Omit<ScanOrder, 'reading'>, from: number, end: number): boolean {
    if (this.over) return false
    this.reading++
    this.next = this.wanted = from
    this.end = end
    this.forget(Number.POSITIVE_INFINITY)
    for (const thread of this.threads) this.say(thread, { order: { ...order, reading: this.reading } })
    this.handOut()
    return true
  }

  /** What was found in a stretch; none before it is asked for again. Undefined when threads are of no use any more. */
  async scanned(stretch: number): Promise<Scanned | undefined> {
    this.wanted = stretch
    this.forget(stretch)
    this.next = Math.max(this.next, stretch)
    this.handOut()
    while (!this.over && !this.results.has(stretch))
      await new Promise<void>(resolve => {
        this.wake = resolve
      })
    const result = this.results.get(stretch)
    this.results.delete(stretch)
    return result
  }

  /** Most rows in a batch. */
  get rows(): number {
    return this.batches[0].start.length
  }

  batchOf({ slot }: Scanned): FrameBatch {
    return this.batches[slot]
  }

  /** Its batch may be written again. */
  release({ slot }: Scanned): void {
    this.free.push(slot)
    this.handOut()
  }

  close(): void {
    this.over = true
    for (const { scanner } of this.threads) void scanner.terminate()
    this.wake?.()
  }

  private attend(scanner: Scanner): Thread {
    const thread: Thread = { scanner, busy: 0 }
    scanner.on('message', scanned => this.take(thread, scanned))
    scanner.on('error', error => this.fail(error.message))
    scanner.on('exit', () => this.fail('it ended'))
    return thread
  }

  private take(thread: Thread, scanned: Scanned): void {
    thread.busy--
    if (scanned.reading === this.reading && scanned.stretch >= this.wanted)
      this.results.set(scanned.stretch, scanned)
    else this.free.push(scanned.slot)
    this.handOut()
    this.wake?.()
  }

  private fail(reason: string): void {
    if (this.over) return
    this.close()
    this.onFailure(reason)
  }

  /** Gives back what was found in the stretches before this one. */
  private forget(before: number): void {
    for (const [stretch, { slot }] of this.results) {
      if (stretch >= before) continue
      this.results.delete(stretch)
      this.free.push(slot)
    }
  }

  private handOut(): void {
    while (!this.over && this.free.length > 0 && this.next < this.end) {
      const thread = this.threads.reduce((least, one) => (one.busy < least.busy ? one : least))
      thread.busy++
      this.say(thread, { stretch: this.next++, slot: this.free.pop()! })
    }
  }

  private say({ scanner }: Thread, message: ToThread): void {
    scanner.postMessage(message, [])
  }
}
