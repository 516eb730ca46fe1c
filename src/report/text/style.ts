import type { Impact, Reset, Side } from '../../model.js'
import { columns, type Paint, paint } from '../layout.js'
import { type Names, namedEndpoint, NO_NAMES } from '../names.js'
import { severityOf } from '../rank.js'
import { sure } from '../../units.js'

/** Width and colour of one text report. */
export interface Style {
  width: number
  color: boolean
  /** What stands behind times; UTC when absent. */
  zone?: string
  names?: Names
}

/** Paints when colour is on. */
export function dye({ color }: Style, style: Paint | Paint[], text: string): string {
  return paint(color, style, text)
}

/** Red = something was lost, yellow = nobody can tell, green = no harm. */
export function impactPaint(impact: Impact): Paint {
  return (['green', 'yellow', 'red'] as const)[severityOf(impact)]
}

/** Segments set side by side, three spaces apart, on as many lines as they need. */
export function flow(segments: string[], indent: number, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const segment of segments) {
    if (line && indent + columns(line) + 3 + columns(segment) > width) {
      lines.push(' '.repeat(indent) + line)
      line = segment
    } else line = line ? `${line}   ${segment}` : segment
  }
  return line ? [...lines, ' '.repeat(indent) + line] : lines
}

/** `10.0.0.5:41234 → 10.0.1.9:8080 (cart-db)` */
export function pairOf({ connection }: Reset, names: Names = NO_NAMES): string {
  return `${namedEndpoint(names, connection.client)} → ${namedEndpoint(names, connection.server)}`
}

/** Who made these resets: `sent by 10.0.1.9 itself 97 %`, `made by a device on the path 93 %`. */
export function originWords(resets: Reset[], example: Reset): string {
  const same = resets.filter(reset => reset.origin === example.origin)
  const certainty = sure(example.originConfidence)
  if (example.origin === 'middlebox') return `made by a device on the path ${certainty}`
  if (example.origin === 'unknown') return 'who sent it cannot be told'
  const senders = new Set(same.map(reset => addressOf(reset, reset.sender)))
  if (senders.size === 1) return `sent by ${[...senders][0]} itself ${certainty}`
  return `sent by the ${example.sender}s themselves ${certainty}`
}

function addressOf(reset: Reset, side: Side): string {
  return reset.connection[side].address
}

/** What a capture leaves open: `cannot tell whether …`, `no round-trip test: captured too close to the sender`. */
export function doubtWords(text: string): string {
  if (/^(whether|from) /.test(text)) return `cannot tell ${text}`
  if (/^[\w\s-]+ test: /.test(text)) return `no ${text}`
  return /cannot|unknown/i.test(text) ? text : `cannot tell: ${text}`
}

/** Frame numbers as typed into Wireshark: `frame 12`, `frames 12–15`, `frames 12, 15, 19`, `frames 12 … 90 (14)`. */
export function frameWords(frames: number[]): string {
  if (frames.length === 0) return ''
  if (frames.length === 1) return `frame ${frames[0]}`
  const first = frames[0]
  const last = frames[frames.length - 1]
  if (last - first === frames.length - 1) return `frames ${first}–${last}`
  return frames.length <= 3 ? `frames ${frames.join(', ')}` : `frames ${first} … ${last} (${frames.length})`
}
