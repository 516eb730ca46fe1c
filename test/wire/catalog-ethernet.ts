/** Frames of Ethernet and what is directly in it: LLC, VLAN, MPLS, PPPoE, fabric tags, odd EtherTypes. */
import { be16, type Bytes, eth, hex, ip4, MAC_A, MAC_B, tcp, zeros } from './bytes.js'
import type { TestFrame } from './judge.js'
import { frame4, frame6, label, packet4, packet6, pad, segment, snap4, snap6 } from './parts.js'

export const ethernetFrames: TestFrame[] = []

function add(name: string, linkType: number, bytes: Bytes): void {
  ethernetFrames.push({ name, linkType, bytes })
}

const ethernet = (n: string, b: Bytes) => add(n, 1, b)
ethernet('eth4', frame4)
ethernet('eth6', frame6)
for (const ty of [0x8100, 0x88a8, 0x9100, 0x9200, 0x9300])
  ethernet('vlan' + ty.toString(16), eth([...be16(12), ...be16(0x800), ...packet4], ty))
ethernet('qinq', eth([...be16(12), ...be16(0x8100), ...be16(13), ...be16(0x800), ...packet4], 0x88a8))
ethernet('llcsnap', eth(snap4, snap4.length))
ethernet('llcsnap6', eth(snap6, snap6.length))
ethernet('llcsnap-short', eth(snap4, 20))
ethernet('llcsnap-1500', eth(snap4, 1500))
ethernet('llcsnap-1501', eth(snap4, 1501))
ethernet('llcsnap-1535', eth(snap4, 1535))
ethernet('llcsnap-0', eth(snap4, 0))
ethernet('llcsnap-f8', eth([0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 0, ...packet4], 100))
ethernet('llcsnap-c', eth([0xaa, 0xaa, 3, 0, 0, 0xc, 8, 0, ...packet4], 100))
ethernet('llcsnap-apple', eth([0xaa, 0xaa, 3, 8, 0, 7, 8, 0, ...packet4], 100))
ethernet('llcsnap-bridged7', eth([0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, ...frame4], 100))
ethernet('llcsnap-bridged1', eth([0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 1, ...frame4, 1, 2, 3, 4], 100))
ethernet('llcsnap-bridgedpad', eth([0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0, ...frame4], 100))
ethernet('llc6', eth([6, 6, 3, ...packet4], packet4.length + 3))
ethernet('llc6-i', eth([6, 6, 0, 0, ...packet4], packet4.length + 4))
ethernet('llc6-s', eth([6, 6, 1, 0, ...packet4], packet4.length + 4))
ethernet('llc6-13', eth([6, 6, 0x13, ...packet4], packet4.length + 3))
ethernet('snap-ctl0', eth([0xaa, 0xaa, 0, 0, 0, 0, 0, 8, 0, ...packet4], 100))
ethernet('snap-ab', eth([0xaa, 0xab, 3, 0, 0, 0, 8, 0, ...packet4], 100))
ethernet('snap-ctl-13', eth([0xaa, 0xaa, 0x13, 0, 0, 0, 8, 0, ...packet4], 100))
ethernet('snap-xid', eth([0xaa, 0xaa, 0xaf, 0, 0, 0, 8, 0, ...packet4], 100))
ethernet('vlan-llc', eth([...be16(12), ...be16(snap4.length), ...snap4], 0x8100))
ethernet('vlan-llc-short', eth([...be16(12), ...be16(20), ...snap4], 0x8100))
ethernet('8870', eth(snap4, 0x8870))
ethernet('8870len', eth([...be16(snap4.length), ...snap4], 0x8870))
ethernet('isl', [
  1,
  0,
  0xc,
  0,
  0,
  0,
  ...MAC_A,
  ...be16(frame4.length + 12),
  0xaa,
  0xaa,
  3,
  0,
  0,
  0xc,
  ...be16(5 << 1),
  0,
  0,
  0,
  0,
  ...frame4,
  1,
  2,
  3,
  4,
])
ethernet('isl3', [
  3,
  0,
  0xc,
  0,
  0,
  0,
  ...MAC_A,
  ...be16(frame4.length + 12),
  0xaa,
  0xaa,
  3,
  0,
  0,
  0xc,
  ...be16(5 << 1),
  0,
  0,
  0,
  0,
  ...frame4,
  1,
  2,
  3,
  4,
])
// mpls
for (const l of [0, 1, 2, 3, 13, 14, 16, 100]) {
  ethernet('mpls4-' + l, eth([...label(l, 1), ...packet4], 0x8847))
  ethernet('mpls6-' + l, eth([...label(l, 1), ...packet6], 0x8847))
}
ethernet('mpls-2', eth([...label(99, 0), ...label(100, 1), ...packet4], 0x8847))
ethernet('mplsm', eth([...label(100, 1), ...packet4], 0x8848))
ethernet('mpls-pw-cw', eth([...label(100, 1), 0, 0, 0, 0, ...frame4], 0x8847))
ethernet('mpls-pw-cwseq', eth([...label(100, 1), 0, 0, 0, 5, ...frame4], 0x8847))
ethernet('mpls-pw-nocw', eth([...label(100, 1), ...frame4], 0x8847))
ethernet(
  'mpls-pw-nocw-real',
  eth([...label(100, 1), ...hex('001122334455 00aabbccddee'), ...frame4.slice(12)], 0x8847),
)
ethernet(
  'mpls-pw-nocw-40',
  eth([...label(100, 1), ...hex('8011223344550a0a0a0a0a0a'), ...frame4.slice(12)], 0x8847),
)
ethernet('mpls-pwach', eth([...label(100, 1), 0x10, 0, 0, 0x21, ...packet4], 0x8847))
ethernet('mpls-pwach6', eth([...label(100, 1), 0x10, 0, 0, 0x57, ...packet6], 0x8847))
for (let n = 0; n < 16; n++)
  ethernet('mpls-nib' + n, eth([...label(100, 1), n << 4, 0, 0, 0, ...frame4], 0x8847))
