/**
 * One incarnation of a 4-tuple while it is being tracked: the mutable counterpart of the model's `Connection`, which `snapshot` makes of it.
 * One object per connection and one per side; nothing is allocated per segment.
 */
import type { ApplicationState } from './application/index.js'
import { NO_ROW } from './segment-log.js'
import { TrackedSide } from './side.js'

/** Side indices, as in the application state. */
export const CLIENT = 0
export const SERVER = 1
export type SideIndex = 0 | 1

export interface FurtherRst {
  frame: number
  capture: number
  server: boolean
  hopLimit: number
}

/** What the payload had told when a RST came, kept because more payload came later (a forged or ignored RST, another incarnation of data). */
export interface FrozenApplication {
  beforeFrame: number
  capture: number
  state: ApplicationState | undefined
}

/** RSTs with data between them: after so many the state is frozen for good. */
export const MAX_FROZEN = 4

export interface IcmpError {
  frame: number
  capture: number
  timeNs: number
  type: number
  code: number
  ipVersion: 4 | 6
  from: string
}

/** Every field is set at once, so that all connections share one hidden class; the ones every segment touches come first. */
export class TrackedConnection {
  readonly client = new TrackedSide()
  readonly server = new TrackedSide()
  /** The incarnation before this one, as long as its packets can still be told from this one's. */
  previous: TrackedConnection | undefined = undefined
  /** A RST was seen: TAIL becomes AFTER. */
  reset = false
  /** Both FINs are acknowledged. */
  closing = false
  // Who sent a SYN without ACK, a SYN-ACK, the client's acknowledgement of it: the handshake fact.
  synSeen = false
  synAckSeen = false
  handshakeAcked = false
  /** Somebody went on as one does only after the handshake, whether that was captured or not. */
  beyondSyn = false
  /** The last packet's kind and side; -1 before. */
  lastKind = -1
  lastSide = -1
  lastTimeNs = 0
  longestSilenceNs = 0
  // What is kept of its segments, see retention.ts.
  headRow = NO_ROW
  tailRow = NO_ROW
  /** Oldest row that may be dropped, and how many there are. */
  ringRow = NO_ROW
  ringRows = 0
  fixedRows = 0
  /** Packets, copies not counted. */
  packets = 0
  /** One bit per history letter that was written: client in bits 0-15, server in 16-31. */
  letters = 0
  application: ApplicationState | undefined = undefined
  /** A RST came since the application state last changed: the next payload must not change what was true at that RST. */
  rstSincePeek = false
  /** States as they were at RSTs, each valid for RSTs up to `beforeFrame`. */
  frozen: FrozenApplication[] | undefined = undefined

  firstTimeNs = 0
  history = ''
  rolesCertain = false
  furtherRsts: FurtherRst[] | undefined = undefined
  copies = 0
  /** Most copies met of one packet whose identification leaves no doubt. */
  copiesPerPacket = 0
  firstCopyFrame = 0
  firstCopyCapture = 0
  /** While it waits for its SYN-ACK: the server sent something else, which acknowledged this. */
  challenged = false
  challengeAck = 0
  /** Frame and capture of the first SYN or SYN-ACK: names the attempt for the timelines; -1 without one. */
  synFrame = -1
  synCapture = 0
  encapsulation: readonly string[] = NONE
  icmpErrors: IcmpError[] | undefined = undefined
  /** Another incarnation took its place, or it was over long enough. */
  finished = false

  /**
   * @param serial order of creation
   * @param tuple id of its 4-tuple in the connection table
   * @param clientLow the client is the lower end of the tuple
   */
  constructor(
    readonly serial: number,
    readonly tuple: number,
    readonly clientLow: boolean,
    readonly capture: number,
    readonly ipVersion: 4 | 6,
  ) {}

  /** The client waits for the answer to its SYN (RFC 9293 §3.3.2). */
  get inSynSent(): boolean {
    return this.synSeen && !this.synAckSeen && !this.beyondSyn
  }

  /** Both FINs were sent and acknowledged. */
  get closed(): boolean {
    const { client, server } = this
    return (
      client.finSeen &&
      server.finSeen &&
      ((server.ackedTo - client.finEnd) | 0) >= 0 &&
      ((client.ackedTo - server.finEnd) | 0) >= 0
    )
  }

  side(index: SideIndex): TrackedSide {
    return index === CLIENT ? this.client : this.server
  }
}

const NONE: readonly string[] = []
