/** What most frames of the catalog are made of: a RST with four bytes of payload, in packets and frames of the plain kind. */
import { be32, type Bytes, eth, ip4, ip6, MAC_A, MAC_B, tcp, zeros } from './bytes.js'

export const segment = tcp({ payload: [1, 2, 3, 4] })
export const packet4 = ip4(segment)
export const packet6 = ip6(segment)
export const frame4 = eth(packet4)
export const frame6 = eth(packet6, 0x86dd)
export const snap4 = [0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00, ...packet4]
export const snap6 = [0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd, ...packet6]

/** Zero bytes up to a length. */
export const pad = (bytes: Bytes, length: number): Bytes => [
  ...bytes,
  ...zeros(Math.max(0, length - bytes.length)),
]

/** An entry of an MPLS label stack. */
export const label = (value: number, bottom: number): Bytes => be32((value << 12) | (bottom << 8) | 64)

/** An 802.11 frame: frame control, three addresses, what else the header has, body. */
export const wlanData = (control: Bytes, body: Bytes, extra: Bytes = []): Bytes => [
  ...control,
  ...zeros(2),
  ...MAC_A,
  ...MAC_B,
  ...MAC_A,
  ...zeros(2),
  ...extra,
  ...body,
]
