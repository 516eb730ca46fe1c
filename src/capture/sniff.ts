/** What a file is, by its first bytes; never by its name. */
import type { CaptureInfo } from '../model.js'
import { isPcapMagic } from './pcap.js'
import { SECTION_HEADER } from './pcapng-types.js'

/** How many first bytes `sniff` and `describeContent` want to see. */
export const SNIFF_BYTES = 32

export type Format = CaptureInfo['format']
export type Compression = NonNullable<CaptureInfo['compression']>

/** @param head the first bytes, at least 4 to be anything at all */
export function sniff(head: Uint8Array): Format | Compression | undefined {
  if (head.length < 4) return undefined
  const magic = new DataView(head.buffer, head.byteOffset, head.length).getUint32(0, true)
  if (isPcapMagic(magic)) return 'pcap'
  if (magic === SECTION_HEADER) return 'pcapng'
  if ((magic & 0xffffff) === 0x088b1f) return 'gzip'
  // Skippable frames (0x184d2a50..5f) may come first.
  if (magic === 0xfd2fb528 || (magic & 0xfffffff0) === 0x184d2a50) return 'zstd'
  if (magic === 0x587a37fd && head[4] === 0x5a && head[5] === 0) return 'xz'
  // frame format and legacy format
  if (magic === 0x184d2204 || magic === 0x184c2102) return 'lz4'
  return undefined
}
