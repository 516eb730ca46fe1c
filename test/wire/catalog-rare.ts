/** Frames of wireless and rare link types. */
import { be16, be32, type Bytes, hex, le16, le32, MAC_A, MAC_B, zeros } from './bytes.js'
import type { TestFrame } from './judge.js'
import { frame4, packet4, packet6, pad, snap4, wlanData } from './parts.js'

export const rareFrames: TestFrame[] = []

function add(name: string, linkType: number, bytes: Bytes): void {
  rareFrames.push({ name, linkType, bytes })
}

const inWlan = (n: string, b: Bytes) => {
  add('wlan-' + n, 105, b)
  add('rt-' + n, 127, [0, 0, 8, 0, 0, 0, 0, 0, ...b])
  add('ppi-' + n, 192, [0, 0, 8, 0, ...le32(105), ...b])
  add('prism-' + n, 119, [...le32(0x44), ...le32(144), ...zeros(136), ...b])
  add('avs-' + n, 163, [...be32(0x80211001), ...be32(64), ...zeros(56), ...b])
  add('prismavs-' + n, 119, [...be32(0x80211001), ...be32(64), ...zeros(56), ...b])
  add('rtfcs-' + n, 127, [0, 0, 9, 0, 2, 0, 0, 0, 0x10, ...b, 1, 2, 3, 4])
}
inWlan('data', wlanData([8, 0], snap4))
inWlan('todst', wlanData([8, 1], snap4))
inWlan('fromds', wlanData([8, 2], snap4))
inWlan('wds', wlanData([8, 3], snap4, zeros(6)))
inWlan('qos', wlanData([0x88, 1], snap4, [0, 0]))
inWlan('qoswds', wlanData([0x88, 3], snap4, [...zeros(6), 0, 0]))
inWlan('qosorder', wlanData([0x88, 0x81], snap4, [0, 0, 0, 0, 0, 0]))
inWlan('order', wlanData([8, 0x81], snap4))
inWlan('order+4', wlanData([8, 0x81], snap4, zeros(4)))
inWlan('null', wlanData([0x48, 1], snap4))
inWlan('cfack', wlanData([0x18, 1], snap4))
inWlan('prot', wlanData([8, 0x41], snap4))
inWlan('prot-iv', wlanData([8, 0x41], snap4, [0, 0, 0, 0x20, 0, 0, 0, 0]))
inWlan('retry', wlanData([8, 9], snap4))
inWlan('retry2', wlanData([8, 9], snap4))
inWlan('mgmt', wlanData([0, 0], snap4))
inWlan('ver1', wlanData([9, 0], snap4))
inWlan('pad00', wlanData([8, 1], [0, 0, ...snap4]))
inWlan('ethin', wlanData([8, 1], [...MAC_A, ...MAC_B, 8, 0, ...packet4]))
inWlan('ethin2', wlanData([8, 1], [...MAC_B, ...MAC_A, 8, 0, ...packet4]))
inWlan('frag0', wlanData([8, 5], snap4))
inWlan('llc6', wlanData([8, 1], [6, 6, 3, ...packet4]))
inWlan('qosnull', wlanData([0xc8, 1], snap4, [0, 0]))
inWlan('mesh', wlanData([0x88, 3], snap4, [...zeros(6), 0, 1, 0, 5, 0, 0, 0, 0]))
inWlan('ip', wlanData([8, 1], packet4))
const unit = (b: Bytes) =>
  pad([...MAC_A, ...MAC_B, ...be16(b.length), ...b], Math.ceil((14 + b.length) / 4) * 4)
inWlan('amsdu', wlanData([0x88, 1], [...unit(snap4), ...unit(snap4)], [0x80, 0]))
inWlan(
  'amsdu1',
  wlanData([0x88, 1], unit([0xaa, 0xaa, 3, 0, 0, 0, 8, 6, ...zeros(28)]).concat(unit(snap4)), [0x80, 0]),
)
add('rt-pad', 127, [0, 0, 9, 0, 2, 0, 0, 0, 0x20, ...wlanData([0x88, 1], [0, 0, ...snap4], [0, 0])])
add('rt-tsft-fcs', 127, [0, 0, 17, 0, 3, 0, 0, 0, ...zeros(8), 0x10, ...wlanData([8, 1], snap4), 1, 2, 3, 4])
add('rt-badfcs', 127, [0, 0, 9, 0, 2, 0, 0, 0, 0x50, ...wlanData([8, 1], snap4), 1, 2, 3, 4])
add('tr', 6, [0x10, 0x40, ...MAC_B, ...MAC_A, ...snap4])
add('tr-rif', 6, [0x10, 0x40, ...MAC_B, 0x82, ...MAC_A.slice(1), 6, 0, 0, 0, 0, 0, ...snap4])
add('tr-mac', 6, [0x10, 0, ...MAC_B, ...MAC_A, ...snap4])
add('tr-rif2', 6, [0x10, 0x40, ...MAC_B, 0x82, ...MAC_A.slice(1), 2, 0x70, ...snap4])
add('tr-rif-none', 6, [0x10, 0x40, ...MAC_B, 0x82, ...MAC_A.slice(1), ...snap4])
for (const fc of [0x50, 0x51, 0x57, 0x58, 0x40, 0xd0, 0x5f, 0x54])
  add('fddi' + fc.toString(16), 10, [fc, ...MAC_B, ...MAC_A, ...snap4])
