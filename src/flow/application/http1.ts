/** HTTP/1.x (RFC 9112): heads line by line, bodies by arithmetic (§6.3), pipelining by count, upgrades and tunnels. */
import { byteCount, display, latin1, startsWith } from './bytes.js'
import {
  createHead,
  fieldLine,
  type HttpHead,
  type HttpState,
  isRequestLine,
  methodAt,
  persists,
} from './http1-head.js'
import { readLine } from './lines.js'
import type { Reader } from './reader.js'
import {
  answer,
  type ApplicationState,
  ask,
  beginMessage,
  endMessage,
  label,
  reject,
  type SideIndex,
  skipMessage,
  switchProtocol,
} from './state.js'

/** `step`: where in a message a side is. A body is a skip. */
const HEADERS = 1
const CHUNK_SIZE = 2
const CHUNK_END = 3
const TRAILERS = 4

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  return side === 0 ? isRequestLine(data, from, to) : startsWith(data, from, to, 'HTTP/1.')
}

/** Empty lines before a request are to be ignored (RFC 9112 §2.2). */
function startLine(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  if (from === to) return
  const http = state.http!
  http.heads[side] = createHead()
  if (side === 0) requestLine(state, http, data, from, to)
  else statusLine(state, http, data, from, to)
}

function requestLine(
  state: ApplicationState,
  http: HttpState,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const head = http.heads[0]
  const me = state.sides[0]
  const method = methodAt(data, from, to) ?? ''
  const version = latin1(data, Math.max(from, to - 9), to)
  const named = version.startsWith(' HTTP/1.')
  beginMessage(state, 0)
  ask(state)
  if (http.pending.length < 64) http.pending += method === 'HEAD' ? 'H' : method === 'CONNECT' ? 'C' : '.'
  http.request = display(data, from, pathEnd(data, from, named ? to - 9 : to))
  label(state, http.request)
  if (named) head.minor = version.charCodeAt(8) - 48
  if (named || me.longLine) me.step = HEADERS
  else {
    // HTTP/0.9: the line is the request, the answer a bare body.
    head.minor = 9
    endMessage(state, 0)
  }
}

/** Where the query begins, or the target ends: queries may hold secrets, paths as a rule do not. */
function pathEnd(data: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) if (data[at] === 63) return at
  return to
}

function statusLine(
  state: ApplicationState,
  http: HttpState,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  beginMessage(state, 1)
  http.heads[1].minor = data[from + 7] - 48
  const status = Number(latin1(data, from + 9, Math.min(to, from + 12)))
  http.status = Number.isInteger(status) ? status : 0
  if (http.status < 100 || http.status >= 200) {
    http.heads[1].method = http.pending.charAt(0)
    http.pending = http.pending.slice(1)
  }
  http.reason = display(data, Math.min(to, from + 13), to, 60)
  state.sides[1].step = HEADERS
}

/** Of an answer whose status line the snap length cut, the status stands in front. */
function cutShort(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  if (side !== 1 || state.sides[1].step !== 0) return
  const [, status] = /^HTTP\/1\.\d (\d{1,3})/.exec(latin1(data, from, Math.min(to, from + 12))) ?? []
  if (status?.length === 3) statusLine(state, state.http!, data, from, to)
  // The first digit says whether it refuses (RFC 9110 §15).
  else if (status !== undefined && /^[45]/.test(status)) reject(state, 1, `HTTP ${status.padEnd(3, 'x')}`)
}

function headerLine(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  if (from === to) endOfHead(state, side)
  else fieldLine(state, side, data, from, to)
}

/** The client is still in the head of its request: nothing of a body has been announced or sent. */
export function insideRequestHead(state: ApplicationState): boolean {
  const [client] = state.sides
  return (
    state.protocol === 'http1' && client.inProgress === true && client.skip === 0 && client.step <= HEADERS
  )
}

function endOfHead(state: ApplicationState, side: SideIndex): void {
  const head = state.http!.heads[side]
  state.closing[side] = persists(head) === false
  if (side === 1) return endOfResponseHead(state, state.http!, head)
  if (head.chunked) state.sides[0].step = CHUNK_SIZE
  else if (head.contentLength > 0) bodyOf(state, 0, head.contentLength)
  else endOfMessage(state, 0)
}

/** The order of the rules is RFC 9112 §6.3. */
function endOfResponseHead(state: ApplicationState, http: HttpState, head: HttpHead): void {
  const { status } = http
  const { method } = head
  label(state, statusLabel(http, head))
  if (status === 101) return upgraded(state, head)
  if (status >= 100 && status < 200) {
    // An interim answer: the final one is still owed, and counts as another message.
    state.sides[1].step = 0
    endMessage(state, 1)
    return
  }
  if (status >= 400) {
    http.errors++
    reject(state, 1, `HTTP ${status} ${http.reason}`.trimEnd())
  }
  if (method === 'C' && status >= 200 && status < 300) {
    answer(state)
    endMessage(state, 1)
    switchProtocol(state, null)
  } else if (method === 'H' || status === 204 || status === 304) endOfMessage(state, 1)
  else if (head.chunked) state.sides[1].step = CHUNK_SIZE
  else if (head.contentLength > 0) bodyOf(state, 1, head.contentLength)
  else if (head.contentLength === 0) endOfMessage(state, 1)
  else state.sides[1].framing = 'until-close'
}

