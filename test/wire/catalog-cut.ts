/** Ethernet, IP and TCP headers that are cut, lie about their lengths, or bear odd versions. */
import { type Bytes, eth, hex, ip4, ip6, tcp } from './bytes.js'
import type { TestFrame } from './judge.js'

export const cutFrames: TestFrame[] = []

const PAYLOAD = [1, 2, 3, 4]
const OPTIONS = hex('0101080a 01020304 05060708')
const withoutOptions = tcp({ payload: PAYLOAD })
const withOptions = tcp({ options: OPTIONS })

function add(name: string, bytes: Bytes, originalLength = bytes.length): void {
  cutFrames.push({ name, linkType: 1, bytes, originalLength })
}

/** Every length, once as a snap length leaves it and once as if the wire had had no more. */
function addCuts(name: string, whole: Bytes): void {
  for (let length = 0; length <= whole.length; length++) {
    add(`${name}-cut-${length}`, whole.slice(0, length), whole.length)
    add(`${name}-short-${length}`, whole.slice(0, length))
  }
}

addCuts('ipv4', eth(ip4(withoutOptions)))
addCuts('ipv6', eth(ip6(withoutOptions), 0x86dd))
addCuts('options', eth(ip4(withOptions)))

for (let length = 0; length <= 60; length++) {
  add(`total-length-${length}`, eth(ip4(withoutOptions, { totalLength: length })))
  add(`total-length-options-${length}`, eth(ip4(withOptions, { totalLength: length })))
  add(`payload-length-${length}`, eth(ip6(withoutOptions, { payloadLength: length }), 0x86dd))
  add(
    `first-fragment-${length}`,
    eth(ip4(withoutOptions, { totalLength: length, fragment: 0x2000, id: length })),
  )
}
for (let value = 0; value < 16; value++) {
  add(`data-offset-${value}`, eth(ip4(tcp({ payload: PAYLOAD, dataOffset: value }))))
  add(`header-words-${value}`, eth(ip4(withoutOptions, { headerWords: value })))
  add(`version-${value}`, eth(ip4(withoutOptions, { version: value })))
  add(`reserved-flags-${value}`, eth(ip4(tcp({ flags: (value << 8) | 4 }))))
}
add('ports-zero', eth(ip4(tcp({ sourcePort: 0, destinationPort: 0 }))))
