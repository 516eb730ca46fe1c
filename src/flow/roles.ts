/** Who is the client: decided once, by a connection's first segment, with how sure; never flipped later. */
import { ACK, RST, type Segment, SYN } from '../wire/segment.js'

export interface Roles {
  sourceIsClient: boolean
  certain: boolean
}

/** First port of IANA's user range: below it lie well-known services (RFC 6335 §6). */
const FIRST_USER_PORT = 1024
/** IANA's dynamic range (RFC 6335 §6), and where Linux begins to take ephemeral ports (net.ipv4.ip_local_port_range). */
const EPHEMERAL_PORTS = [49152, 32768]

/** @param out overwritten */
export function decideRoles(segment: Segment, out: Roles): void {
  const { flags } = segment
  out.certain = false
  if (flags & SYN && (flags & RST) === 0) {
    out.certain = true
    out.sourceIsClient = (flags & ACK) === 0
    return
  }
  // RFC 9293 §3.5.2: sequence number 0 with ACK is what a closed port gives a SYN.
  if (flags & RST && flags & ACK && segment.seq === 0) {
    out.sourceIsClient = false
    return
  }
  const byPort = serverByPort(segment.sourcePort, segment.destinationPort)
  out.sourceIsClient = byPort !== -1
}

/** @returns 1 when the destination looks like the server, -1 when the source does, 0 when the ports do not tell */
export function serverByPort(source: number, destination: number): number {
  if (source < FIRST_USER_PORT !== destination < FIRST_USER_PORT) return source < FIRST_USER_PORT ? -1 : 1
  for (const first of EPHEMERAL_PORTS) {
    if (source >= first !== destination >= first) return source >= first ? 1 : -1
  }
  return 0
}
