/** Heads of HTTP/1.x messages (RFC 9112 §2 to §6): request lines, and the fields that decide about lengths and persistence. */
import { latin1 } from './bytes.js'
import { lineLength } from './lines.js'
import { type ApplicationState, type SideIndex, UNIT_LIMIT } from './state.js'

/** What the head being read, or the newest one, said. */
export interface HttpHead {
  /** 0 or 1 as in HTTP/1.x; 9 for HTTP/0.9. */
  minor: number
  /** Content-Length; -1 when absent. */
  contentLength: number
  chunked: boolean
  connectionClose: boolean
  connectionKeepAlive: boolean
  upgrade: string
  /** Of a response: the method it answers, as in `HttpState.pending`. */
  method: string
}

export interface HttpState {
  heads: [HttpHead, HttpHead]
  /** Method and path of the newest request (never its query), at most 120 characters; null until one was seen. */
  request: string | null
  /** Newest final status; 0 until one was seen. */
  status: number
  reason: string
  /** Requests without final answer, oldest first: H = HEAD, C = CONNECT, . = other. At most 64 are told apart. */
  pending: string
  /** Final responses whose status was 400 or above. */
  errors: number
}

const METHODS = new Set(
  (
    'GET POST HEAD PUT DELETE OPTIONS PATCH CONNECT TRACE PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK REPORT ' +
    'SEARCH PURGE NOTIFY SUBSCRIBE UNSUBSCRIBE M-SEARCH MERGE CHECKOUT MKACTIVITY BIND LINK UNLINK SOURCE ' +
    'RPC_IN_DATA RPC_OUT_DATA PRI'
  ).split(' '),
)
const LONGEST_METHOD = 12

export function createHead(): HttpHead {
  return {
    minor: 1,
    contentLength: -1,
    chunked: false,
    connectionClose: false,
    connectionKeepAlive: false,
    upgrade: '',
    method: '.',
  }
}

/** The method that opens these bytes; '' = none, undefined = too short to say. */
export function methodAt(data: Uint8Array, from: number, to: number): string | undefined {
  const stop = Math.min(to, from + LONGEST_METHOD + 1)
  for (let at = from; at < stop; at++) {
    const byte = data[at]
    if (byte === 32) {
      const word = latin1(data, from, at)
      return METHODS.has(word) ? word : ''
    }
    if (!(byte >= 65 && byte <= 90) && byte !== 45 && byte !== 95) return ''
  }
  return stop === from + LONGEST_METHOD + 1 ? '' : undefined
}

/** A request line of HTTP, not of its relatives RTSP and SIP, whose lines differ only at their ends. */
export function isRequestLine(data: Uint8Array, from: number, to: number): boolean | undefined {
  const method = methodAt(data, from, to)
  if (!method) return method === '' ? false : undefined
  const target = from + method.length + 1
  if (target >= to) return undefined
  if (data[target] < 33 || data[target] > 126) return false
  const length = lineLength(data, from, to)
  if (length === 0) return to - from < UNIT_LIMIT ? undefined : true
  const version = latin1(data, Math.max(target, from + length - 10), from + length)
  if (version.includes('HTTP/2')) return false
  return version.includes('HTTP/1.') || (method === 'GET' && data[target] === 47)
}

/** Length of the field names that decide about lengths and persistence, by their first letter; "c" begins two. */
const FIELD_LENGTHS: Readonly<Record<number, number>> = {
  99: 'connection'.length,
  104: 'host'.length,
  107: 'keep-alive'.length,
  112: 'proxy-connection'.length,
  116: 'transfer-encoding'.length,
  117: 'upgrade'.length,
}

/** One field line of a head; only fields that matter become strings. */
export function fieldLine(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const first = data[from] | 32
  let colon = from + (FIELD_LENGTHS[first] ?? 0)
  if (first === 99 && data[colon] !== 58) colon = from + 'content-length'.length
  if (colon === from || colon >= to || data[colon] !== 58) return
  const line = latin1(data, from, Math.min(to, from + 256))
  const name = line.slice(0, colon - from).toLowerCase()
  headerField(state, side, name, line.slice(colon - from + 1).trim())
}

function headerField(state: ApplicationState, side: SideIndex, name: string, value: string): void {
  const http = state.http!
  const head = http.heads[side]
  switch (name) {
    case 'content-length':
      // Number() would accept "0x10", "1e3" and "".
      if (/^\d{1,15}$/.test(value)) head.contentLength = Number(value)
      break
    case 'transfer-encoding':
      head.chunked = value.toLowerCase().endsWith('chunked')
      break
    case 'connection':
    case 'proxy-connection':
      if (/\bclose\b/i.test(value)) head.connectionClose = true
      if (/keep-alive/i.test(value)) head.connectionKeepAlive = true
      break
    case 'upgrade':
      head.upgrade = value.slice(0, 40).toLowerCase()
      break
    case 'host':
      if (side === 0 && value !== '') state.name = value.slice(0, 120)
  }
}

/** RFC 9112 §9.3: close wins, then the version's default, which Keep-Alive turns around for HTTP/1.0. */
export function persists(head: HttpHead): boolean {
  if (head.connectionClose) return false
  return head.minor === 1 || (head.minor === 0 && head.connectionKeepAlive)
}
