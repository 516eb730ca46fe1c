/**
 * TLS and its record layer (RFC 8446 §5, RFC 5246 §6): the hellos, alerts as far as they can be seen, and the turns of
 * the encrypted records. Nothing encrypted is ever "complete" or "incomplete" here, except a record that is cut.
 */
import { u16, u24 } from './bytes.js'
import { ALERTS } from './tls-alerts.js'
import { HELLO, helloFits, helloUnit } from './tls-hello.js'
import type { Reader } from './reader.js'
import { type ApplicationState, label, reject, type SideIndex } from './state.js'

export interface TlsAlert {
  side: SideIndex
  /** 1 warning, 2 fatal; 0 = encrypted. */
  level: number
  /** RFC 8446 §6 number; -1 = encrypted. */
  description: number
  /** "unknown ca"; "encrypted" when it cannot be read. */
  name: string
  timeNs: number
}

export interface TlsSide {
  hello: boolean
  changeCipherSpec: boolean
  /** TLS 1.2 and before: an encrypted handshake record (Finished) was seen. */
  finished: boolean
  /** Records of type application_data. In TLS 1.3 part of the handshake travels in them, too. */
  dataRecords: number
  /** Type and length of the newest record; 0 before the first. */
  lastType: number
  lastLength: number
  lastRecordNs: number
  /** Bytes of the current record, and of the current handshake message, not yet read or skipped. */
  recordLeft: number
  messageLeft: number
  /** Length of the hello's extension being read. */
  extensionBytes: number
}

export interface TlsState {
  sides: [TlsSide, TlsSide]
  /** 0x0304 = TLS 1.3, 0x0303 = 1.2 …; 0 until the server chose one. */
  version: number
  /** First protocol the client offered by ALPN ("h2", "http/1.1", "postgresql"); null when none. */
  alpn: string | null
  /** Newest alert that shows as one. In TLS 1.3 most do not: see `probableAlert` in exchange.ts. */
  alert: TlsAlert | null
  /** Both sides have finished the handshake, as far as an observer can see. */
  handshakeDone: boolean
  /** Data records each side had sent when the handshake was done. */
  handshakeRecords: [number, number]
}

const CHANGE_CIPHER_SPEC = 20
const ALERT = 21
const HANDSHAKE = 22
const APPLICATION_DATA = 23
/** 2^14 plus what compression and encryption may add (RFC 5246 §6.2.3). */
const LONGEST_RECORD = 16384 + 2048

/** `step`: a handshake message follows, or something within a hello (tls-hello.ts). */
const RECORD = 0
const HANDSHAKE_MESSAGE = 1
const MESSAGE_HEADER = 4

function createSide(): TlsSide {
  return {
    hello: false,
    changeCipherSpec: false,
    finished: false,
    dataRecords: 0,
    lastType: 0,
    lastLength: 0,
    lastRecordNs: 0,
    recordLeft: 0,
    messageLeft: 0,
    extensionBytes: 0,
  }
}

function isRecordHeader(data: Uint8Array, at: number): boolean {
  const type = data[at]
  const length = u16(data, at + 3)
  return (
    type >= CHANGE_CIPHER_SPEC &&
    type <= 24 &&
    data[at + 1] === 3 &&
    data[at + 2] <= 4 &&
    length > 0 &&
    length <= LONGEST_RECORD
  )
}

/** A ClientHello or ServerHello record, or a server's alert in its place. */
function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  const type = data[from]
  if (type !== HANDSHAKE && (type !== ALERT || side === 0)) return false
  if (to - from > 1 && data[from + 1] !== 3) return false
  if (to - from > 2 && data[from + 2] > 4) return false
  if (to - from < 6) return undefined
  if (!isRecordHeader(data, from)) return false
  return type === ALERT ? u16(data, from + 3) === 2 && data[from + 5] <= 2 : data[from + 5] === 1 + side
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  const { step } = state.sides[side]
  if (step === RECORD) return recordUnit(state, side, data, from, to)
  if (step === HANDSHAKE_MESSAGE) return messageUnit(state, side, data, from, to)
  return helloUnit(state, side, data, from, to)
}

function recordUnit(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): number {
  if (to - from < 5)
    return to - from >= 2 && (data[from] < 20 || data[from] > 24 || data[from + 1] !== 3) ? -1 : 0
  if (!isRecordHeader(data, from)) return -1
  const tls = state.tls!
  const mine = tls.sides[side]
  const type = data[from]
  const length = u16(data, from + 3)
  const readable = type === ALERT && length === 2 && !encrypted(tls, side)
  if (readable && to - from < 7) return 0
  mine.lastType = type
  mine.lastLength = length
  mine.lastRecordNs = state.nowNs
  state.sides[side].inProgress = null
  if (readable) {
    plainAlert(state, side, data[from + 5], data[from + 6])
    return 7
  }
  if (type === HANDSHAKE && !encrypted(tls, side)) return handshakeRecord(state, side, length)
  state.sides[side].skip = length
  if (type === APPLICATION_DATA) dataRecord(tls, side, length)
  else if (type === CHANGE_CIPHER_SPEC) mine.changeCipherSpec = true
  else if (type === ALERT) encryptedAlert(state, side)
  else if (type === HANDSHAKE) finishedRecord(tls, side)
  return 5
}

