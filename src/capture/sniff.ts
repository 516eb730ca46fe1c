/** What a file is, by its first bytes; never by its name. */
import type { CaptureInfo } from '../model.js'
import { isPcapMagic } from './pcap.js'
import { SECTION_HEADER } from './pcapng.js'

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

/** Formats that people do hand in, and what to do about them. */
const KNOWN: [magic: string, what: string][] = [
  ['snoop\0', 'a snoop capture: convert it with editcap -F pcapng IN OUT'],
  ['PK\x03\x04', 'a ZIP archive: unpack it first'],
  ['BZh', 'bzip2-compressed: unpack it first (bunzip2)'],
  ['7z\xbc\xaf', 'a 7-Zip archive: unpack it first'],
  ['GMBU', 'a Network Monitor capture: convert it with editcap -F pcapng IN OUT'],
  ['RTSS', 'a Network Monitor capture: convert it with editcap -F pcapng IN OUT'],
  ['TRSNIFF', 'a Sniffer capture: convert it with editcap -F pcapng IN OUT'],
  ['btsnoop\0', 'a Bluetooth snoop log: it holds no TCP connections'],
  ['MDMP', 'a crash dump'],
  ['\x7fELF', 'a program'],
  ['%PDF', 'a PDF document'],
  ['\x54\xb2\xab\xa1', 'a byte-swapped Navtel pcap: convert it with editcap -F pcapng IN OUT'],
]

/** The end of the sentence "<name> is not a capture: it …", for content that `sniff` does not know. One line, safe to print. */
export function describeContent(head: Uint8Array): string {
  const latin1 = Buffer.from(head).toString('latin1')
  const known = KNOWN.find(([magic]) => latin1.startsWith(magic))
  if (known) return `it is ${known[1]}`
  const line = /^[\t\x20-\x7e]*/
    .exec(
      Buffer.from(head)
        .toString('utf8')
        .replace(/\r?\n[^]*/, ''),
    )![0]
    .trimEnd()
  const begins =
    line.length >= Math.min(4, head.length)
      ? `"${line.replace(/\t/g, ' ').slice(0, 24)}"`
      : `the bytes ${hex(head.subarray(0, 8))}`
  return `it begins with ${begins}, not with a pcap or pcapng header`
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, b => b.toString(16).padStart(2, '0')).join(' ')
