/** ICMP errors that quote a segment of a connection. */
import type { Frame } from '../model.js'
import { addressText } from '../wire/text.js'
import type { Segment } from '../wire/segment.js'
import type { TrackedConnection } from './connection.js'

/** Remembered per connection. */
const MAX_ICMP_ERRORS = 32

/** @param quoted the segment it quotes, with what the error itself says */
export function noteIcmpError(c: TrackedConnection, quoted: Segment, frame: Frame): void {
  c.icmpErrors ??= []
  if (c.icmpErrors.length === MAX_ICMP_ERRORS) return
  const ipVersion = quoted.icmpVersion === 6 ? 6 : 4
  c.icmpErrors.push({
    frame: frame.number,
    capture: frame.capture,
    timeNs: frame.timeNs,
    type: quoted.icmpType,
    code: quoted.icmpCode,
    ipVersion,
    from: addressText(quoted.icmpSource, ipVersion),
  })
}
