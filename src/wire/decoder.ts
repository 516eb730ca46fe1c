/** Frame → segment: the entry of this folder. One decoder per capture and pass (it holds fragments that wait for their others). */
import type { Frame } from '../model.js'
import type { Notes } from '../notes.js'
import { linkLayer } from './link/link.js'
import type { Segment } from './segment.js'
import { type Found, Walk } from './walk.js'

export interface Decoder {
  /**
   * Walks down the layers of a frame and overwrites `segment` with the innermost TCP segment.
   * Synchronous, never throws, allocates nothing but for IP fragments.
   * @returns a FOUND_* number: 0 no TCP, 1 TCP segment, 2 ICMP error that quotes TCP, 3 DNS over UDP, 4 other UDP
   */
  decode(frame: Frame, segment: Segment): Found
}

/** @param notes receives malformations met on the way; a second pass over the same capture takes Notes of its own */
export function createDecoder(notes: Notes): Decoder {
  const walk = new Walk(notes)
  return { decode: (frame, segment) => decodeFrame(walk, frame, segment) }
}

function decodeFrame(walk: Walk, frame: Frame, segment: Segment): Found {
  const { start, end } = frame
  walk.data = frame.data
  walk.captured = end
  walk.segment = segment
  walk.frame = frame.number
  walk.depth = 0
  segment.layerCount = 0
  segment.macHigh = -1
  segment.macLow = 0
  const wireEnd = start + frame.originalLength
  return linkLayer(walk, frame.linkType, start, wireEnd > end ? wireEnd : end)
}
