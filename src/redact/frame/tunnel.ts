/** Tunnels whose insides are worth keeping: GRE, ERSPAN, VXLAN, Geneve, GTP. Others are blank from their header on. */
import { u16 } from '../../wire/bytes.js'
import type { Canvas } from './canvas.js'
import { ip } from './ip.js'
import { ethernet, etherType } from './link.js'

const CHECKSUM = 0x8000
const ROUTING = 0x4000
const KEY = 0x2000
const SEQUENCE = 0x1000

/** RFC 2784, RFC 2890; the checksum is left out by blanking its flag, source routes are not followed. */
export function gre(canvas: Canvas, at: number, end: number): void {
  if (!canvas.has(at + 4)) return
  const flags = u16(canvas.data, at)
  const type = u16(canvas.data, at + 2)
  canvas.keep(at, 4)
  if (flags & ROUTING || flags & 7) return
  let body = at + 4
  if (flags & CHECKSUM) body += 4
  for (const flag of [KEY, SEQUENCE]) {
    if (!(flags & flag)) continue
    canvas.keep(body, 4)
    body += 4
  }
  if (type === 0x88be || type === 0x22eb) return erspan(canvas, body, end, (flags & SEQUENCE) !== 0)
  if (type === 0x6558 || type === 0x6400) return ethernet(canvas, body, end)
  etherType(canvas, type, body, end)
}

/** draft-foschiano-erspan §4: no header (type I), eight bytes (II), twelve or twenty (III). */
function erspan(canvas: Canvas, at: number, end: number, hasHeader: boolean): void {
  if (!hasHeader) return ethernet(canvas, at, end)
  if (!canvas.has(at + 12)) return
  const isThird = canvas.data[at] >> 4 === 2
  const header = isThird ? (canvas.data[at + 11] & 1 ? 20 : 12) : 8
  canvas.keep(at, isThird ? 12 : 8)
  const isIp = isThird && ((canvas.data[at + 10] >> 2) & 31) === 2
  if (isIp) ip(canvas, at + header, end)
  else ethernet(canvas, at + header, end)
}

/** By either port, as receivers do. @param at the UDP header, @param end the datagram's */
export function udpTunnel(canvas: Canvas, at: number, end: number): void {
  const body = at + 8
  const source = u16(canvas.data, at)
  const destination = u16(canvas.data, at + 2)
  const isFor = (port: number): boolean => source === port || destination === port
  if (!canvas.has(body + 8)) return
  if (isFor(4789)) {
    canvas.keep(body, 8)
    ethernet(canvas, body + 8, end)
  } else if (isFor(4790)) {
    canvas.keep(body, 8)
    const next = canvas.data[body + 3]
    if (next === 3) ethernet(canvas, body + 8, end)
    else if (next === 1 || next === 2) ip(canvas, body + 8, end)
  } else if (isFor(6081)) geneve(canvas, body, end)
  else if (isFor(2152)) gtp(canvas, body, end)
}

/** RFC 8926 §3.4. Blank options read as options of class 0 without a value. */
function geneve(canvas: Canvas, at: number, end: number): void {
  canvas.keep(at, 8)
  etherType(canvas, u16(canvas.data, at + 2), at + 8 + ((canvas.data[at] & 0x3f) << 2), end)
}

const TUNNELLED_PACKET = 255

/** 3GPP TS 29.281 §5, version 1: eight bytes, four more when any of three flags is set, then extensions. */
function gtp(canvas: Canvas, at: number, end: number): void {
  const { data } = canvas
  const flags = data[at]
  canvas.keep(at, 8)
  if (flags >> 5 !== 1 || data[at + 1] !== TUNNELLED_PACKET) return
  const body = at + (flags & 7 ? 12 : 8)
  canvas.keep(at + 8, body - at - 8)
  const inner = flags & 4 ? afterExtensions(canvas, body) : body
  if (inner > 0) ip(canvas, inner, end)
}

/** §5.2: length in words, content, type of the next; the first type stands right before `from`. -1 when they do not fit. */
function afterExtensions(canvas: Canvas, from: number): number {
  const { data } = canvas
  let at = from
  while (canvas.has(at + 4) && data[at - 1] !== 0) {
    const length = data[at] << 2
    if (length === 0 || !canvas.has(at + length)) return -1
    canvas.keep(at, 1)
    canvas.keep(at + length - 1, 1)
    at += length
  }
  return at
}
