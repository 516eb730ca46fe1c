/** Frames of the link types of hosts and serial lines. */
import { be16, be32, type Bytes, le32, MAC_A } from './bytes.js'
import type { TestFrame } from './judge.js'
import { frame4, label, packet4, packet6, snap4, wlanData } from './parts.js'

export const linkFrames: TestFrame[] = []

function add(name: string, linkType: number, bytes: Bytes): void {
  linkFrames.push({ name, linkType, bytes })
}

for (const lt of [12, 14, 101, 228, 229]) {
  add('raw4-' + lt, lt, packet4)
  add('raw6-' + lt, lt, packet6)
}
for (const lt of [0, 108])
  for (const f of [2, 10, 23, 24, 26, 28, 30, 0x800, 0x86dd, 7])
    for (const [o, fn] of [
      ['le', le32],
      ['be', be32],
    ] as const) {
      add(`null${lt}-${f}-${o}`, lt, [...fn(f), ...(f === 2 || f === 0x800 ? packet4 : packet6)])
      if (f > 10 && f < 40) add(`null${lt}-${f}-${o}-v4`, lt, [...fn(f), ...packet4])
    }
for (const lt of [0, 108]) {
  add('nullff' + lt, lt, [0xff, 3, 0, 0x21, ...packet4])
  add('null2pad' + lt, lt, [0, 2, 0, 0, ...packet4])
  add('null2x' + lt, lt, [0, 0, 2, 0, ...packet4])
}
const sll = (pr: number, b: Bytes, hat = 1, al = 6) => [
  0,
  0,
  ...be16(hat),
  ...be16(al),
  ...MAC_A,
  0,
  0,
  ...be16(pr),
  ...b,
]
const sll2 = (pr: number, b: Bytes, hat = 1, al = 6) => [
  ...be16(pr),
  0,
  0,
  0,
  0,
  0,
  2,
  ...be16(hat),
  0,
  al,
  ...MAC_A,
  0,
  0,
  ...b,
]
for (const [lt, fn] of [
  [113, sll],
  [276, sll2],
] as const) {
  add('sll4-' + lt, lt, fn(0x800, packet4))
  add('sll6-' + lt, lt, fn(0x86dd, packet6))
  add('sll-vlan' + lt, lt, fn(0x8100, [0, 5, 8, 0, ...packet4]))
  for (const pr of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 48, 100, 1500, 0x5ff]) {
    add(`sll-${pr}-llc-${lt}`, lt, fn(pr, snap4))
    add(`sll-${pr}-ip-${lt}`, lt, fn(pr, packet4))
    add(`sll-${pr}-eth-${lt}`, lt, fn(pr, frame4))
    add(`sll-${pr}-ppp-${lt}`, lt, fn(pr, [0, 0x21, ...packet4]))
    add(`sll-${pr}-pppf-${lt}`, lt, fn(pr, [0xff, 3, 0, 0x21, ...packet4]))
  }
  for (const hat of [772, 778, 803, 770, 824, 519, 65534, 512, 768, 776, 801, 802]) {
    add(`sllhat-${hat}-${lt}`, lt, fn(0x800, packet4, hat))
    add(`sllhat-${hat}-0-${lt}`, lt, fn(0, packet4, hat))
  }
  add('sll-rt' + lt, lt, fn(4, [0, 0, 8, 0, 0, 0, 0, 0, ...wlanData([8, 0], snap4)], 803))
  add('sll-fr' + lt, lt, fn(4, [0x18, 0x41, 3, 0xcc, ...packet4], 770))
  add('sll-gre' + lt, lt, fn(0x800, [0, 0, 8, 0, ...packet4], 778))
  add('sll-gre6' + lt, lt, fn(0x86dd, packet6, 823))
}
for (const lt of [9, 50, 204, 166, 51]) {
  const pre = lt === 204 || lt === 166 ? [0] : []
  for (const [n, b] of [
    ['ff03', [0xff, 3, 0, 0x21, ...packet4]],
    ['plain', [0, 0x21, ...packet4]],
    ['short', [0x21, ...packet4]],
    ['ff03short', [0xff, 3, 0x21, ...packet4]],
    ['chdlc', [0xf, 0, 8, 0, ...packet4]],
    ['chdlc8f', [0x8f, 0, 8, 0, ...packet4]],
    ['v6', [0xff, 3, 0, 0x57, ...packet6]],
    ['mpls', [0xff, 3, 2, 0x81, ...label(9, 1), ...packet4]],
    ['flag', [0x7e, 0xff, 3, 0, 0x21, ...packet4]],
    ['ff7d', [0xff, 0x7d, 0x23, 0, 0x21, ...packet4]],
    ['pppoe', [0x11, 0, 0, 7, ...be16(packet4.length + 2), 0, 0x21, ...packet4]],
    ['0800', [0xff, 3, 8, 0, ...packet4]],
  ] as [string, Bytes][]) {
    add(`ppp${lt}-${n}`, lt, [...pre, ...b])
    if (pre.length) add(`ppp${lt}-${n}-1`, lt, [1, ...b])
  }
}
for (const lt of [104, 205]) {
  const pre = lt === 205 ? [0] : []
  add('chdlc' + lt, lt, [...pre, 0xf, 0, 8, 0, ...packet4])
  add('chdlc6' + lt, lt, [...pre, 0xf, 0, 0x86, 0xdd, ...packet6])
  add('chdlcmpls' + lt, lt, [...pre, 0xf, 0, 0x88, 0x47, ...label(9, 1), ...packet4])
  add('chdlcvlan' + lt, lt, [...pre, 0xf, 0, 0x81, 0, 0, 5, 8, 0, ...packet4])
  add('chdlcppp' + lt, lt, [...pre, 0xff, 3, 0, 0x21, ...packet4])
  add('chdlcteb' + lt, lt, [...pre, 0xf, 0, 0x65, 0x58, ...frame4])
}
for (const lt of [107, 206]) {
  const pre = lt === 206 ? [0] : []
  const frameRelay = (n: string, b: Bytes) => add(`fr${lt}-${n}`, lt, [...pre, ...b])
  frameRelay('cc', [0x18, 0x41, 3, 0xcc, ...packet4])
  frameRelay('8e', [0x18, 0x41, 3, 0x8e, ...packet6])
  frameRelay('snap', [0x18, 0x41, 3, 0x80, 0, 0, 0, 8, 0, ...packet4])
  frameRelay('snappad', [0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0, ...packet4])
  frameRelay('cisco', [0x18, 0x41, 8, 0, ...packet4])
  frameRelay('cisco6', [0x18, 0x41, 0x86, 0xdd, ...packet6])
  frameRelay('ppp', [0x18, 0x41, 3, 0xcf, 0, 0x21, ...packet4])
  frameRelay('pppf', [0x18, 0x41, 3, 0xcf, 0xff, 3, 0, 0x21, ...packet4])
  frameRelay('3', [0x18, 0x40, 0x01, 3, 0xcc, ...packet4])
  frameRelay('4', [0x18, 0x40, 0, 1, 3, 0xcc, ...packet4])
  frameRelay('bridged', [0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7, ...frame4])
  frameRelay('eth', [0x18, 0x41, ...frame4])
  frameRelay('ccpad', [0x18, 0x41, 3, 0, 0xcc, ...packet4])
}
for (const lt of [100, 11, 106, 19, 123]) {
  const pre = lt === 123 ? [2, 0, 0, 5] : []
  add('atm-snap' + lt, lt, [...pre, ...snap4])
  add('atm-br' + lt, lt, [...pre, 0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0, ...frame4])
  add('atm-br0' + lt, lt, [...pre, 0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, ...frame4])
  add('atm-ip' + lt, lt, [...pre, ...packet4])
  add('atm-ip6' + lt, lt, [...pre, ...packet6])
  add('atm-ppp' + lt, lt, [...pre, 0xfe, 0xfe, 3, 0xcf, 0, 0x21, ...packet4])
  add('atm-nlpid' + lt, lt, [...pre, 0xfe, 0xfe, 3, 0xcc, ...packet4])
  add('atm-ppp2' + lt, lt, [...pre, 0, 0x21, ...packet4])
}
add('sunatm-lane', 123, [1, 0, 0, 5, 0, 1, ...frame4])
add('sunatm-82', 123, [0x82, 0, 0, 5, ...snap4])
add('sunatm-0', 123, [0, 0, 0, 5, ...snap4])
add('sunatm-5', 123, [5, 0, 0, 5, ...snap4])
add('sunatm-vc', 123, [2, 0, 0, 100, ...snap4])
