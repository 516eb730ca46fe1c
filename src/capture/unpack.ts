/**
 * Unpacks a compressed file in a thread: a byte source over shared memory that the thread fills ahead of its reader. Unpacking takes longer
 * than all that is done with the bytes; in one thread the two would wait for each other.
 */
import type { MessagePort } from 'node:worker_threads'
import { decompress } from './decompress.js'
import { CaptureError, printable } from './error.js'
import type { Compression } from './sniff.js'
import { type ByteSource, fileSource, type SourceDefect } from './source.js'
import type { ThreadOf } from './thread.js'

/** Given to the thread when it is started. */
export interface UnpackSetup {
  path: string
  compression: Compression
  /** Of the packed file. */
  size: number
  slots: SharedArrayBuffer[]
}

/** Says that a slot may be filled again. */
type Refill = { slot: number }

/** Bytes in a slot; then, once, how it ended. `position`: packed bytes read so far. */
export type Unpacked =
  | { slot: number; bytes: number; position: number }
  | { position: number; defect: SourceDefect | undefined; error?: string }

export type Unpacker = ThreadOf<Refill, Unpacked>

/** Codecs that this process would run itself: others are commands of the system, processes of their own. */
const OWN: Compression[] = ['gzip', 'zstd']

/** Whether a thread may unpack it. */
export const unpacksItself = (compression: Compression): boolean => OWN.includes(compression)

const SLOTS = 4
const SLOT_BYTES = 1 << 20

/** What the thread does. */
export async function serveUnpacking(port: MessagePort, setup: UnpackSetup): Promise<void> {
  const slots = setup.slots.map(slot => new Uint8Array(slot))
  const free = [...slots.keys()]
  let wake = (): void => {}
  port.on('message', ({ slot }: Refill) => {
    free.push(slot)
    wake()
  })
  const say = (message: Unpacked): void => port.postMessage(message)
  let source: ByteSource | undefined
  try {
    source = decompress(fileSource(setup.path), setup.compression, setup.size, setup.path)
    for (;;) {
      while (free.length === 0)
        await new Promise<void>(resolve => {
          wake = resolve
        })
      const slot = free.pop()!
      const bytes = await fill(source, slots[slot])
      if (bytes > 0) say({ slot, bytes, position: source.position() })
      if (bytes < slots[slot].length) break
    }
    say({ position: source.position(), defect: source.defect() })
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error
    say({ position: source?.position() ?? 0, defect: undefined, error: error.message })
  } finally {
    source?.close()
  }
}

async function fill(source: ByteSource, into: Uint8Array): Promise<number> {
  let at = 0
  while (at < into.length) {
    const count = await source.read(into, at, into.length - at)
    if (count === 0) break
    at += count
  }
  return at
}

/** What a thread unpacks. It is started when the first byte is asked for. */
export function unpackedElsewhere(
  start: (setup: UnpackSetup) => Unpacker,
  setup: Omit<UnpackSetup, 'slots'>,
): ByteSource {
  const inbox = new Inbox(() => {
    const slots = Array.from({ length: SLOTS }, () => new SharedArrayBuffer(SLOT_BYTES))
    return { thread: start({ ...setup, slots }), buffers: slots.map(slot => new Uint8Array(slot)) }
  }, setup.path)
  return {
    async read(into, at, length) {
      const from = await inbox.slot()
      if (!from) return 0
      const count = Math.min(length, from.bytes - from.at)
      into.set(inbox.buffers[from.slot].subarray(from.at, from.at + count), at)
      from.at += count
      if (from.at === from.bytes) inbox.refill()
      return count
    },
    position: () => inbox.position,
    defect: () => inbox.defect,
    close: () => inbox.end(),
  }
}

/** What comes from the thread, and how far it was used. */
class Inbox {
  buffers: Uint8Array[] = []
  position = 0
  defect: SourceDefect | undefined
  private readonly waiting: Unpacked[] = []
  private thread: Unpacker | undefined
  private current: { slot: number; at: number; bytes: number } | undefined
  private failure: CaptureError | undefined
  private over = false
  private wake = (): void => {}

  constructor(
    private readonly start: () => { thread: Unpacker; buffers: Uint8Array[] },
    private readonly path: string,
  ) {}

  /** The slot to take bytes from; undefined at the end. */
  async slot(): Promise<{ slot: number; at: number; bytes: number } | undefined> {
    if (!this.thread && !this.over) this.begin()
    while (!this.current && !this.over) {
      const message = this.waiting.shift()
      if (message) this.take(message)
      else
        await new Promise<void>(resolve => {
          this.wake = resolve
        })
    }
    if (this.failure) throw this.failure
    return this.over ? undefined : this.current
  }

  /** The slot's bytes were used. */
  refill(): void {
    const { slot } = this.current!
    this.current = undefined
    this.thread!.postMessage({ slot }, [])
  }

  end(error?: string): void {
    if (error !== undefined && !this.over) this.failure = new CaptureError(error)
    this.over = true
    void this.thread?.terminate()
    this.wake()
  }

  private begin(): void {
    Object.assign(this, this.start())
    const failed = (why: string): void =>
      this.end(
        `cannot read ${printable(this.path)}: the thread that unpacks it failed (${why}); --jobs 1 does without`,
      )
    this.thread!.on('message', message => {
      this.waiting.push(message)
      this.wake()
    })
    this.thread!.on('error', error => failed(error.message))
    this.thread!.on('exit', () => failed('it ended'))
  }

  private take(message: Unpacked): void {
    this.position = message.position
    if ('slot' in message) this.current = { ...message, at: 0 }
    else {
      this.defect = message.defect
      this.end(message.error)
    }
  }
}
