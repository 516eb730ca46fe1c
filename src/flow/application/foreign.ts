/** The first bytes of a side that does not speak its peer's protocol: which is it, and does it say why? */
import { display } from './bytes.js'
import { detect } from './detect.js'
import { isText, lineLength } from './lines.js'
import { type ApplicationState, label, reject, type SideIndex, UNIT_LIMIT } from './state.js'
import { type ProtocolId, protocolName } from './protocols.js'
import { ALERTS } from './tls-alerts.js'

/** Lines of a side that does not speak its peer's protocol that are read for a reason. */
const MOST_LINES = 8

/**
 * Waits for a whole line or a recognisable beginning, notes mismatch and refusal. Words are read on, line by line: the
 * reason may follow a greeting ("SSH-2.0-…", "Protocol mismatch.").
 */
export function foreignUnit(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): number {
  const me = state.sides[side]
  const line = lineLength(data, from, to)
  const whole = to - from >= UNIT_LIMIT
  if (line === 0 && to - from < 4) return 0
  // Four bytes say whether words have begun; words are waited for until their line ends.
  const words = isText(data, from, from + Math.min(4, line > 0 ? line - 1 : 4))
  if (words && line === 0 && !whole) return 0
  const found = me.step === 0 ? detect(data, from, to, side, state.serverPort) : null
  const alert = found === 'tls' && data[from] === 21
  if (!whole && (found === undefined || (alert && to - from < 7))) return 0
  me.inProgress = null
  me.step++
  const more = told(state, side, found ?? null, data, from, words && line > 0 ? from + line : from)
  if (more && me.step < MOST_LINES) return line
  me.framing = 'opaque'
  me.carry = ''
  return -1
}

/** The snap length cut the first words: the protocol that they begin like tells all the same; other words without their end tell nothing. */
export function foreignCut(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  if (to - from < 4 || state.sides[side].step > 0) return
  const found = detect(data, from, to, side, state.serverPort)
  if (found) told(state, side, found, data, from, isText(data, from, from + 4) ? to : from)
}

/** What the beginning says: `data[from .. end)` is a line of words, or nothing. Answers whether more lines may say more. */
function told(
  state: ApplicationState,
  side: SideIndex,
  found: ProtocolId | null,
  data: Uint8Array,
  from: number,
  end: number,
): boolean {
  const text = display(data, from, end).trimEnd()
  const html = found === null && /^\s*<(?:!doctype html|html)/i.test(text)
  if (found !== null || html) noteMismatch(state, side, found ?? 'http1')
  const alert = found === 'tls' && data[from] === 21
  // A client that speaks another protocol refuses nothing: it does not know yet.
  if (found === 'ssh' || (side === 0 && found !== null && !alert)) label(state, text)
  else if (alert) reject(state, side, `TLS alert: ${alertName(data[from + 6])}`)
  else if (found === 'tls') reject(state, side, 'TLS')
  else if (html) reject(state, side, 'an HTML page, unencrypted')
  else if (text !== '') reject(state, side, text)
  return end > from && !html && (found === null || found === 'ssh')
}

function alertName(description: number): string {
  return ALERTS[description] ?? String(description)
}

function noteMismatch(state: ApplicationState, side: SideIndex, found: ProtocolId): void {
  const theirs = protocolName(state.protocol!)
  state.mismatch =
    side === 1
      ? `${theirs} sent to a server that speaks ${protocolName(found)}`
      : `${protocolName(found)} sent to a server that speaks ${theirs}`
}
