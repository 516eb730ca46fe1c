/** The header fields of the packets behind a ladder step, one line a packet, as shown when a step is pointed at. */
import type { StoryPacket } from '../../model.js'
import type { PacketStep } from '../ladder.js'
import { count, plural } from '../../units.js'

const FLAG_LETTERS: [number, string][] = [
  [0x002, 'SYN'],
  [0x001, 'FIN'],
  [0x004, 'RST'],
  [0x008, 'PSH'],
  [0x010, 'ACK'],
  [0x020, 'URG'],
  [0x040, 'ECE'],
  [0x080, 'CWR'],
]
const PACKETS_LISTED = 4

/** Packets by capture and frame. */
export type PacketIndex = ReadonlyMap<string, StoryPacket>

export function indexPackets(packets: StoryPacket[]): PacketIndex {
  return new Map(packets.map(packet => [`${packet.capture} ${packet.frame}`, packet]))
}

/** Fields of the first few packets of a step. */
export function fieldLines({ frames, capture }: PacketStep, index: PacketIndex): string[] {
  const packets = frames.flatMap(frame => index.get(`${capture} ${frame}`) ?? [])
  const lines = packets.slice(0, PACKETS_LISTED).map(fields)
  const more = packets.length - lines.length
  return more > 0 ? [...lines, `and ${plural(more, 'more packet')}`] : lines
}

function fields(packet: StoryPacket): string {
  const { flags, window, payloadBytes, hopLimit, ipId, tsVal, tsEcr, checksum, copies } = packet
  const parts = [
    `frame ${packet.frame}`,
    flagWords(flags),
    `seq ${packet.seq}`,
    flags & 0x10 || packet.ack > 0 ? `ack ${packet.ack}` : '',
    `window ${window}`,
    payloadBytes > 0 ? `payload ${count(payloadBytes)} B` : '',
    `${ipId < 0 ? 'hop limit' : 'TTL'} ${hopLimit}`,
    ipId < 0 ? '' : `IP ID ${ipId}`,
    tsVal === undefined ? '' : `TSval ${tsVal} TSecr ${tsEcr ?? 0}`,
    checksum === 'bad' ? 'bad checksum' : '',
    copies.length > 0 ? `recorded ${copies.length + 1} times` : '',
  ]
  return parts.filter(Boolean).join(' · ')
}

/** `RST, ACK` */
function flagWords(flags: number): string {
  const names = FLAG_LETTERS.filter(([bit]) => flags & bit).map(([, name]) => name)
  return names.join(', ') || 'no flags'
}
