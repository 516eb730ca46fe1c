/** Tunnels over UDP, each datagram from a port of its own: Wireshark remembers conversations. */
import { be16, be32, type Bytes, eth, ip4, ip6, udp, zeros } from './bytes.js'
import type { TestFrame } from './judge.js'
import { frame4, label, packet4, packet6, pad, segment, snap4, wlanData } from './parts.js'

export const udpFrames: TestFrame[] = []

function add(name: string, linkType: number, bytes: Bytes): void {
  udpFrames.push({ name, linkType, bytes })
}

const ethernet = (n: string, b: Bytes) => add(n, 1, b)
let nextPort = 50000
const inUdp = (n: string, port: number, b: Bytes, sp = nextPort++) =>
  ethernet('udp-' + n, eth(ip4(udp(b, sp, port), { protocol: 17, source: [10, 0, 1, nextPort & 255] })))
inUdp('vxlan', 4789, [8, 0, 0, 0, 0, 0, 5, 0, ...frame4])
inUdp('vxlan-noflag', 4789, [0, 0, 0, 0, 0, 0, 5, 0, ...frame4])
inUdp('vxlan8472', 8472, [8, 0, 0, 0, 0, 0, 5, 0, ...frame4])
inUdp('vxlan-53', 4789, [8, 0, 0, 0, 0, 0, 5, 0, ...frame4], 53)
inUdp('vxlan-low', 4789, [8, 0, 0, 0, 0, 0, 5, 0, ...frame4], 4000)
inUdp('vxlan-known', 4789, [8, 0, 0, 0, 0, 0, 5, 0, ...frame4], 3478)
inUdp('vxlan-gbp', 4789, [0x88, 0, 0, 1, 0, 0, 5, 0, ...frame4])
for (const np of [0, 1, 2, 3, 4, 5, 6])
  inUdp('gpe' + np, 4790, [
    0xc,
    0,
    0,
    np,
    0,
    0,
    5,
    0,
    ...(np === 1
      ? packet4
      : np === 2
        ? packet6
        : np === 4
          ? [0, 2, 1, 1, 0, 0, 1, 1, ...packet4]
          : np === 5
            ? [...label(9, 1), ...packet4]
            : frame4),
  ])
