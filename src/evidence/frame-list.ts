/** Frames of several captures, in their millions: eight bytes each, read one by one. */

/** A frame's place among all captures. */
export interface FrameRef {
  frame: number
  capture: number
}

export class FrameList implements Iterable<FrameRef> {
  length = 0
  private words = new Uint32Array(0)

  push({ frame, capture }: FrameRef): void {
    const at = this.length * 2
    if (at === this.words.length) {
      const longer = new Uint32Array(Math.max(16, at * 2))
      longer.set(this.words)
      this.words = longer
    }
    this.words[at] = frame
    this.words[at + 1] = capture
    this.length++
  }

  some(fits: (ref: FrameRef) => boolean): boolean {
    for (const ref of this) if (fits(ref)) return true
    return false
  }

  *[Symbol.iterator](): Generator<FrameRef> {
    for (let at = 0; at < this.length * 2; at += 2)
      yield { frame: this.words[at], capture: this.words[at + 1] }
  }
}
