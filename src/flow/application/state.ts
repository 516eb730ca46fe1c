/**
 * What is remembered of the application protocol of one connection: tags, counts and times, never payload (except the
 * few bytes of a header that a segment boundary has cut, see `carry`). Plain data of bounded size.
 *
 * Two layers of one state: *units* are what a protocol's reader consumes (a line, a record header; bodies are skipped by
 * arithmetic), *messages* are what the two applications exchange (a request, a response) and what a reset can cut.
 */
import { cut } from './bytes.js'
import type { HttpState } from './http1-head.js'
import type { ProtocolId } from './protocols.js'
import type { TlsState } from './tls.js'

/** 0 = client, 1 = server. */
export type SideIndex = 0 | 1

/**
 * How a side's bytes are being read.
 *  - `framed`: message boundaries are known;
 *  - `until-close`: a body that ends only with the connection;
 *  - `foreign`: the side answered in another protocol than its peer speaks;
 *  - `opaque`: encrypted or not recognised, nothing can be read;
 *  - `lost`: bytes are missing (capture loss, snap length, capture began mid-stream); found again where a piece begins
 *    like a message.
 */
export type Framing = 'framed' | 'until-close' | 'foreign' | 'opaque' | 'lost'

/** Did the newest piece of data begin a message? `control` = complete units that belong to no message (pings, alerts). */
export type PieceRole = 'none' | 'start' | 'continue' | 'control' | 'unknown'

/** An application's own words for "no". */
export interface Rejection {
  side: SideIndex
  /** At most 120 characters, hostile text possible. */
  text: string
  timeNs: number
}

export interface SideState {
  /** Stream bytes handed over, captured or not; those among them (and before them) whose content is unknown. */
  bytes: number
  unseenBytes: number
  firstDataNs: number | null
  lastDataNs: number | null
  /** Runs of pieces not interrupted by the other side. */
  turns: number
  /** Messages begun and ended, where the protocol shows their boundaries. */
  started: number
  completed: number
  /** Whether a message is cut at this moment; null = cannot tell. */
  inProgress: boolean | null
  /** When the newest message began. */
  messageStartNs: number | null
  lastPiece: PieceRole
  framing: Framing
  /** Bytes still to come that need no reading. */
  skip: number
  /** True when `skip` reaches exactly to the end of the current message. */
  skipEndsMessage: boolean
  /** Bytes of a unit that was cut by the end of a piece, one character per byte, at most `UNIT_LIMIT`. */
  carry: string
  /** When the first byte of the current unit came. */
  unitNs: number
  /** Units read in the current protocol. */
  units: number
  /** Inside a line longer than `UNIT_LIMIT`, whose beginning has been read already. */
  longLine: boolean
  /** The reader's own position (a small number; 0 = between messages). */
  step: number
  /** A message had begun when its boundaries were lost: it may have been completed since. */
  cut: boolean
}

export interface ApplicationState {
  /** null: nothing recognised (yet). */
  protocol: ProtocolId | null
  /** Protocols that carried this one: STARTTLS, CONNECT, Upgrade, a proxy header. At most `NESTING_LIMIT`. */
  carriedBy: readonly ProtocolId[]
  /** Server name from SNI, Host or the like; null when none was seen. */
  name: string | null
  /** Only a tie-breaker between protocols that look alike; 0 = not known. */
  serverPort: number
  sides: [SideState, SideState]
  /** Who sent data last; null = nobody sent any. */
  lastDataSide: SideIndex | null
  /** When the newest turn (see `SideState.turns`) began and how long it is. */
  turnStartNs: number | null
  turnBytes: number
  /** Requests begun that are not completely answered. Meaningful only where `counted`. */
  outstanding: number
  /** Whether requests and answers can be paired in this protocol and nothing has put the count in doubt. */
  counted: boolean
  requests: number
  answers: number
  /** The newest refusal by each side. */
  rejections: readonly [Rejection | null, Rejection | null]
  /** One side answered in another protocol: "plain HTTP to a TLS port". */
  mismatch: string | null
  /** A side said that it is about to close: Connection: close, GOAWAY, QUIT, close_notify, a WebSocket close frame. */
  closing: [boolean, boolean]
  http: HttpState | null
  tls: TlsState | null
  /** The current reader's own notes; plain data that only its file understands. */
  memory: object | null
  /** Time of the piece being read. */
  nowNs: number
  /** Set while a piece is read, null between pieces. */
  label: string | null
}

/** The longest unit a reader may ask for, and so the most that is carried from one segment to the next. */
export const UNIT_LIMIT = 512

/** Protocol switches on one connection that are followed. */
const NESTING_LIMIT = 4

