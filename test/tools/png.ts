/** PNG with a palette (https://www.w3.org/TR/png-3/): a picture of a page has few colours, and a repository keeps every version of it. */
import { crc32, deflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const COLORS = 256
/** Bits per channel by which pixels are counted: neighbours share an entry of the palette. */
const BITS = 5

/** @param rgba four bytes a pixel, row by row */
export function palettePng(rgba: Uint8Array, width: number, height: number): Buffer {
  const palette = commonest(rgba)
  const nearest = new Map<number, number>()
  const rows = Buffer.alloc((width + 1) * height)
  for (let i = 0; i < width * height; i++) {
    const color = (rgba[4 * i] << 16) | (rgba[4 * i + 1] << 8) | rgba[4 * i + 2]
    let entry = nearest.get(color)
    if (entry === undefined) nearest.set(color, (entry = closest(palette, color)))
    // Each row begins with its filter, 0 = none.
    rows[i + Math.floor(i / width) + 1] = entry
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  const plte = Buffer.from(palette.flatMap(color => [color >> 16, (color >> 8) & 255, color & 255]))
  const data = deflateSync(rows, { level: 9, memLevel: 9 })
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', plte),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** The commonest colour of each of the commonest cells of the colour cube. */
function commonest(rgba: Uint8Array): number[] {
  const cells = new Map<number, Map<number, number>>()
  for (let at = 0; at < rgba.length; at += 4) {
    const color = (rgba[at] << 16) | (rgba[at + 1] << 8) | rgba[at + 2]
    const shift = 8 - BITS
    const cell =
      ((rgba[at] >> shift) << (2 * BITS)) | ((rgba[at + 1] >> shift) << BITS) | (rgba[at + 2] >> shift)
    const colors = cells.get(cell) ?? new Map<number, number>()
    cells.set(cell, colors)
    colors.set(color, (colors.get(color) ?? 0) + 1)
  }
  const sum = (colors: Map<number, number>): number => [...colors.values()].reduce((a, b) => a + b, 0)
  return [...cells.values()]
    .sort((a, b) => sum(b) - sum(a))
    .slice(0, COLORS)
    .map(colors => [...colors].reduce((best, one) => (one[1] > best[1] ? one : best))[0])
}

function closest(palette: number[], color: number): number {
  const channel = (of: number, shift: number): number => (of >> shift) & 255
  const distance = (other: number): number =>
    [16, 8, 0].reduce((total, shift) => total + (channel(color, shift) - channel(other, shift)) ** 2, 0)
  let best = 0
  for (let i = 1; i < palette.length; i++) if (distance(palette[i]) < distance(palette[best])) best = i
  return best
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
