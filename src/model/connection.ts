/** Segments → connections: plain data, made only for connections that matter. Times are nanoseconds since the timebase, sizes bytes. */
import type { ApplicationState } from '../flow/application/index.js'
import type { Handshake, Side } from './words.js'
import type { Timebase } from './capture.js'

export interface Endpoint {
  address: string
  port: number
}

/** One segment as the tracker remembers it. Numbers are as on the wire unless said otherwise. */
export interface SegmentRecord {
  frame: number
  capture: number
  timeNs: number
  from: Side
  /** Unsigned 32-bit. */
  seq: number
  ack: number
  /** TCP flags with the four reserved bits above: 0x001 FIN, 0x002 SYN, 0x004 RST, 0x008 PSH, 0x010 ACK, 0x020 URG … */
  flags: number
  /** The window field as sent, not scaled. */
  window: number
  /** Payload bytes by the header's lengths, captured or not. */
  payloadBytes: number
  hopLimit: number
  /** IPv4 identification, -1 when the packet has none (IPv6). */
  ipId: number
  /** 1 = DF set, 0 = not set, -1 = IPv6. */
  dontFragment: number
  /** IPv6 flow label, -1 for IPv4. */
  flowLabel: number
  /** Length of the TCP header with options. */
  headerBytes: number
  /** Timestamp option (RFC 7323), unsigned; undefined when absent. */
  tsVal: number | undefined
  tsEcr: number | undefined
  /** Payload bytes that were new, i.e. advanced this side's highest sequence number. */
  newBytes: number
  /** What the tracker saw in it. */
  kind: SegmentKind
  /** A few words from the payload ("GET /cart", "200", "ClientHello api.example.com"); undefined when nothing was recognised. */
  label: string | undefined
  /** True when its first new payload byte began a new application message of its side; undefined when that cannot be told. */
  startsMessage: boolean | undefined
  /** Source MAC address as a 48-bit integer; -1 when the link has none. */
  mac: number
  /** Packets of this connection between the record before this one and this one that were not kept (bounded memory). */
  omittedBefore: number
  /** RST only: further frames that are copies of this very packet (recorded twice by a mirror port or `-i any`). */
  copies: { frame: number; capture: number; hopLimit: number }[]
  /** RST only: payload as text, at most 120 characters, unescaped (RFC 9293 §3.5.3 allows data in a RST). */
  resetText: string | undefined
  /** RST only: reason code of an MP_TCPRST option (RFC 8684 §3.6). */
  mptcpResetReason: number | undefined
  /** RST only: TCP checksum. */
  checksum: 'good' | 'bad' | 'offloaded' | 'unknown'
}

/** One side of a connection, summed over all its packets (copies of a packet counted once). */
export interface SideState {
  /** Initial sequence number (unsigned); undefined when neither its SYN nor an answer to it was captured. */
  isn: number | undefined
  /** True when this side's SYN or SYN-ACK is in the capture. The four option facts are undefined without it. */
  synSeen: boolean
  mss: number | undefined
  /** Shift count this side announced; undefined when its SYN was not seen or carried none (see synSeen). */
  windowScale: number | undefined
  sackPermitted: boolean | undefined
  /** True when this side's SYN carried timestamps; without the SYN: whether any of its segments did; undefined when it sent none. */
  timestamps: boolean | undefined
  segments: number
  /** Distinct payload bytes sent (sequence space covered, holes not counted). */
  payloadBytes: number
  dataSegments: number
  retransmittedSegments: number
  firstTimeNs: number | undefined
  lastTimeNs: number | undefined
  /** Hop limits on its non-RST packets, most frequent first, at most four. */
  hopLimits: { value: number; count: number }[]
  /** Smallest time from one of the OTHER side's segments to the first acknowledgement of it by this side, seen at the capture point:
   * the round trip between the capture point and this side, with that side's thinking time; undefined when never measurable. */
  minResponseNs: number | undefined
}

/** One incarnation of a 4-tuple, as plain data. Made only for connections that were reset, and for a few siblings of their listeners. */
export interface Connection {
  /** Order of first appearance, from 0. */
  id: number
  capture: number
  ipVersion: 4 | 6
  client: Endpoint
  server: Endpoint
  rolesCertain: boolean
  /** Id of the connection that used the same 4-tuple before; undefined for the first. */
  previous: number | undefined
  encapsulation: string[]
  /** Zeek's history letters, upper case = client; bounded. */
  history: string
  handshake: Handshake
  firstTimeNs: number
  lastTimeNs: number
  sides: Record<Side, SideState>
  /**
   * Kept segments in capture order: the first HEAD_SEGMENTS, the last TAIL_SEGMENTS before the first RST, AFTER_SEGMENTS from it on,
   * the last few after those, and every RST up to a bound. Copies of a packet are left out (a RST's copies stand in its `copies`).
   */
  segments: SegmentRecord[]
  /** RST frames beyond that bound: counted to the reset of the same side. */
  furtherRsts: FurtherRsts
  /** Longest time in which neither side sent anything and after which the connection went on (any packet but RST), before the first RST. */
  longestSurvivedSilenceNs: number
  /** Packets recorded more than once. */
  copies: number
  /** Bytes of sequence space that were acknowledged but never seen: loss by the capture, not by the network. */
  unseenBytes: number
  /** What the payload told, up to the last RST (bounded); see flow/application. */
  application: ApplicationState
  /** What it had told when an earlier RST came, in capture order: valid for RSTs before `beforeFrame` of `capture`. */
  applicationAtRst: { beforeFrame: number; capture: number; state: ApplicationState }[]
  /** ICMP errors quoting this connection (RFC 792, RFC 4443). */
  icmpErrors: {
    frame: number
    capture: number
    timeNs: number
    type: number
    code: number
    ipVersion: 4 | 6
    from: string
  }[]
}

