/** Which protocol a side speaks, by its first bytes. */
import { READERS } from './readers.js'
import type { ProtocolId } from './protocols.js'
import type { SideIndex } from './state.js'

/**
 * The first reader that recognises the bytes. undefined: a reader that comes before any other match needs more bytes,
 * and is waited for, so that the outcome does not depend on where segments end. null: nobody knows them.
 */
export function detect(
  data: Uint8Array,
  from: number,
  to: number,
  side: SideIndex,
  serverPort: number,
): ProtocolId | null | undefined {
  for (const [id, reader] of READERS) {
    const answer = reader.recognise?.(data, from, to, side, serverPort)
    if (answer === undefined && reader.recognise !== undefined) return undefined
    if (answer === true) return id
  }
  return null
}

/** The same in the middle of a stream, by the readers whose messages cannot be mistaken. */
export function detectMidstream(
  data: Uint8Array,
  from: number,
  to: number,
  side: SideIndex,
): ProtocolId | null {
  for (const [id, reader] of READERS) {
    if (reader.midstream === true && reader.resumes?.(data, from, to, side) === true) return id
  }
  return null
}
