/**
 * Every noun of the pipeline, with units. Read this file first; it imports nothing but the
 * application state.
 *
 * bytes ─capture→ Frame ─wire→ Segment ─flow→ Connection ─evidence→ Facts ─causes, origin→ Reset ─→ Incident ─→ Report
 *
 * Three kinds of type live here:
 *  - `Frame`: one reused object, valid only during the call that hands it over (hot path);
 *  - `SegmentRecord`, `SideState`, `Connection`: plain data, made only for connections that matter;
 *  - `Report` and its parts: what users and programs read, as promised by the JSON contract.
 */
import type { ApplicationState } from './flow/application/index.js'

/** Which end of a connection: the client sent the SYN (or is guessed to have, see `rolesCertain`). */
export type Side = 'client' | 'server'

/** Who really emitted a reset, whatever its source address claims. */
export type Origin = 'endpoint' | 'middlebox' | 'unknown'

/** What a reset cost. */
export type Impact = 'ignored' | 'none' | 'connect-failed' | 'transfer-cut' | 'request-lost' | 'unknown'

/** How much of the three-way handshake the capture shows. `not-captured`: it begins mid-connection. */
export type Handshake = 'complete' | 'partial' | 'none' | 'not-captured'

export const CAUSE_IDS = [
  'port-closed',
  'firewall-reject',
  'accept-queue-overflow',
  'handshake-aborted',
  'port-scan',
  'health-check-probe',
  'port-reuse-collision',
  'idle-timeout',
  'keep-alive-race',
  'max-lifetime',
  'post-restart',
  'process-crash',
  'unread-data-close',
  'abortive-close',
  'data-after-close',
  'application-reject',
  'keepalive-timeout',
  'retransmission-timeout',
  'zero-window-timeout',
  'desynchronized',
  'middlebox-injection',
  'nat-state-loss',
  'blind-reset-attack',
  'reset-aftermath',
  'benign-teardown',
  'unknown',
] as const

export type CauseId = (typeof CAUSE_IDS)[number]

// ── capture: bytes → frames ─────────────────────────────────────────────────────────────────────────────

/**
 * One captured record. ONE object is reused for every frame of a capture: read it during the call, keep nothing of it.
 */
export interface Frame {
  /** Counted from 1 within its capture, as Wireshark does. */
  number: number
  /** Index into the list of captures given on the command line. */
  capture: number
  /** Integer nanoseconds since `Timebase.seconds` (exact for 104 days, see DESIGN); the last known time when the record bears none. */
  timeNs: number
  /** The buffer that holds the captured bytes `data[start .. end)`. */
  data: Uint8Array
  start: number
  end: number
  /** Bytes the packet had on the wire; `end - start` of them were captured. */
  originalLength: number
  /** LINKTYPE_ number (https://www.tcpdump.org/linktypes.html) of the interface it was captured on. */
  linkType: number
}

/** Zero point of all `timeNs`: a whole Unix second, shared by all captures of one analysis. NaN until the first frame. */
export interface Timebase {
  seconds: number
}

/** Called once per record, synchronously, in capture order. */
export type FrameHandler = (frame: Frame) => void

/**
 * Captured records in capture order as columns: element i of each is a field of record i, as in `Frame`. ONE batch is reused for a whole
 * capture. What looks at every frame of a capture takes batches: 8 ns a record to fill and walk, where a `Frame` and a call take 30.
 */
export interface FrameBatch {
  capture: number
  /** Records in it, at most `start.length`. */
  length: number
  /** Records among and behind them that were passed over, because they were not wanted; 0 unless its reader has a picker. */
  passed: number
  /** The least and the greatest time of all of these; infinite where there are none. */
  earliestNs: number
  latestNs: number
  /** The buffer that holds the captured bytes of all of them. */
  data: Uint8Array
  /** The same bytes; both begin at the same place. */
  view: DataView
  number: Uint32Array
  timeNs: Float64Array
  start: Int32Array
  end: Int32Array
  originalLength: Uint32Array
  linkType: Int32Array
}

