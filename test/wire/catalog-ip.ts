/** Packets in IP: extension headers, other protocols, GRE. */
import { be16, type Bytes, eth, hex, ip4, ip6, MAC_A, MAC_B, udp, zeros } from './bytes.js'
import type { TestFrame } from './judge.js'
import { frame4, label, packet4, packet6, segment, snap4 } from './parts.js'

export const ipFrames: TestFrame[] = []

function add(name: string, linkType: number, bytes: Bytes): void {
  ipFrames.push({ name, linkType, bytes })
}

const ethernet = (n: string, b: Bytes) => add(n, 1, b)
const inIp = (n: string, pr: number, b: Bytes) => {
  ethernet('ip4-' + n, eth(ip4(b, { protocol: pr })))
  ethernet('ip6-' + n, eth(ip6(b, { next: pr }), 0x86dd))
}
inIp('ipip', 4, packet4)
inIp('ipip6', 4, packet6)
inIp('6in', 41, packet6)
inIp('6in4', 41, packet4)
inIp('etherip', 97, [0x30, 0, ...frame4])
inIp('etherip4', 97, [0x40, 0, ...frame4])
inIp('mpls', 137, [...label(9, 1), ...packet4])
inIp('eth', 143, frame4)
inIp('ah', 51, [6, 4, 0, 0, ...zeros(20), ...segment])
inIp('ah1', 51, [6, 1, 0, 0, ...zeros(8), ...segment])
inIp('ah0', 51, [6, 0, 0, 0, ...zeros(4), ...segment])
inIp('hop', 0, [6, 0, 1, 4, 0, 0, 0, 0, ...segment])
inIp('dst', 60, [6, 0, 1, 4, 0, 0, 0, 0, ...segment])
inIp('rt', 43, [6, 2, 0, 0, 0, 0, 0, 0, ...zeros(16), ...segment])
inIp('rt4', 43, [6, 2, 4, 0, 0, 0, 0, 0, ...zeros(16), ...segment])
inIp('frag-atomic', 44, [6, 0, 0, 0, 0, 0, 0, 9, ...segment])
inIp('frag-first', 44, [6, 0, 0, 1, 0, 0, 0, 10, ...segment])
inIp('mip', 135, [6, 0, 0, 0, 0, 0, 0, 0, ...segment])
inIp('hip', 139, [6, 4, 1, 0x11, ...zeros(36), ...segment])
inIp('shim', 140, [6, 0, 0x80, 0, 0, 0, 0, 0, ...segment])
inIp('esp', 50, [0, 0, 0, 1, 0, 0, 0, 1, ...segment, 1, 2, 2, 6])
inIp('min', 55, [6, 0, 0, 0, 1, 1, 1, 1, ...segment])
inIp('94', 94, packet4)
inIp('98', 98, packet4)
inIp('pim', 103, [0x21, 0, 0xde, 0xff, 0, 0, 0, 0, ...packet4])
inIp('53', 53, packet4)
inIp('l2tp', 115, [0, 0, 0, 5, ...frame4])
inIp('l2tp-c', 115, [0, 0, 0, 5, 0, 0, 0, 0, ...frame4])
inIp('ipcomp', 108, [6, 0, 0, 2, ...segment])
inIp('93', 93, packet4)
inIp('253', 253, segment)
inIp('nonext', 59, segment)
inIp('udplite', 136, udp([...hex('0800000000006400'), ...frame4], 50000, 4789))
inIp('33', 33, segment)
inIp('132', 132, segment)
inIp('89', 89, packet4)
inIp('106', 106, packet4)
inIp('29', 29, packet4)
inIp('80', 80, [0xcc, ...packet4])
inIp('54', 54, packet4)
inIp('pim1', 103, [0x21, 0, 0xde, 0xff, 0x40, 0, 0, 0, ...packet4])
const inGre = (n: string, b: Bytes) => ethernet('gre-' + n, eth(ip4(b, { protocol: 47 })))
inGre('0', [0, 0, 8, 0, ...packet4])
inGre('6', [0, 0, 0x86, 0xdd, ...packet6])
inGre('key', [0x20, 0, 8, 0, 0, 0, 0, 7, ...packet4])
inGre('csum', [0x80, 0, 8, 0, 0, 0, 0, 0, ...packet4])
inGre('kcs', [0xb0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, ...packet4])
inGre('route', [0x40, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...packet4])
inGre('route1', [0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 4, 1, 1, 1, 1, 0, 0, 0, 0, ...packet4])
inGre('teb', [0, 0, 0x65, 0x58, ...frame4])
inGre('nvgre', [0x20, 0, 0x65, 0x58, 0, 0, 1, 0, ...frame4])
inGre('pptp', [0x30, 1, 0x88, 0xb, 0, 48, 0, 7, 0, 0, 0, 1, 0xff, 3, 0, 0x21, ...packet4])
inGre('pptpack', [0x30, 0x81, 0x88, 0xb, 0, 48, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 0x21, ...packet4])
inGre('erspan1', [0, 0, 0x88, 0xbe, ...frame4])
inGre('erspan2', [0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 9, 0, 0, 0, 0, ...frame4])
inGre('erspan2noseq', [0, 0, 0x88, 0xbe, 0x10, 0, 0, 9, 0, 0, 0, 0, ...frame4])
inGre('erspan3', [0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, ...frame4])
inGre('erspan3o', [
  0x10,
  0,
  0x22,
  0xeb,
  0,
  0,
  0,
  1,
  0x20,
  0,
  0,
  9,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  1,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  ...frame4,
])
inGre('erspan3-88be', [0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x20, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, ...frame4])
inGre('wccp', [0, 0, 0x88, 0x3e, ...packet4])
inGre('wccp2', [0, 0, 0x88, 0x3e, 1, 2, 3, 4, ...packet4])
inGre('eoip', [0x20, 1, 0x64, 0, ...be16(frame4.length), 7, 0, ...frame4])
inGre('mpls', [0, 0, 0x88, 0x47, ...label(9, 1), ...packet4])
inGre('nsh', [0, 0, 0x89, 0x4f, 0, 2, 1, 1, 0, 0, 1, 1, ...packet4])
inGre('ppphdlc', [0, 0, 0x88, 0x81, 0x7e, 0xff, 3, 0, 0x21, ...packet4, 0, 0, 0x7e])
inGre('fr', [0, 0, 0x65, 0x59, 0x18, 0x41, 3, 0xcc, ...packet4])
inGre('vlan', [0, 0, 0x81, 0, 0, 5, 8, 0, ...packet4])
inGre('cmd', [0, 0, 0x89, 9, 1, 1, 0, 1, 0, 5, 8, 0, ...packet4])
inGre('ver2', [0, 2, 8, 0, ...packet4])
inGre('llc', [0, 0, 0, 254, ...packet4])
inGre('wlan8200', [0, 0, 0x82, 0, 8, 0, 0, 0, ...MAC_A, ...MAC_B, ...MAC_A, 0, 0, ...snap4])
inGre('wlan8210s', [0, 0, 0x82, 0x10, 0, 8, 0, 0, ...MAC_A, ...MAC_B, ...MAC_A, 0, 0, ...snap4])
inGre('pbb', [0, 0, 0x88, 0xe7, 0, 0, 0, 5, ...frame4])
inGre('pppoe', [0, 0, 0x88, 0x64, 0x11, 0, 0, 7, ...be16(packet4.length + 2), 0, 0x21, ...packet4])
