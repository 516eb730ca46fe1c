/**
 * Where verdicts go as they come. Capturing must never wait for a reader that has stopped, nor hoard what it does not read: lines queue up
 * to a bound, then they are counted and left out.
 */
export interface Sink {
  /** Resolves when more may be written; false once the reader has gone away. */
  write(text: string): Promise<boolean>
}

/** Verdicts of more than a thousand resets. */
const QUEUE_CHARACTERS = 4 * 2 ** 20
/** Handed to the sink at once. */
const PIECE_CHARACTERS = 2 ** 18

export class Outlet {
  /** Lines left out because nobody read. */
  lost = 0
  /** False once the reader has gone away: nothing more needs to be written. */
  open = true
  /** Why writing failed, when it was not the reader going away. */
  failure: unknown
  private queue: string[] = []
  private queued = 0
  private writing: Promise<void> | undefined

  constructor(
    private readonly sink: Sink,
    private readonly most = QUEUE_CHARACTERS,
  ) {}

  /** Writes as soon as the reader is ready; never waits. */
  push(text: string): void {
    if (!this.open) return
    if (this.queued > this.most) {
      this.lost++
      return
    }
    this.queue.push(text)
    this.queued += text.length
    this.writing ??= this.work()
  }

  /** Resolves when everything that was pushed is written, or cannot be, or `withinMs` have passed. */
  async drained(withinMs: number): Promise<void> {
    const timeout = new Promise<void>(resolve => setTimeout(resolve, withinMs).unref())
    await Promise.race([this.writing, timeout])
  }

  private async work(): Promise<void> {
    while (this.queue.length > 0 && this.open) {
      const text = this.take()
      try {
        this.open = await this.sink.write(text)
      } catch (error) {
        this.failure = error
        this.open = false
      }
      this.queued -= text.length
    }
    this.writing = undefined
  }

  /** The oldest lines, some of them at once: one system call per line would be slow. */
  private take(): string {
    let [count, characters] = [0, 0]
    while (count < this.queue.length && characters < PIECE_CHARACTERS)
      characters += this.queue[count++].length
    return this.queue.splice(0, count).join('')
  }
}