for (let n = 0; n < 16; n++)
  ethernet('mpls-nibeth' + n, eth([...label(100, 1), n << 4, ...frame4.slice(1)], 0x8847))
ethernet('mpls-short', eth([...label(100, 1)], 0x8847))
// pppoe
const pppoe = (b: Bytes, len = b.length) => eth([0x11, 0, 0, 7, ...be16(len), ...b], 0x8864)
ethernet('pppoe', pppoe([0, 0x21, ...packet4]))
ethernet('pppoe6', pppoe([0, 0x57, ...packet6]))
ethernet('pppoe-c', pppoe([0x21, ...packet4]))
ethernet('pppoe-len', pppoe([0, 0x21, ...packet4], 30))
ethernet('pppoe-len0', pppoe([0, 0x21, ...packet4], 0))
ethernet('pppoe-lenbig', pppoe([0, 0x21, ...packet4], 3000))
ethernet('pppoe-ff03', pppoe([0xff, 3, 0, 0x21, ...packet4]))
ethernet('pppoe-mpls', pppoe([2, 0x81, ...label(100, 1), ...packet4]))
ethernet('pppoe-0800', pppoe([8, 0, ...packet4]))
ethernet('pppoe-code', eth([0x11, 9, 0, 7, ...be16(packet4.length + 2), 0, 0x21, ...packet4], 0x8864))
ethernet('pppoe-ver', eth([0x21, 0, 0, 7, ...be16(packet4.length + 2), 0, 0x21, ...packet4], 0x8864))
ethernet('ppp-mp', pppoe([0, 0x3d, 0xc0, 0, 0, 1, 0, 0x21, ...packet4]))
ethernet('ppp-mpshort', pppoe([0, 0x3d, 0xc0, 1, 0, 0x21, ...packet4]))
ethernet('ppp-bcp', pppoe([0, 0x31, 0, 1, ...frame4]))
ethernet('ppp-bcp4', pppoe([0, 0x31, 0x80, 1, ...frame4]))
ethernet('ppp-bcpz', pppoe([0, 0x31, 0x23, 1, 0, 0, 0, ...frame4]))
ethernet('ppp-vju', pppoe([0, 0x2f, ...ip4(segment, { protocol: 3 })]))
ethernet('ppp-dd', pppoe([0, 0xfd, ...packet4]))
ethernet('ppp-llc', pppoe([0, 0x4b, ...snap4]))
// fabric
ethernet('pbb', eth([0, 0, 1, 2, ...frame4], 0x88e7))
ethernet('nsh', eth([0, 2, 1, 1, 0, 0, 1, 1, ...packet4], 0x894f))
ethernet('nsh-md1', eth([0, 6, 1, 3, 0, 0, 1, 1, ...zeros(16), ...frame4], 0x894f))
ethernet('nsh6', eth([0, 2, 1, 2, 0, 0, 1, 1, ...packet6], 0x894f))
ethernet('nsh-len0', eth([0, 0, 1, 1, 0, 0, 1, 1, ...packet4], 0x894f))
ethernet('nsh-nsh', eth([0, 2, 1, 4, 0, 0, 1, 1, 0, 2, 1, 1, 0, 0, 1, 1, ...packet4], 0x894f))
ethernet('nsh-mpls', eth([0, 2, 1, 5, 0, 0, 1, 1, ...label(100, 1), ...packet4], 0x894f))
ethernet('nsh-ver1', eth([0x40, 2, 1, 1, 0, 0, 1, 1, ...packet4], 0x894f))
ethernet('nsh-md3', eth([0, 2, 3, 1, 0, 0, 1, 1, ...packet4], 0x894f))
for (const ci of [0, 0x20, 0x04, 0x08, 0x0c, 0x2c, 0x40, 0x80, 0x10])
  ethernet(
    'macsec' + ci.toString(16),
    eth([ci, 0, 0, 0, 0, 1, ...(ci & 0x20 ? zeros(8) : []), 8, 0, ...packet4, ...zeros(16)], 0x88e5),
  )
