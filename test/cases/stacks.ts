/**
 * The habits of TCP stacks on the wire, so that a case need not spell out what every packet of a system bears. Counted in public captures
 * (fixtures/public) and measured in the lab; where a system has several habits the commonest is the default and a case overrides it.
 */

export interface Stack {
  /** Initial hop limit. */
  ttl: number
  dontFragment: boolean
  /** `connection`: one counter a connection; `host`: one for the whole host; `random`; `zero`. */
  ipId: 'connection' | 'host' | 'random' | 'zero'
  /** Linux sends SYN-ACKs from no socket: identification 0. */
  synAckIpIdZero: boolean
  mss: number
  /** Window shift it announces, -1 = none. */
  windowScale: number
  sack: boolean
  timestamps: boolean
  synWindow: number
  /** Window field of ordinary packets. */
  window: number
  /** A socket that resets itself (RST+ACK). */
  abort: { window: 'live' | number; timestamps: boolean }
  /** The stack's answer to a segment of no connection (bare RST) or to a SYN (RST+ACK). */
  answer: { ipIdZero: boolean; ackRepeatsSeq: boolean; dontFragment: boolean }
}

const LINUX: Stack = {
  ttl: 64,
  dontFragment: true,
  ipId: 'connection',
  synAckIpIdZero: true,
  mss: 1460,
  windowScale: 7,
  sack: true,
  timestamps: true,
  synWindow: 64240,
  window: 502,
  abort: { window: 'live', timestamps: true },
  answer: { ipIdZero: true, ackRepeatsSeq: false, dontFragment: true },
}

/** No timestamps by default, one identification counter for the host, resets announce window 0; its answers repeat SEQ in the ACK field. */
const WINDOWS: Stack = {
  ...LINUX,
  ttl: 128,
  ipId: 'host',
  synAckIpIdZero: false,
  windowScale: 8,
  timestamps: false,
  window: 1026,
  abort: { window: 0, timestamps: false },
  answer: { ipIdZero: false, ackRepeatsSeq: true, dontFragment: true },
}

/** macOS and iOS: identification 0 on packets that may not be fragmented (RFC 6864), timestamps on everything but resets. */
const MACOS: Stack = {
  ...LINUX,
  ipId: 'zero',
  windowScale: 6,
  synWindow: 65535,
  window: 2058,
  abort: { window: 'live', timestamps: false },
}

/** With net.inet.ip.random_id. */
const FREEBSD: Stack = {
  ...MACOS,
  ipId: 'random',
  window: 1027,
  answer: { ipIdZero: false, ackRepeatsSeq: false, dontFragment: true },
}

/** Cisco IOS and the like: control plane packets start at 255, no options but MSS. */
const ROUTER: Stack = {
  ...LINUX,
  ttl: 255,
  dontFragment: false,
  ipId: 'random',
  synAckIpIdZero: false,
  mss: 536,
  windowScale: -1,
  sack: false,
  timestamps: false,
  synWindow: 4128,
  window: 4128,
  abort: { window: 'live', timestamps: false },
  answer: { ipIdZero: false, ackRepeatsSeq: false, dontFragment: false },
}

/** Printers, meters, PLCs, systems of the nineties: no scaling, no timestamps, a counter for the host, fragments allowed. */
const OLD: Stack = {
  ...ROUTER,
  ttl: 64,
  ipId: 'host',
  mss: 1460,
  synWindow: 8760,
  window: 8760,
  abort: { window: 'live', timestamps: false },
}

/** A proxying load balancer: starts at 255, does scale. */
const BALANCER: Stack = {
  ...LINUX,
  ttl: 255,
  ipId: 'host',
  synAckIpIdZero: false,
  windowScale: 4,
  timestamps: false,
  synWindow: 4380,
  window: 4380,
  abort: { window: 0, timestamps: false },
  answer: { ipIdZero: false, ackRepeatsSeq: false, dontFragment: true },
}

export const STACKS: Record<string, Stack> = {
  linux: LINUX,
  windows: WINDOWS,
  macos: MACOS,
  freebsd: FREEBSD,
  router: ROUTER,
  old: OLD,
  balancer: BALANCER,
}
