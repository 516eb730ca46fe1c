/** Bytes on their way to a file: a buffer that grows with what one chunk of input makes of itself, and is handed over after each chunk. */
export class Output {
  buffer: Buffer
  /** Bytes of `buffer` that are filled. */
  length = 0
  private view: DataView
  /** Input bytes that are to follow as they are; neighbours are copied in one go. */
  private source: Uint8Array | undefined
  private from = 0
  private to = 0

  /** @param room bytes to begin with */
  constructor(room = 4 << 20) {
    this.buffer = Buffer.allocUnsafeSlow(room)
    this.view = new DataView(this.buffer.buffer)
  }

  /** Appends `data[from .. to)`; the bytes must stay in place until `settle`. */
  pass(data: Uint8Array, from: number, to: number): void {
    if (this.source === data && this.to === from) {
      this.to = to
      return
    }
    this.settle()
    this.source = data
    this.from = from
    this.to = to
  }

  /** Ends the passing: the input may be overwritten. */
  settle(): void {
    const { source, from, to } = this
    this.source = undefined
    if (source) this.bytes(source, from, to)
  }

  /** Appends a copy of `data[from .. to)`. */
  bytes(data: Uint8Array, from: number, to: number): void {
    const at = this.reserve(to - from)
    // Short packets are the many: a loop beats the price of a subarray up to about 64 bytes.
    if (to - from <= 64) for (let i = from; i < to; i++) this.buffer[at + i - from] = data[i]
    else this.buffer.set(data.subarray(from, to), at)
  }

  u32(value: number, little: boolean): void {
    const at = this.reserve(4)
    this.view.setUint32(at, value, little)
  }

  u16(value: number, little: boolean): void {
    const at = this.reserve(2)
    this.view.setUint16(at, value, little)
  }

  zeros(count: number): void {
    const at = this.reserve(count)
    this.buffer.fill(0, at, at + count)
  }

  /** Sets a value that was not known when its place was passed. */
  patch32(at: number, value: number, little: boolean): void {
    this.view.setUint32(at, value, little)
  }

  clear(): void {
    this.length = 0
  }

  /** Makes room; returns where it begins. */
  private reserve(count: number): number {
    if (this.source) this.settle()
    const at = this.length
    this.length += count
    if (this.length > this.buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.length, this.buffer.length * 2))
      this.buffer.copy(grown, 0, 0, at)
      this.buffer = grown
      this.view = new DataView(grown.buffer)
    }
    return at
  }
}