/** From its ChangeCipherSpec on a side encrypts; in TLS 1.3 that record means nothing (RFC 8446 §5) and 22 stays plain. */
function encrypted(tls: TlsState, side: SideIndex): boolean {
  return tls.sides[side].changeCipherSpec && tls.version !== 0x0304 && tls.version !== 0
}

function handshakeRecord(state: ApplicationState, side: SideIndex, length: number): number {
  // A message that began in an earlier record (a long certificate chain) goes on first.
  state.tls!.sides[side].recordLeft = length
  skipHandshakeMessage(state, side)
  return 5
}

/** A handshake message's header. */
function messageUnit(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): number {
  const me = state.sides[side]
  const mine = state.tls!.sides[side]
  if (to - from < MESSAGE_HEADER) return 0
  const type = data[from]
  mine.recordLeft -= MESSAGE_HEADER
  mine.messageLeft = u24(data, from + 1)
  if (type === 1 + side && helloFits(mine)) {
    mine.hello = true
    me.step = HELLO
  } else skipHandshakeMessage(state, side)
  return MESSAGE_HEADER
}

/**
 * Passes over the rest of the current handshake message within this record, and over a following header that is itself
 * cut by the record's end: it is not worth joining, and nothing after it is read.
 */
export function skipHandshakeMessage(state: ApplicationState, side: SideIndex): void {
  const me = state.sides[side]
  const mine = state.tls!.sides[side]
  me.skip = Math.min(mine.messageLeft, mine.recordLeft)
  mine.messageLeft -= me.skip
  mine.recordLeft -= me.skip
  if (mine.recordLeft < MESSAGE_HEADER) {
    me.skip += mine.recordLeft
    mine.recordLeft = 0
  }
  me.step = mine.recordLeft > 0 ? HANDSHAKE_MESSAGE : RECORD
}

/** TLS 1.2: each side's first encrypted handshake record is its Finished. */
function finishedRecord(tls: TlsState, side: SideIndex): void {
  tls.sides[side].finished = true
  if (tls.sides[0].finished && tls.sides[1].finished) handshakeDone(tls)
}

function handshakeDone(tls: TlsState): void {
  if (tls.handshakeDone) return
  tls.handshakeDone = true
  tls.handshakeRecords = [tls.sides[0].dataRecords, tls.sides[1].dataRecords]
}

function dataRecord(tls: TlsState, side: SideIndex, length: number): void {
  const mine = tls.sides[side]
  mine.dataRecords++
  // TLS 1.3: the client's Finished (36 or 52 bytes, 17 more encrypted) ends the handshake; a record of 19 is an alert.
  const peer = tls.sides[1 - side]
  if (side === 0 && tls.version === 0x0304 && peer.dataRecords > 0 && length >= 53) handshakeDone(tls)
}

function plainAlert(state: ApplicationState, side: SideIndex, level: number, description: number): void {
  const name = ALERTS[description] ?? `alert ${description}`
  state.tls!.alert = { side, level, description, name, timeNs: state.nowNs }
  if (description === 0) {
    state.closing[side] = true
    label(state, 'alert: close notify')
  } else {
    const text = `alert: ${name}${level === 2 ? ' (fatal)' : ''}`
    label(state, text)
    if (level === 2) reject(state, side, `TLS ${text}`)
  }
}

/** Visible as an alert, but not which: after data has flowed, close_notify is by far the commonest. */
function encryptedAlert(state: ApplicationState, side: SideIndex): void {
  state.tls!.alert = { side, level: 0, description: -1, name: 'encrypted', timeNs: state.nowNs }
  if (state.tls!.handshakeDone) state.closing[side] = true
  label(state, 'alert (encrypted)')
}

function enter(state: ApplicationState): void {
  state.tls = {
    sides: [createSide(), createSide()],
    version: 0,
    alpn: null,
    alert: null,
    handshakeDone: false,
    handshakeRecords: [0, 0],
  }
}

/** Two records in a row would be surer, but a piece may hold only one: type, version and a sane length. */
function resumes(data: Uint8Array, from: number, to: number): boolean {
  return to - from >= 5 && data[from + 2] >= 1 && isRecordHeader(data, from)
}

export const tls: Reader = { recognise, enter, unit, resumes, midstream: true }