/** Records `from .. to` of a batch, synchronously, in capture order. */
export type BatchHandler = (batch: FrameBatch, from: number, to: number) => void

/** Chooses records by their bytes alone: the same ones in any thread. */
export interface Picker {
  /**
   * @param start captured bytes: `view[start .. end)`
   * @param original bytes on the wire
   */
  wants(view: DataView, start: number, end: number, original: number, linkType: number): boolean
  /** Plain data by which another thread makes its like. */
  readonly recipe: unknown
}

/** Records one behind the other, some of which were picked. One object is reused for a whole capture. */
export interface PickedRun {
  /** Holds those that were picked, and may hold others. */
  batch: FrameBatch
  /** The rows picked: `rows[0 .. picked)`, in order. */
  rows: Int32Array
  picked: number
  /** All records of the run, at least one, and the least and the greatest of their times. */
  records: number
  earliestNs: number
  latestNs: number
}

/** Run by run, synchronously, in capture order. */
export type PickHandler = (run: PickedRun) => void

/** One named malformation or capture defect, counted. */
export interface Note {
  name: string
  count: number
  /** Frame that showed it first; null when it belongs to no frame. */
  firstFrame: number | null
  message: string
}

/** What is known of one input file or stream once it has been read. */
export interface CaptureInfo {
  path: string
  format: 'pcap' | 'pcapng'
  compression: 'gzip' | 'zstd' | 'xz' | 'lz4' | null
  /** LINKTYPE_ names such as EN10MB, in order of first appearance. */
  linkTypes: string[]
  frames: number
  tcpSegments: number
  /** Captured bytes of all frames. */
  bytes: number
  /** UTC, with the capture's own precision; null without frames or timestamps. */
  firstTime: string | null
  lastTime: string | null
  /** False when the file ends in the middle of a record or a damaged part was skipped. */
  complete: boolean
  notes: Note[]
}

// ── flow: segments → connections (plain data) ───────────────────────────────────────────────────────────

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

// ── reports: what users and programs read (see the JSON contract) ───────────────────────────────────────

export interface EvidenceLine {
  statement: string
  value: number | string | null
  unit: string | null
  frames: number[]
  /** Index of the capture the frames count in; only where it differs from the reset's own. */
  capture?: number
  supports: boolean
}

export interface Alternative {
  cause: CauseId
  confidence: number
}

/** What one side's application saw. */
export interface Symptom {
  /** Errno name, "none" when the side noticed nothing. */
  error: string
  linux: number | null
  windows: number | null
  /** Strings to search logs for. */
  logs: string[]
}

export interface ConnectionSummary {
  client: Endpoint
  server: Endpoint
  rolesCertain: boolean
  encapsulation: string[]
  /** Zeek's history letters, upper case = client. */
  history: string
  handshake: Handshake
  durationMs: number
  bytesFromClient: number
  bytesFromServer: number
  application: string | null
}

export interface Reset {
  id: string
  capture: number
  time: string
  frames: number[]
  moreFrames?: { capture: number; frames: number[] }[]
  connection: ConnectionSummary
  sender: Side
  origin: Origin
  originConfidence: number
  impact: Impact
  cause: CauseId
  confidence: number
  alternatives: Alternative[]
  evidence: EvidenceLine[]
  cannotTell: string[]
  symptom: { client: Symptom | null; server: Symptom | null }
  summary: string
  remedies: string[]
  nextChecks: string[]
  wiresharkFilter: string
  consequenceOf: string | null
  incident: string | null
  /** Live with --kernel only: what the kernel of this host said when it sent the reset. */
  kernel?: KernelWord
  /** `rst-analyze compare` only: where each of the two captures shows it. */
  vantages?: [SeenAt, SeenAt]
}

/** Null what the kernel did not tell: the reason before Linux 6.10, the process where the reset was not sent on its behalf. */
export interface KernelWord {
  reason: string | null
  state: string | null
  process: { pid: number; name: string } | null
}