function createSide(): SideState {
  return {
    bytes: 0,
    unseenBytes: 0,
    firstDataNs: null,
    lastDataNs: null,
    turns: 0,
    started: 0,
    completed: 0,
    inProgress: false,
    messageStartNs: null,
    lastPiece: 'none',
    framing: 'framed',
    skip: 0,
    skipEndsMessage: false,
    carry: '',
    unitNs: 0,
    units: 0,
    longLine: false,
    step: 0,
    cut: false,
  }
}

// Shared by all states, as hardly any has others: two lists less for each connection.
const NONE: readonly ProtocolId[] = []
const NOTHING_REFUSED = [null, null] as const

/** An empty state. `serverPort` only breaks ties between protocols that begin alike (0 = not known). */
export function createApplicationState(serverPort = 0): ApplicationState {
  return {
    protocol: null,
    carriedBy: NONE,
    name: null,
    serverPort,
    sides: [createSide(), createSide()],
    lastDataSide: null,
    turnStartNs: null,
    turnBytes: 0,
    outstanding: 0,
    counted: false,
    requests: 0,
    answers: 0,
    rejections: NOTHING_REFUSED,
    mismatch: null,
    closing: [false, false],
    http: null,
    tls: null,
    memory: null,
    nowNs: 0,
    label: null,
  }
}

/** A message begins with the unit being read. An unfinished one before it is left behind: its end was not seen. */
export function beginMessage(state: ApplicationState, side: SideIndex): void {
  const me = state.sides[side]
  me.started++
  me.inProgress = true
  me.messageStartNs = me.unitNs
}

export function endMessage(state: ApplicationState, side: SideIndex): void {
  const me = state.sides[side]
  if (me.inProgress === true) me.completed++
  me.inProgress = false
  me.skipEndsMessage = false
}

/** A whole message in one unit whose last `body` bytes may still have to be skipped. */
export function wholeMessage(state: ApplicationState, side: SideIndex, body = 0): void {
  if (state.sides[side].inProgress !== true) beginMessage(state, side)
  if (body > 0) skipMessage(state, side, body)
  else endMessage(state, side)
}

/** Skips `bytes`; the message ends with the last of them. */
export function skipMessage(state: ApplicationState, side: SideIndex, bytes: number): void {
  const me = state.sides[side]
  me.skip = bytes
  me.skipEndsMessage = true
}

/** A request that wants an answer. */
export function ask(state: ApplicationState): void {
  state.requests++
  state.outstanding++
}

/** A final answer. One that nobody was seen asking for (capture began later, server push) is counted, no more. */
export function answer(state: ApplicationState): void {
  state.answers++
  if (state.outstanding > 0) state.outstanding--
}

/** Keeps the newest refusal of a side; `label` too when nothing else was said of this piece. */
export function reject(state: ApplicationState, side: SideIndex, text: string): void {
  const short = cut(text)
  const rejection = { side, text: short, timeNs: state.nowNs }
  state.rejections = side === 0 ? [rejection, state.rejections[1]] : [state.rejections[0], rejection]
  state.label ??= short
}

/** The first label of a piece stands. */
export function label(state: ApplicationState, text: string): void {
  if (text === '') return
  state.label ??= cut(text)
}

/** Both sides go on in another protocol (null = to be recognised anew) from here: STARTTLS, CONNECT, Upgrade. */
export function switchProtocol(state: ApplicationState, next: ProtocolId | null): void {
  // Tunnels within tunnels without end are an attack on memory, not a protocol.
  if (state.carriedBy.length >= NESTING_LIMIT) return makeOpaque(state)
  if (state.protocol !== null) state.carriedBy = [...state.carriedBy, state.protocol]
  enterProtocol(state, next)
  for (const me of state.sides) {
    if (me.framing !== 'lost') {
      me.framing = 'framed'
      me.inProgress = false
    }
  }
}

/** Nothing more of this connection can be read: encrypted in a way of its own, compressed, a tunnel. */
export function makeOpaque(state: ApplicationState): void {
  state.counted = false
  for (const me of state.sides) {
    me.framing = 'opaque'
    me.inProgress = null
    me.carry = ''
    me.skip = 0
    me.skipEndsMessage = false
  }
}

/** The protocol has become known (or, null, unknown again); both sides begin it at their present position. */
export function enterProtocol(state: ApplicationState, next: ProtocolId | null): void {
  state.protocol = next
  state.memory = null
  state.outstanding = 0
  state.counted = false
  for (const me of state.sides) {
    me.units = 0
    me.step = 0
    me.longLine = false
  }
}

/** Boundaries are no longer known: bytes are missing, or make no sense. */
export function loseFraming(state: ApplicationState, side: SideIndex): void {
  const me = state.sides[side]
  if (me.framing !== 'lost') me.cut = me.inProgress === true
  me.framing = 'lost'
  me.inProgress = null
  me.skip = 0
  me.skipEndsMessage = false
  me.carry = ''
  me.longLine = false
  me.step = 0
}