function statusLabel(http: HttpState, head: HttpHead): string {
  const length = head.chunked
    ? ', chunked'
    : head.contentLength >= 0
      ? `, ${byteCount(head.contentLength)}`
      : ''
  return `${http.status} ${http.reason}`.trimEnd() + length
}

function upgraded(state: ApplicationState, head: HttpHead): void {
  state.http!.pending = ''
  answer(state)
  endMessage(state, 1)
  if (head.upgrade.includes('websocket')) switchProtocol(state, 'websocket')
  else if (head.upgrade.includes('h2c')) switchProtocol(state, 'http2')
  else switchProtocol(state, null)
}

function bodyOf(state: ApplicationState, side: SideIndex, bytes: number): void {
  state.sides[side].step = 0
  skipMessage(state, side, bytes)
}

function endOfMessage(state: ApplicationState, side: SideIndex): void {
  state.sides[side].step = 0
  endMessage(state, side)
  if (side === 1) answer(state)
}

/** Value of a hexadecimal digit; -1 = none. */
function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const letter = byte | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

/** chunk-size [ chunk-ext ] (RFC 9112 §7.1). */
function chunkSizeLine(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const me = state.sides[side]
  // By hand: chunks can be as small as a byte, and strings for each would be the dearest part of a stream.
  let size = 0
  for (let at = from; at < Math.min(to, from + 12); at++) {
    const digit = hexDigit(data[at])
    if (digit < 0) break
    size = size * 16 + digit
  }
  if (size === 0) me.step = TRAILERS
  else {
    me.step = CHUNK_END
    me.skip = size
  }
}

function chunkEndLine(state: ApplicationState, side: SideIndex): void {
  state.sides[side].step = CHUNK_SIZE
}

function trailerLine(
  state: ApplicationState,
  side: SideIndex,
  _data: Uint8Array,
  from: number,
  to: number,
): void {
  if (from === to) endOfMessage(state, side)
}

const HANDLERS = [startLine, headerLine, chunkSizeLine, chunkEndLine, trailerLine]

/** Whether a line can stand where it stands; what cannot is not HTTP, or its boundaries were lost. */
function plausible(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): boolean {
  const me = state.sides[side]
  const byte = data[from]
  if (me.longLine) return true
  switch (me.step) {
    case 0:
      if (byte === 13 || byte === 10) return side === 0 || (me.units > 0 && byte === 13)
      if (side === 1) return startsWith(data, from, to, 'HTTP/1.') !== false
      return methodAt(data, from, to) !== ''
    case CHUNK_SIZE:
      return hexDigit(byte) >= 0
    case CHUNK_END:
      return byte === 13 || byte === 10
    default:
      return true
  }
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  if (state.sides[side].step === 0 && !state.sides[side].longLine && bareAnswer(state, side)) {
    beginMessage(state, side)
    state.sides[side].framing = 'until-close'
    return to - from
  }
  if (!plausible(state, side, data, from, to)) return -1
  return readLine(state, side, data, from, to, HANDLERS[state.sides[side].step])
}

/** HTTP/0.9: all that the server sends is the body. */
function bareAnswer(state: ApplicationState, side: SideIndex): boolean {
  return side === 1 && state.http!.heads[0].minor === 9
}

function resumes(data: Uint8Array, from: number, to: number, side: SideIndex): boolean {
  if (side === 1)
    return to - from >= 12 && startsWith(data, from, to, 'HTTP/1.') === true && data[from + 8] === 32
  // A snap length may cut the line: method and the start of a target are enough here.
  const method = methodAt(data, from, to)
  if (!method) return false
  return isRequestLine(data, from, to) ?? data[from + method.length + 1] === 47
}

function resume(state: ApplicationState, side: SideIndex): void {
  if (side === 0 && state.outstanding === 0) state.http!.pending = ''
}

function enter(state: ApplicationState): void {
  state.counted = true
  state.http = {
    heads: [createHead(), createHead()],
    request: null,
    status: 0,
    reason: '',
    pending: '',
    errors: 0,
  }
}

/** The last byte of a body with a Content-Length has come. */
function messageSkipped(state: ApplicationState, side: SideIndex): void {
  if (side === 1) answer(state)
}

export const http1: Reader = {
  recognise,
  enter,
  unit,
  cutShort,
  messageSkipped,
  resumes,
  resume,
  midstream: true,
}
