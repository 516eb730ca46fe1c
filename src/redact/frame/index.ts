/** One frame, redacted: the same length, and the same headers down to TCP where its layers are known; blank where they are not. */
import type { Aliases } from '../aliases.js'
import { Canvas } from './canvas.js'
import { link } from './link.js'

/** What of a frame is needed. */
export interface RawFrame {
  data: Uint8Array
  start: number
  end: number
  originalLength: number
  /** LINKTYPE_ number. */
  linkType: number
}

/** @returns the redacted bytes, `end - start` of them at the front of a buffer that is used again for the next frame */
export type FrameRedactor = (frame: RawFrame) => Uint8Array

export function createFrameRedactor(aliases: Aliases): FrameRedactor {
  const canvas = new Canvas(aliases)
  return ({ data, start, end, originalLength, linkType }) => {
    canvas.begin(data, start, end)
    link(canvas, linkType, start, Math.max(end, start + originalLength))
    return canvas.copy
  }
}
