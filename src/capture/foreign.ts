/** What people hand in besides pcap and pcapng, by its first bytes, and what to do about it. */

/** Formats of other capture programs; Wireshark's editcap turns them into pcapng. */
const CAPTURES: [magic: string, what: string][] = [
  ['snoop\0', 'a snoop capture (Solaris)'],
  ['GMBU', 'a Microsoft Network Monitor capture'],
  ['RTSS', 'a Microsoft Network Monitor 1 capture'],
  ['TRSNIFF', 'a Network General Sniffer capture'],
  ['XCP\0', 'a NetXRay or Windows Sniffer capture'],
  ['VL\0\0', 'an old NetXRay capture'],
  ['ObserverPktBufferVersion', 'a Network Instruments Observer capture'],
  ['\x7fver', 'a Savvius (WildPackets) Peek capture'],
  ['cpse', 'a Colasoft Capsa capture'],
  ['iptrace ', 'an AIX iptrace'],
  ['TR\0d', 'an HP-UX nettl trace'],
  ['\x05VNF', 'a Visual Networks capture'],
  ['\xaa\xaa\xaa\xaa', 'an InfoVista 5View capture'],
  ['B\xd2\x004\x12f"\x88', 'a RADCOM capture'],
  ['\0\0\x02\0\x12\x05\0\x10', 'a Tektronix K12 capture'],
  ['\x01\x10L\0\x01\x05Trace Display', 'a Novell LANalyzer capture'],
  ['LOGG', 'a Vector BLF log'],
  ['\xb0\xb5', 'a NetScaler trace'],
  ['\x54\xb2\xab\xa1', 'a byte-swapped Navtel pcap'],
]

const OTHERS: [magic: string, what: string][] = [
  ['PK\x03\x04', 'a ZIP archive: unpack it first'],
  ['BZh', 'bzip2-compressed: unpack it first (bunzip2)'],
  ['7z\xbc\xaf', 'a 7-Zip archive: unpack it first'],
  ['btsnoop\0', 'a Bluetooth snoop log: it holds no TCP connections'],
  ['MDMP', 'a crash dump'],
  ['\x7fELF', 'a program'],
  ['%PDF', 'a PDF document'],
]

const CONVERT = 'convert it with editcap -F pcapng IN OUT'

/**
 * The end of a sentence that begins with the name of a file whose content `sniff` does not know: "is not a capture: …" or
 * "is a snoop capture, which is not read: …". One line, safe to print.
 */
export function describeContent(head: Uint8Array): string {
  const latin1 = Buffer.from(head).toString('latin1')
  const capture = CAPTURES.find(([magic]) => latin1.startsWith(magic))
  if (capture) return `is ${capture[1]}, which is not read: ${CONVERT}`
  const other = OTHERS.find(([magic]) => latin1.startsWith(magic))
  if (other) return `is not a capture: it is ${other[1]}`
  // Plain text, whatever the length of its first line; else bytes that may still be a capture of a format without a magic number.
  const lines = Buffer.from(head)
    .toString('utf8')
    .split(/\r?\n/, 2)
    .map(line => /^[\t\x20-\x7e]*/.exec(line)![0].replace(/\t/g, ' ').trimEnd())
  const isText = /^[\t\n\r\x20-\x7e]*$/.test(latin1) || lines[0].length >= Math.min(4, head.length)
  const begins =
    isText && lines[0] !== '' ? `"${lines[0].slice(0, 24)}"` : `the bytes ${hex(head.subarray(0, 8))}`
  const hint = looksLikeErf(head) ? ` (perhaps Endace ERF: ${CONVERT})` : ''
  return `is not a capture: it begins with ${begins}, not with a pcap or pcapng header${hint}`
}

/** Record header: time (8), type (1), flags (1), record length (2), losses (2), length on the wire (2). https://www.endace.com/erf-extensible-record-format-types.pdf */
function looksLikeErf(head: Uint8Array): boolean {
  if (head.length < 16) return false
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  const type = head[8] & 0x7f
  const [recordBytes, wireBytes] = [view.getUint16(10), view.getUint16(14)]
  return (
    type >= 1 &&
    type <= 24 &&
    recordBytes > 16 &&
    wireBytes > 0 &&
    wireBytes <= 9600 &&
    recordBytes <= wireBytes + 64
  )
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, b => b.toString(16).padStart(2, '0')).join(' ')
