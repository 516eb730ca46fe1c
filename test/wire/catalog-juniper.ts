/** Frames of the link types of Juniper, and link types that hold no TCP. */
import { be16, type Bytes, hex, le32, zeros } from './bytes.js'
import type { TestFrame } from './judge.js'
import { frame4, packet4, packet6, snap4 } from './parts.js'

export const juniperFrames: TestFrame[] = []

function add(name: string, linkType: number, bytes: Bytes): void {
  juniperFrames.push({ name, linkType, bytes })
}

const juniper = (n: string, lt: number, b: Bytes) => add(`jun${lt}-${n}`, lt, b)
const monitored = (fl: number, b: Bytes) => [0x4d, 0x47, 0x43, fl, ...b]
juniper('eth', 178, monitored(0, frame4))
juniper('ethx', 178, monitored(0x80, [0, 2, 1, 0, ...frame4]))
juniper('nol2', 178, monitored(2, [...le32(2), ...packet4]))
juniper('nol2-6', 178, monitored(2, [...le32(6), ...packet6]))
juniper('ppp', 179, monitored(0, [0xff, 3, 0, 0x21, ...packet4]))
juniper('fr', 180, monitored(0, [0x18, 0x41, 3, 0xcc, ...packet4]))
juniper('chdlc', 181, monitored(0, [0xf, 0, 8, 0, ...packet4]))
juniper('ggsn', 133, monitored(0, [0, 0, 2, 0, ...packet4]))
juniper('ggsn2', 133, monitored(0, [0, 0, 0, 2, ...packet4]))
for (const lt of [130, 131, 132, 134, 135, 136, 137, 182, 183, 194, 200]) {
  juniper('nol2', lt, monitored(2, [...le32(2), ...packet4]))
  for (const c of [0, 2, 4, 6, 8, 12, 20]) {
    juniper(`ip@${c}`, lt, monitored(0, [...zeros(c), ...packet4]))
    juniper(`eth@${c}`, lt, monitored(0, [...zeros(c), ...frame4]))
    juniper(`snap@${c}`, lt, monitored(0, [...zeros(c), ...snap4]))
    juniper(`ppp@${c}`, lt, monitored(0, [...zeros(c), 0, 0x21, ...packet4]))
  }
}
add('slip', 8, packet4)
add('docsis', 143, [0, 0, ...be16(frame4.length + 4), 0, 0, ...frame4, 0, 0, 0, 0])
add('epon', 259, [...zeros(8), ...frame4])
add('mpacket', 274, [...hex('555555555555 55d5'), ...frame4, 0, 0, 0, 0])
add('erf-eth', 197, [
  ...zeros(8),
  2,
  0,
  ...be16(frame4.length + 18),
  0,
  0,
  ...be16(frame4.length),
  0,
  0,
  ...frame4,
])
add('erf-ip', 197, [
  ...zeros(8),
  22,
  0,
  ...be16(packet4.length + 16),
  0,
  0,
  ...be16(packet4.length),
  ...packet4,
])
add('bsd-slip', 102, packet4)
add('ltalk', 114, packet4)
add('ppp-bsdos', 16, packet4)
add('apple1394', 138, [...zeros(16), 8, 0, ...packet4])
add('ax25', 202, [0, ...zeros(14), 3, 0xcc, ...packet4])
add('ax25b', 3, [...zeros(14), 3, 0xcc, ...packet4])
add('atmlane', 13, snap4)
add('cosine', 111, frame4)
add('updu', 252, [...be16(12), ...be16(2), 0x69, 0x70, 0, 0, 0, 0, ...packet4])
add('infini', 247, packet4)
add('w', 268, packet4)
add('vpp', 280, packet4)
add('v5', 15, packet4)
add('d13', 13, packet4)
add('d17', 17, [2, 0, 0, 0, ...packet4])
add('d18', 18, packet4)
