/** IEEE 802.11 §9.2: data frames in the clear keep their way down to IP; of every other frame only the addresses' aliases stay. */
import type { Canvas } from './canvas.js'
import { llc } from './link.js'

const HEADER = 24
const TYPE_DATA = 2
const TO_AND_FROM_DS = 3
const PROTECTED = 0x40
const ORDER = 0x80
const NO_DATA = 4
const QOS = 8
const AGGREGATE = 0x80

export function wlan(canvas: Canvas, at: number, end: number): void {
  const { data } = canvas
  if (!canvas.has(at + 10)) return
  canvas.keep(at, 4)
  canvas.mac(at + 4)
  const isData = (data[at] & 12) >> 2 === TYPE_DATA
  // Control frames have one or two addresses; what stands there is one or nothing.
  if (!isData) return
  canvas.mac(at + 10)
  canvas.mac(at + 16)
  canvas.keep(at + 22, 2)
  const subtype = data[at] >> 4
  const flags = data[at + 1]
  let body = at + HEADER
  if ((flags & 3) === TO_AND_FROM_DS) {
    canvas.mac(body)
    body += 6
  }
  if (!canvas.has(body + 2) || subtype & NO_DATA || flags & PROTECTED) return
  if (subtype & QOS) {
    canvas.keep(body, 2)
    if (data[body] & AGGREGATE) return
    body += flags & ORDER ? 6 : 2
  }
  llc(canvas, body, end)
}
