/** What users and programs read, as promised by the JSON contract, and what reports need beside it. */
import type { CauseId, Handshake, Impact, Origin, Side } from './words.js'
import type { CaptureInfo, Timebase } from './capture.js'
import type { CaptureHealth, Endpoint, SegmentRecord } from './connection.js'

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