add('arcnet', 7, [1, 2, 212, 0, 0, 1, ...packet4])
add('arcnet240', 7, [1, 2, 240, ...packet4])
add('arcnetl', 129, [1, 2, 0, 0, 212, 0, 0, 1, ...packet4])
add('arcnet6', 7, [1, 2, 196, 0, 0, 1, ...packet6])
add('arcnetff', 7, [1, 2, 212, 0xff, 0xff, 0xff, 0, 0, 0, 1, ...packet4])
add('arcnetl240', 129, [1, 2, 0, 0, 240, ...packet4])
add('arcnetl-none', 129, [1, 2, 212, 0, 0, 1, ...packet4])
add('ipfc', 122, [0x10, 0, ...MAC_A, 0x10, 0, ...MAC_B, ...snap4])
add('sym2', 99, [0, 0, 0, 1, 0, 0, 8, 0, ...zeros(36), ...packet4])
add('sym3', 99, [...zeros(20), 8, 0, ...zeros(34), ...packet4])
add('sym2b', 99, [0, 0, 0, 1, 1, 0, 8, 0, ...zeros(36), ...packet4])
for (const [n, f] of [
  ['le', le32],
  ['be', be32],
] as const)
  for (const a of [2, 24, 28, 30, 10])
    add(`enc-${a}-${n}`, 109, [...f(a), ...zeros(8), ...(a === 2 ? packet4 : packet6)])
for (const l of [28, 45, 48, 61, 64, 100])
  for (const a of [2, 24, 28, 30, 10])
    add(`pflog-${l}-${a}`, 117, [
      l,
      a,
      ...zeros(Math.max(0, ((l + 3) & ~3) - 2)),
      ...(a === 2 ? packet4 : packet6),
    ])
add('pflog-61-84', 117, [61, 2, ...zeros(82), ...packet4])
add('tzsp', 128, [1, 0, 0, 1, 1, ...frame4])
add('ipnet', 226, [1, 2, 0, 0, ...zeros(20), ...packet4])
add('ipnet6', 226, [1, 26, 0, 0, ...zeros(20), ...packet6])
add('ipnet10', 226, [1, 10, 0, 0, ...zeros(20), ...packet6])
const attribute = (ty: number, b: Bytes, w = le16) =>
  pad([...w(4 + b.length), ...w(ty), ...b], Math.ceil((4 + b.length) / 4) * 4)
for (const fam of [0, 1, 2, 7, 10])
  for (const [n, w] of [
    ['le', le16],
    ['be', be16],
  ] as const) {
    const pay = fam === 10 ? packet6 : fam === 7 ? frame4 : packet4
    add(`nflog-${fam}-${n}`, 239, [
      fam,
      0,
      0,
      0,
      ...attribute(1, [8, 0, 1, 0], w),
      ...attribute(10, [0x41, 0], w),
      ...attribute(9, pay, w),
    ])
  }
add('nflog-first', 239, [2, 0, 0, 0, ...attribute(9, packet4)])
add('nflog-ver1', 239, [2, 1, 0, 0, ...attribute(9, packet4)])
add('nflog-noprefix', 239, [2, 0, 0, 0, ...attribute(10, [0]), ...attribute(9, packet4)])
add('ipoib40', 242, [...zeros(40), 8, 0, 0, 0, ...packet4])
add('ipoib20', 242, [...zeros(20), 8, 0, 0, 0, ...packet4])
add('ipoib0', 242, [8, 0, 0, 0, ...packet4])
add('ipoib44', 242, [...zeros(44), 8, 0, 0, 0, ...packet4])
add('pktap', 258, [...le32(108), ...le32(1), ...le32(1), ...zeros(96), ...frame4])
add('pktap-raw', 258, [...le32(108), ...le32(1), ...le32(12), ...zeros(96), ...packet4])
add('pktap-null', 258, [...le32(108), ...le32(1), ...le32(0), ...zeros(96), ...le32(2), ...packet4])
add('pktap-short', 258, [...le32(20), ...le32(1), ...le32(1), ...zeros(8), ...frame4])
add('pktap-next2', 258, [...le32(108), ...le32(2), ...le32(1), ...zeros(96), ...frame4])
add('netana', 240, [...zeros(4), ...frame4])
add('netana-real', 240, [0x00, 0x24, 0x40, 0x40, ...frame4, 0, 0, 0, 0])
add('netanat', 241, [0, 0x24, 0x40, 0x40, ...hex('5555555555555 5d5'), ...frame4])
add('netana-g', 240, [0, 0, 4, 1, ...frame4, 0, 0, 0, 0])
