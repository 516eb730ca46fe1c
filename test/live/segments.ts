/** Small frames of TCP between 10.0.0.1 (a) and 10.0.0.2:80 (b), decoded. */
import { createDecoder } from '../../src/wire/decoder.js'
import { Segment } from '../../src/wire/segment.js'
import type { Frame } from '../../src/model.js'
import { Notes } from '../../src/notes.js'

export const FLAGS = { fin: 1, syn: 2, rst: 4, ack: 16 }

export interface Told {
  from: 'a' | 'b'
  /** Port of a. */
  port: number
  flags: number
  seq?: number
  ack?: number
  /** Bytes of it. */
  payload?: number
  /** Last byte of a's address. */
  host?: number
  timeNs?: number
}

/** Frames only; numbers from 1, a microsecond apart unless told otherwise. */
export function frames(told: Told[], first = 1): Frame[] {
  return told.map((one, i) => frameOf(one, first + i))
}

export function segments(told: Told[]): { segment: Segment; frame: Frame }[] {
  return frames(told).map(frame => {
    const segment = new Segment()
    createDecoder(new Notes()).decode(frame, segment)
    return { segment, frame }
  })
}

function frameOf(
  { from, port, flags, seq = 1, ack = 0, payload = 0, host = 1, timeNs }: Told,
  n: number,
): Frame {
  const data = Buffer.alloc(54 + payload, n & 255)
  data.fill(0, 0, 54)
  data.writeUInt16BE(0x0800, 12)
  data[14] = 0x45
  data.writeUInt16BE(40 + payload, 16)
  data[22] = 64
  data[23] = 6
  const [a, b] = [Buffer.from([10, 0, host >> 8, host & 255]), Buffer.from([10, 0, 0, 2])]
  data.set(from === 'a' ? a : b, 26)
  data.set(from === 'a' ? b : a, 30)
  data.writeUInt16BE(from === 'a' ? port : 80, 34)
  data.writeUInt16BE(from === 'a' ? 80 : port, 36)
  data.writeUInt32BE(seq >>> 0, 38)
  data.writeUInt32BE(ack >>> 0, 42)
  data[46] = 0x50
  data[47] = flags
  data.writeUInt16BE(65_000, 48)
  return {
    number: n,
    capture: 0,
    timeNs: timeNs ?? n * 1000,
    data,
    start: 0,
    end: data.length,
    originalLength: data.length,
    linkType: 1,
  }
}
