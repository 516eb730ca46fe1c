/**
 * One incarnation of a 4-tuple while it is being tracked: the mutable counterpart of the model's `Connection`, which `snapshot` makes of it.
 * What every segment touches are numbers (cursor.ts); what is rare are fields of one object per connection. Nothing is allocated per segment.
 */
import type { ApplicationState } from './application/index.js'
import { ConnectionCursor } from './cursor.js'
import type { PackedRsts } from './further-rsts.js'
import { HISTORY_AT, NOWHERE, type Numbers } from './numbers.js'
import { NO_ROW } from './segment-log.js'

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

/** Every field is set at once, so that all connections share one hidden class. */
export class TrackedConnection extends ConnectionCursor {
  application: ApplicationState | undefined = undefined
  // What is kept of its segments from the first RST on, see retention.ts.
  headRow = NO_ROW
  tailRow = NO_ROW
  /** Oldest row that may be dropped, and how many there are. */
  ringRow = NO_ROW
  ringRows = 0
  fixedRows = 0
  /** Rows kept before the first RST. */
  rowsBefore = 0
  /** The next of its rows that are not used yet, and how many there are. */
  spareRow = NO_ROW
  spareRows = 0
  /** Blocks of rows taken since the first RST. */
  moreBlocks: number[] | undefined = undefined
  /** States as they were at RSTs, each valid for RSTs up to `beforeFrame`. */
  frozen: FrozenApplication[] | undefined = undefined
  rolesCertain = false
  /** It was reset after too many others were: its RSTs are only counted. */
  leftOut = false
  furtherRsts: PackedRsts | undefined = undefined
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
  private before: TrackedConnection | undefined = undefined

  /** Order of creation. */
  serial = 0
  /** Id of its 4-tuple in the connection table. */
  tuple = 0
  capture = 0
  ipVersion: 4 | 6 = 4
  /** When its first segment came. */
  firstTimeNs = Number.NaN

  /** Nobody until it begins. */
  constructor(numbers: Numbers) {
    super(numbers, NOWHERE)
  }

  /** Becomes a new connection, whatever it was before. */
  begin(
    serial: number,
    tuple: number,
    clientLow: boolean,
    capture: number,
    ipVersion: 4 | 6,
    firstTimeNs: number,
  ): void {
    this.moveTo(this.numbers.take())
    this.numbers.setOwner(this.at, this)
    this.serial = serial
    this.tuple = tuple
    this.capture = capture
    this.ipVersion = ipVersion
    this.firstTimeNs = firstTimeNs
    this.clientLow = clientLow
    this.lastTimeNs = firstTimeNs
    this.clear()
  }

  private clear(): void {
    this.application = undefined
    this.headRow = NO_ROW
    this.tailRow = NO_ROW
    this.ringRow = NO_ROW
    this.ringRows = 0
    this.fixedRows = 0
    this.rowsBefore = 0
    this.spareRow = NO_ROW
    this.spareRows = 0
    this.moreBlocks = undefined
    this.frozen = undefined
    this.rolesCertain = false
    this.leftOut = false
    this.furtherRsts = undefined
    this.copies = 0
    this.copiesPerPacket = 0
    this.firstCopyFrame = 0
    this.firstCopyCapture = 0
    this.challenged = false
    this.challengeAck = 0
    this.synFrame = -1
    this.synCapture = 0
    this.encapsulation = NONE
    this.icmpErrors = undefined
    this.finished = false
    this.before = undefined
  }

  /** The incarnation before this one, as long as its packets can still be told from this one's. */
  get previous(): TrackedConnection | undefined {
    return this.before
  }

  set previous(connection: TrackedConnection | undefined) {
    this.before = connection
    this.hasPrevious = connection !== undefined
  }

  /** History letters so far. */
  get history(): string {
    const from = (this.at + HISTORY_AT) * 4
    return String.fromCharCode(...this.numbers.bytes.subarray(from, from + this.historyLength))
  }

  /** Gives its numbers back. What is still asked of it answers zero or false. */
  releaseNumbers(): void {
    this.before = undefined
    if (this.application !== undefined) this.numbers.states--
    for (const { state } of this.frozen ?? []) if (state !== undefined) this.numbers.states--
    this.numbers.release(this.at)
    this.moveTo(NOWHERE)
  }
}

const NONE: readonly string[] = []