/** What a listener (server address + port) did over the capture. Time lists are bounded: when full, every other entry is dropped and `stride` doubles. */
export interface ListenerTimeline {
  address: string
  port: number
  /** Distinct (4-tuple, ISN) seen by SYN or SYN-ACK, plus reset connections without one. */
  connections: number
  resetConnections: number
  synTimesNs: number[]
  /** SYN-ACKs: the port was open then. */
  acceptTimesNs: number[]
  /** RSTs that answer a SYN: nobody listened then. */
  refusalTimesNs: number[]
  /** FINs by the server. */
  serverFinTimesNs: number[]
  /** Ids of the first few connections of this listener that were traced without being reset. */
  siblings: number[]
}

/** What a source address attempted over the capture (by its SYNs). */
export interface SourceTimeline {
  address: string
  syns: number
  /** Distinct server addresses, ports and listeners it sent a SYN to, counted up to a bound of 4096 each. */
  hosts: number
  ports: number
  listeners: number
  /** Attempts per listener that ended in a refusal or unanswered. */
  refused: number
  /** First and last SYN. */
  firstTimeNs: number
  lastTimeNs: number
  /** SYN-ACKs it got: when, from which listener; at most 4096 (then every other one is dropped, as in ListenerTimeline). */
  accepts: { timeNs: number; address: string; port: number }[]
  /** Some of them were dropped: that none is there says nothing. */
  thinned: boolean
}

/** Hop limits a host's SYN, SYN-ACK, FIN and RST packets bore, over all its connections; at most eight values. */
export interface HostProfile {
  address: string
  hopLimits: {
    value: number
    kind: 'syn' | 'syn-ack' | 'fin' | 'rst-to-syn' | 'rst'
    port: number
    count: number
  }[]
}

/** RST frames, counted in their millions: read one by one, and made while they are read. */
export interface FurtherRsts extends Iterable<FurtherRst> {
  readonly length: number
  /** They stand in another capture than was thought. */
  move(capture: number): void
}

export interface FurtherRst {
  frame: number
  capture: number
  from: Side
  hopLimit: number
}

/** Who a connection is, without what was seen of it. */
export interface ConnectionOutline {
  id: number
  client: Endpoint
  server: Endpoint
  /** One of its segments is a RST. */
  reset: boolean
}

/** Connections by id. May be made anew each time they are asked for: then all of them are told cheaply by their outlines, in order of their ids. */
export interface ConnectionMap extends ReadonlyMap<number, Connection> {
  outlines?(): Iterable<ConnectionOutline>
  /** What a report says of a connection, without its packets. */
  face?(id: number): ConnectionFace | undefined
  /** `longestSurvivedSilenceNs` of a connection, without making it. */
  survivedSilenceNs?(id: number): number | undefined
}

/** A connection without its packets. */
export type ConnectionFace = Omit<Connection, 'segments'>

/** What can be said of a capture even when nothing was reset. */
export interface CaptureHealth {
  connections: number
  /** SYNs that nothing answered, by listener, worst first (bounded). */
  unansweredSyns: { listener: string; count: number }[]
  /** Connections whose last packets were retransmissions nobody acknowledged. */
  dyingInRetransmission: number
  retransmittedSegments: number
  dataSegments: number
  /** True when only one direction of most connections was seen. */
  oneSided: boolean
}

/** Everything the judge may look at. */
export interface World {
  timebase: Timebase
  /** Reset connections and siblings. */
  connections: ConnectionMap
  listener(address: string, port: number): ListenerTimeline | undefined
  listeners: ListenerTimeline[]
  source(address: string): SourceTimeline | undefined
  host(address: string): HostProfile | undefined
  totals: { connections: number; resetConnections: number; rstFrames: number; tcpSegments: number }
  health: CaptureHealth
  /** Last frame's time over all captures. */
  endTimeNs: number
  startTimeNs: number
  /** True when the capture itself lost packets (drop counters, unseen bytes in many connections). */
  captureLoss: boolean
  /** There were more listeners, or sources, than are remembered: of one that is not there nothing is known. */
  overflow?: { listeners: boolean; sources: boolean }
  /** Live: the capturing program told of packets lost between these times. */
  lostBetween?(fromNs: number, toNs: number): boolean
  /** True when the capture's clock was set back while it ran: what came first, and after how long, is not known. */
  clockStepped?: boolean
}

export type SegmentKind =
  | 'syn'
  | 'syn-ack'
  | 'rst'
  | 'fin'
  | 'data'
  | 'retransmission'
  | 'out-of-order'
  | 'keepalive-probe'
  | 'zero-window-probe'
  | 'window-update'
  | 'duplicate-ack'
  | 'ack'
