/** What the awkward captures are made with. */
import { pcap } from '../../capture/build.js'
import { type Bytes, eth, ip4, ip6, tcp } from '../../wire/bytes.js'

/** An awkward capture: what is awkward about it, and its bytes. */
export interface Awkward {
  name: string
  bytes: Uint8Array
}

export const ETHERNET = 1
export const IPV6 = 0x86dd

/** A healthy handshake and request, so that there is a connection for what follows to upset. */
export const HEALTHY: Bytes[] = [
  eth(ip4(tcp({ flags: 0x02, seq: 99, ack: 0 }))),
  eth(ip4(tcp({ flags: 0x12, seq: 499, ack: 100, sourcePort: 40002, destinationPort: 40001 }), swapped())),
  eth(ip4(tcp({ flags: 0x10, seq: 100, ack: 500 }))),
  eth(ip4(tcp({ flags: 0x18, seq: 100, ack: 500, payload: [71, 69, 84, 32, 47, 13, 10] }))),
]

function swapped(): { source: Bytes; destination: Bytes } {
  return { source: [10, 0, 0, 2], destination: [10, 0, 0, 1] }
}

/** Ethernet and IPv4 around a RST, or around what is given. */
export const rst4 = (segment: Bytes = tcp({ flags: 0x14, seq: 107, ack: 500 })): Bytes => eth(ip4(segment))
export const rst6 = (segment: Bytes = tcp({ flags: 0x14 })): Bytes => eth(ip6(segment), IPV6)

/** A classic pcap of the frames, a millisecond apart. */
export function capture(frames: Bytes[], linkType = ETHERNET): Uint8Array {
  return pcap({
    network: linkType,
    records: frames.map((frame, i) => ({
      sec: 1_700_000_000 + Math.floor(i / 1000),
      frac: (i % 1000) * 1000,
      data: Uint8Array.from(frame),
    })),
  })
}

/** The healthy beginning, then these frames. */
export const after = (...frames: Bytes[]): Uint8Array => capture([...HEALTHY, ...frames])

/** The first `count` bytes of a frame captured, all of it on the wire. */
export function snapped(frame: Bytes, count: number): Uint8Array {
  const records = [...HEALTHY, frame].map((bytes, i) => {
    const data = Uint8Array.from(bytes)
    return i < HEALTHY.length ? { data } : { data: data.slice(0, count), origlen: data.length }
  })
  return pcap({ records })
}
