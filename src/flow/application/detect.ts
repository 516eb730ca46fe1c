/** Which protocol a side speaks, by its first bytes. */
import type { ProtocolId } from './protocols.js'
import type { Reader } from './reader.js'
import { READERS } from './readers.js'
import type { SideIndex } from './state.js'

/** Plain arrays: walking the map for every piece of an unknown stream took three times as long. */
const AT_START: [ProtocolId, NonNullable<Reader['recognise']>][] = []
const MIDSTREAM: [ProtocolId, NonNullable<Reader['resumes']>][] = []
for (const [id, reader] of READERS) {
  if (reader.recognise !== undefined) AT_START.push([id, reader.recognise])
  if (reader.midstream === true && reader.resumes !== undefined) MIDSTREAM.push([id, reader.resumes])
}

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
  for (const [id, recognise] of AT_START) {
    const answer = recognise(data, from, to, side, serverPort)
    if (answer === undefined) return undefined
    if (answer) return id
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
  for (const [id, resumes] of MIDSTREAM) if (resumes(data, from, to, side)) return id
  return null
}
