/**
 * The state of one walk down the layers of one frame, shared by all layer functions.
 *
 * Every layer is a function `(walk, at, end) => Found`: its header starts at `data[at]`, and `end` is where the lengths of the
 * layers around it say its bytes end. `end` may lie beyond what was captured (`walk.captured`): lengths come from headers, never
 * from bytes at hand, but only `data[at .. min(end, captured))` may be read.
 */
import type { NoteName, Notes } from '../notes.js'
import { Fragments } from './ip/fragments.js'
import { MAX_LAYERS, Segment } from './segment.js'

/** What a frame turned out to be. */
export const FOUND_NONE = 0
/** A TCP segment: every field of the segment is filled. */
export const FOUND_TCP = 1
/** An ICMP or ICMPv6 error that quotes a TCP header: addresses, ports and `seq` of the quoted segment, `icmp*` of the error. */
export const FOUND_ICMP_ERROR = 2
/** A DNS answer over UDP (source port 53, 5353 or 5355): addresses, ports and payload range. */
export const FOUND_DNS = 3
/** Another UDP datagram: addresses, ports and payload range. */
export const FOUND_UDP = 4

/** One of the FOUND_* numbers. */
export type Found = number

/** Headers entered per frame before the walk gives up: real nesting stays below 20, lying packets could nest for ever. */
const MAX_DEPTH = 64

export class Walk {
  data: Uint8Array = new Uint8Array(0)
  /** End of the captured bytes in `data`. */
  captured = 0
  segment: Segment = new Segment()
  /** Frame number, for notes. */
  frame = 0
  /** Headers entered so far. */
  depth = 0
  readonly fragments = new Fragments()

  constructor(readonly notes: Notes) {}

  /** Counts a malformation and ends this path. */
  refuse(name: NoteName): Found {
    this.notes.add(name, this.frame)
    return FOUND_NONE
  }

  /** A header that needs the bytes up to `need` is not all there: cut by the snap length, or by a lying length around it. */
  short(need: number, name: NoteName): Found {
    return this.refuse(need > this.captured ? 'frame-cut' : name)
  }

  /** True when the bytes before `need` may be read: captured, and inside the layer that ends at `end`. Notes it when not. */
  readable(need: number, end: number): boolean {
    if (need <= this.captured && need <= end) return true
    this.notes.add(need > this.captured ? 'frame-cut' : 'header-cut', this.frame)
    return false
  }

  /** Remembers an encapsulating layer; false when the nesting is too deep to follow. */
  enter(kind: number, id: number): boolean {
    const segment = this.segment
    if (segment.layerCount < MAX_LAYERS) {
      segment.layers[segment.layerCount * 2] = kind
      segment.layers[segment.layerCount * 2 + 1] = id
      segment.layerCount++
    }
    return this.deeper()
  }

  /** Counts one more header; false (and a note) when the nesting is too deep to follow. */
  deeper(): boolean {
    if (++this.depth <= MAX_DEPTH) return true
    this.notes.add('nesting-too-deep', this.frame)
    return false
  }
}