inUdp('gpe-nop', 4790, [8, 0, 0, 3, 0, 0, 5, 0, ...frame4])
inUdp('geneve', 6081, [0, 0, 0x65, 0x58, 0, 0, 5, 0, ...frame4])
inUdp('geneve-opt', 6081, [2, 0, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 0x80, 1, 0, 0, 0, 0, ...frame4])
inUdp('geneve-ip', 6081, [0, 0, 8, 0, 0, 0, 5, 0, ...packet4])
inUdp('geneve-v1', 6081, [0x40, 0, 8, 0, 0, 0, 5, 0, ...packet4])
inUdp('geneve-oam', 6081, [0, 0x80, 8, 0, 0, 0, 5, 0, ...packet4])
inUdp('gtp', 2152, [0x30, 255, ...be16(packet4.length), 0, 0, 0, 9, ...packet4])
inUdp('gtp6', 2152, [0x30, 255, ...be16(packet6.length), 0, 0, 0, 9, ...packet6])
inUdp('gtp-seq', 2152, [0x32, 255, ...be16(packet4.length + 4), 0, 0, 0, 9, 0, 1, 0, 0, ...packet4])
inUdp('gtp-ext', 2152, [
  0x34,
  255,
  ...be16(packet4.length + 8),
  0,
  0,
  0,
  9,
  0,
  1,
  0,
  0x85,
  1,
  0,
  9,
  0,
  ...packet4,
])
inUdp('gtp-len', 2152, [0x30, 255, ...be16(20), 0, 0, 0, 9, ...packet4])
inUdp('gtp-len0', 2152, [0x30, 255, 0, 0, 0, 0, 0, 9, ...packet4])
inUdp('gtp-lenbig', 2152, [0x30, 255, ...be16(500), 0, 0, 0, 9, ...packet4])
inUdp('gtp-ppp', 2152, [0x30, 255, ...be16(packet4.length + 4), 0, 0, 0, 9, 0xff, 3, 0, 0x21, ...packet4])
inUdp('gtp-v0', 2152, [0x1e, 255, ...be16(packet4.length), ...zeros(16), ...packet4])
inUdp('gtp0', 3386, [0x1e, 255, ...be16(packet4.length), ...zeros(16), ...packet4])
inUdp('gtp2123', 2123, [0x30, 255, ...be16(packet4.length), 0, 0, 0, 9, ...packet4])
inUdp('gtp-prime', 2152, [0x20, 255, ...be16(packet4.length), 0, 0, 0, 9, ...packet4])
inUdp('gtp-t254', 2152, [0x30, 254, ...be16(packet4.length), 0, 0, 0, 9, ...packet4])
inUdp('gtp-eth', 2152, [0x30, 255, ...be16(frame4.length), 0, 0, 0, 9, ...frame4])
inUdp('gtp-src', 60000, [0x30, 255, ...be16(packet4.length), 0, 0, 0, 9, ...packet4], 2152)
inUdp('teredo', 3544, packet6)
inUdp('teredo-orig', 3544, [0, 0, 1, 2, 1, 2, 3, 4, ...packet6])
inUdp('teredo-auth', 3544, [0, 1, 0, 0, ...zeros(9), ...packet6])
inUdp('teredo-both', 3544, [0, 1, 0, 0, ...zeros(9), 0, 0, 1, 2, 1, 2, 3, 4, ...packet6])
inUdp('teredo4', 3544, packet4)
inUdp('lisp', 4341, [0x80, 0, 0, 1, 0, 0, 0, 1, ...packet4])
inUdp('lisp6', 4341, [0x80, 0, 0, 1, 0, 0, 0, 1, ...packet6])
inUdp('lisp-p', 4341, [0x84, 0, 0, 1, 0, 0, 0, 1, ...frame4])
inUdp('mpls', 6635, [...label(9, 1), ...packet4])
inUdp('gre', 4754, [0, 0, 8, 0, ...packet4])
inUdp('capwap3', 5247, [0, 0x10, 0, 0, 0, 0, 0, 0, ...frame4])
inUdp('capwap11s', 5247, [0, 0x10, 0x03, 0, 0, 0, 0, 0, ...wlanData([0, 8], snap4)])
inUdp('capwap11', 5247, [0, 0x10, 0x03, 0, 0, 0, 0, 0, ...wlanData([8, 0], snap4)])
inUdp('capwapk', 5247, [0, 0x10, 0x02, 8, 0, 0, 0, 0, ...wlanData([0, 8], snap4)])
inUdp('capwap11-s-exact', 5247, [0, 0x10, 0x43, 0, 0, 0, 0, 0, ...wlanData([0, 8], snap4)])
inUdp('l2tp', 1701, [0, 2, 0, 1, 0, 2, 0xff, 3, 0, 0x21, ...packet4])
inUdp('l2tp-l', 1701, [0x40, 2, ...be16(packet4.length + 12), 0, 1, 0, 2, 0xff, 3, 0, 0x21, ...packet4])
inUdp('l2tp-so', 1701, [
  0x4a,
  2,
  ...be16(packet4.length + 20),
  0,
  1,
  0,
  2,
  0,
  0,
  0,
  0,
  0,
  2,
  0,
  0,
  0xff,
  3,
  0,
  0x21,
  ...packet4,
])
inUdp('l2tp-nofr', 1701, [0, 2, 0, 1, 0, 2, 0x21, ...packet4])
inUdp('l2tp3', 1701, [0, 3, 0, 0, 0, 0, 0, 1, ...frame4])
inUdp('l2f', 1701, [0, 1, 0x20, 0, 0, 1, 0, 1, 0, 0x21, ...packet4])
inUdp('tzsp', 37008, [1, 0, 0, 1, 1, ...frame4])
inUdp('tzsp11', 37008, [1, 0, 0, 18, 10, 1, 5, 0, 1, ...wlanData([8, 0], snap4)])
inUdp('tzsp1', 37008, [1, 1, 0, 1, 1, ...frame4])
inUdp('jm', 30030, [0, 0, 0, 1, 0, 0, 0, 1, ...packet4])
inUdp('ayiya', 5072, [0x44, 0x52, 0x11, 41, 0, 0, 0, 0, ...zeros(16), ...zeros(20), ...packet6])
inUdp('ayiya4', 5072, [0x44, 0x52, 0x11, 4, 0, 0, 0, 0, ...zeros(16), ...zeros(20), ...packet4])
inUdp('mip', 434, [4, 4, 0, 0, ...packet4])
inUdp('llc', 12000, snap4)
const sflow = (recs: Bytes) => {
  const rec = recs
  const s = [
    ...be32(1),
    ...be32(5),
    ...be32(1),
    ...be32(9),
    ...be32(0),
    ...be32(1),
    ...be32(2),
    ...be32(1),
    ...rec,
  ]
  return [
    ...be32(5),
    ...be32(1),
    10,
    0,
    0,
    9,
    ...be32(0),
    ...be32(1),
    ...be32(1),
    ...be32(1),
    ...be32(1),
    ...be32(s.length),
    ...s,
  ]
}
const padded = pad(frame4, Math.ceil(frame4.length / 4) * 4)
inUdp(
  'sflow',
  6343,
  sflow([
    ...be32(1),
    ...be32(16 + padded.length),
    ...be32(1),
    ...be32(frame4.length),
    ...be32(0),
    ...be32(frame4.length),
    ...padded,
  ]),
)
inUdp(
  'sflow-ip',
  6343,
  sflow([
    ...be32(1),
    ...be32(16 + packet4.length),
    ...be32(11),
    ...be32(packet4.length),
    ...be32(0),
    ...be32(packet4.length),
    ...packet4,
  ]),
)
inUdp('lwapp', 12222, [0, 0, ...be16(1), 0, 0, ...wlanData([0, 8], snap4)])
inUdp('lwapp-l3', 12220, [1, 2, 3, 4, 5, 6, 0, 0, ...be16(1), 0, 0, ...wlanData([0, 8], snap4)])
inUdp('8', 4789, [
  8,
  0,
  0,
  0,
  0,
  0,
  5,
  0,
  ...eth(ip4(udp([8, 0, 0, 0, 0, 0, 5, 0, ...frame4], 50000, 4789), { protocol: 17 })),
])
ethernet('udp-len0', eth(ip4(udp([8, 0, 0, 0, 0, 0, 5, 0, ...frame4], 50000, 4789, 0), { protocol: 17 })))
ethernet('udp-len7', eth(ip4(udp([8, 0, 0, 0, 0, 0, 5, 0, ...frame4], 50000, 4789, 7), { protocol: 17 })))
ethernet('udp-lenbig', eth(ip4(udp([8, 0, 0, 0, 0, 0, 5, 0, ...frame4], 50000, 4789, 700), { protocol: 17 })))
ethernet(
  'udp-lenshort',
  eth(ip4(udp([8, 0, 0, 0, 0, 0, 5, 0, ...frame4], 50000, 4789, 60), { protocol: 17 })),
)
ethernet(
  'jumbo',
  eth(ip6([6, 0, 0xc2, 4, ...be32(segment.length + 8), ...segment], { next: 0, payloadLength: 0 }), 0x86dd),
)
ethernet('icmp', eth(ip4([3, 1, 0, 0, 0, 0, 0, 0, ...packet4], { protocol: 1 })))