ethernet('cmd', eth([1, 1, 0, 1, 0, 5, 8, 0, ...packet4], 0x8909))
ethernet('cmd8', eth([1, 2, 0, 1, 0, 5, 0, 0, 0, 0, 8, 0, ...packet4], 0x8909))
ethernet('fpath', [...hex('020102030405'), ...MAC_A, ...be16(0x8903), 0x10, 0x20, ...frame4])
ethernet('vntag', eth([0, 1, 0, 2, 8, 0, ...packet4], 0x8926))
ethernet('etag', eth([0, 1, 0, 2, 0, 0, 8, 0, ...packet4], 0x893f))
ethernet('hsr', eth([0, 60, 0, 1, 8, 0, ...packet4], 0x892f))
ethernet('frer', eth([0, 0, 0, 1, 8, 0, ...packet4], 0xf1c1))
ethernet('trill', eth([0, 0x10, 0, 1, 0, 2, ...frame4], 0x22f3))
ethernet('trill-op', eth([0, 0x50, 0, 1, 0, 2, 0, 0, 0, 0, ...frame4], 0x22f3))
ethernet('teb', eth(frame4, 0x6558))
ethernet('wlan890d', eth([8, 0, 0, 0, ...MAC_A, ...MAC_B, ...MAC_A, 0, 0, ...snap4], 0x890d))
ethernet('brcm', eth([0, 0, 0, 0, 8, 0, ...packet4], 0x8874))
ethernet('batadv', eth([0x40, 15, 50, 1, ...MAC_A, ...frame4], 0x4305))
ethernet('batadv-u14', eth([0x03, 14, 50, 1, ...MAC_A, ...frame4], 0x4305))
ethernet('bpq', eth([0, 0, ...packet4], 0x8ff))
ethernet('eero', eth([0, 0, 0, 0, 8, 0, ...packet4], 0x9104))
ethernet('wai', eth(packet4, 0x88b4))
for (const ty of [0x8200, 0x0801, 0x86dc, 0x88b5, 0x0600, 0x05ff])
  ethernet('ety' + ty.toString(16), eth(packet4, ty))
ethernet('ety-ip6in4', eth(packet6, 0x800))
ethernet('ety-ip4in6', eth(packet4, 0x86dd))
ethernet('pad', pad(eth(ip4(tcp({}))), 64))
