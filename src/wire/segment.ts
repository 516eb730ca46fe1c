/**
 * One decoded TCP segment. ONE instance is reused for every frame: the decoder overwrites it, readers keep nothing of it.
 * 32-bit quantities are signed (see seq.ts); -1 in a small field means "absent".
 */
export const FIN = 0x001
export const SYN = 0x002
export const RST = 0x004
export const PSH = 0x008
export const ACK = 0x010
export const URG = 0x020

/** Most encapsulating layers remembered per frame; deeper nesting is decoded no further and noted. */
export const MAX_LAYERS = 16

export class Segment {
  // IP: an IPv4 address a.b.c.d is held as ::ffff:a.b.c.d, so that both versions share one key layout.
  ipVersion = 4
  readonly source = new Int32Array(4)
  readonly destination = new Int32Array(4)
  /** TTL or hop limit. */
  hopLimit = 0
  /** IPv4 identification; -1 for IPv6. */
  ipId = -1
  /** 1 = DF set, 0 = not, -1 = IPv6. */
  dontFragment = -1
  /** IPv6 flow label; -1 for IPv4. */
  flowLabel = -1
  /** TOS or traffic class byte. */
  trafficClass = 0

  // TCP header (RFC 9293 §3.1)
  sourcePort = 0
  destinationPort = 0
  seq = 0
  ack = 0
  /** Twelve bits: the reserved four above CWR ECE URG ACK PSH RST SYN FIN. */
  flags = 0
  window = 0
  urgentPointer = 0
  headerBytes = 20
  /** Payload bytes by the IP and TCP lengths, never by the bytes at hand (padding, slicing). */
  payloadBytes = 0

  /** Buffer with the captured part of the TCP header and payload (the frame's, or one made by reassembly). */
  data: Uint8Array = new Uint8Array(0)
  /** Offset of the TCP header in `data`. */
  tcpStart = 0
  /** Captured payload: data[payloadStart .. payloadEnd). */
  payloadStart = 0
  payloadEnd = 0

  // TCP options; -1 = absent
  mss = -1
  windowScale = -1
  sackPermitted = false
  hasTimestamps = false
  tsVal = 0
  tsEcr = 0
  /** SACK blocks present (RFC 2018), and the edges of the first one. */
  sackBlocks = 0
  sackLeft = 0
  sackRight = 0
  /** Length of the Fast Open cookie (RFC 7413), 0 for a cookie request; -1 = no option. */
  fastOpen = -1
  /** Reason code of an MP_TCPRST option (RFC 8684 §3.6); -1 = absent. */
  mptcpResetReason = -1
  /** False when the option list was cut by the snap length or malformed. */
  optionsComplete = true

  // Link layer
  /** Source MAC as two integers (upper 16, lower 32 bits signed); macHigh -1 when the link has none. */
  macHigh = -1
  macLow = 0
  /** Encapsulation from outside in: pairs (kind, id) of LAYER_* in layers.ts. */
  readonly layers = new Int32Array(MAX_LAYERS * 2)
  layerCount = 0

  // ICMP errors only (FOUND_ICMP_ERROR): what the error says; the fields above are those of the quoted segment.
  icmpType = -1
  icmpCode = -1
  /** IP version of the error message itself (4: ICMP types, 6: ICMPv6 types). */
  icmpVersion = 4
  /** Who sent the error. */
  readonly icmpSource = new Int32Array(4)
}