export interface Listener {
  address: string
  port: number
  connections: number
  resetConnections: number
  byCause: Partial<Record<CauseId, number>>
}

export interface Incident {
  id: string
  title: string
  cause: CauseId
  listener: string | null
  source: string | null
  resets: string[]
  firstTime: string
  lastTime: string
  summary: string
}

export interface Totals {
  connections: number
  resetConnections: number
  resets: number
  rstFrames: number
  byCause: Partial<Record<CauseId, number>>
  byOrigin: Partial<Record<Origin, number>>
}

/** Addresses of one connection before and after translation: `a` as capture 0 saw it, `b` as capture 1 did. */
export interface Translation {
  a: { client: Endpoint; server: Endpoint }
  b: { client: Endpoint; server: Endpoint }
}

/** What comparing two captures of the same traffic found out; numbered 0 and 1 in the order of the command line. */
export interface Comparison {
  /** What capture 1's clock shows minus what capture 0's shows at the same moment; null when no packet is in both. Times of the report are on capture 0's clock. */
  clockOffsetMs: number | null
  /** The true offset lies within this of the estimate. */
  clockUncertaintyMs: number | null
  /** How much faster capture 1's clock runs, in millionths; null where the captures are too short to tell. */
  clockDriftPpm: number | null
  matchedConnections: number
  /** Connections of capture 0 and capture 1 that were reset and have no counterpart. */
  unmatchedResetConnections: [number, number]
  /** Connections left out because more than one counterpart fits. */
  ambiguousConnections: number
  /** Addresses before and after translation, of the connections that were traced: in large captures those with resets and a sample. */
  translated: Translation[]
  /** Connections that carry the same messages at the same time but are not the same: both sides of a proxy. */
  related: Translation[]
  /** One paragraph for people: what the comparison proved. */
  summary: string
}

/** Where one of the two captures shows a reset. */
export interface SeenAt {
  /** 0 or 1, in the order of the command line. */
  capture: number
  seen: boolean
  frames: number[]
}

/** A name somebody gave to an address: a claim, shown beside the address and never instead of it. */
export interface NamedAddress {
  address: string
  /** As it came, at most 253 characters, not escaped; `a.example and 2 more` where one address has several. */
  name: string
  /** The user (--hosts), a pcapng name resolution block, or a DNS answer in the capture. */
  from: 'hosts' | 'capture' | 'dns'
}

/** The whole answer: exactly the JSON of `--format json`. */
export interface Report {
  schema: 'rst-analyze/report/1'
  generator: { name: 'rst-analyze'; version: string }
  captures: CaptureInfo[]
  totals: Totals
  resets: Reset[]
  listeners: Listener[]
  incidents: Incident[]
  /** `rst-analyze compare` only. */
  comparison?: Comparison
  /** Of the addresses above that have one. */
  names: NamedAddress[]
}

/**
 * What the human-readable reports need beyond the JSON: packets around each reset and the health of the connections that were not reset.
 * Kept beside the report so that JSON stays exactly the contract.
 */
export interface Analysis {
  report: Report
  /** Packets to draw per reset id, oldest first; gaps in what was kept are marked by `omittedBefore`. */
  stories: Stories
  health: CaptureHealth
  timebase: Timebase
  /** Every name that is known for an address, those of the report among them. */
  names: ReadonlyMap<string, string>
}

/** Packets by reset id; a Map will do. */
export interface Stories extends Iterable<[string, StoryPacket[]]> {
  get(id: string): StoryPacket[] | undefined
}

/** One packet of a reset's story, ready to be drawn. */
export interface StoryPacket extends SegmentRecord {
  /** Packets of this connection that were not kept between the previous story packet and this one. */
  omittedBefore: number
  /** The reset this RST frame belongs to; null for other packets. */
  reset: string | null
  /** True for RST frames whose origin was judged to be a middlebox. */
  forged: boolean
}

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
