import { describe, expect, test } from 'vitest'
import {
  applicationName,
  createApplicationState,
  exchangeComplete,
  lastRejection,
  messageInProgress,
  peek,
  peekFin,
  requestOutstanding,
  stage,
} from '../../src/flow/application/index.ts'
import { after, bytes, labels, MS, say, type Turn } from './harness.ts'

const GET: Turn = ['c', 'GET /cart HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\n\r\n']
const OK: Turn = ['s', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello']

describe('HTTP/1.1, one exchange', () => {
  test('a request without an answer is outstanding', () => {
    const state = after([GET])
    expect(state.protocol).toBe('http1')
    expect(applicationName(state)).toBe('HTTP shop.example')
    expect(requestOutstanding(state)).toBe(true)
    expect(messageInProgress(state, 0)).toBe(false)
    expect(stage(state)).toBe('request')
  })

  test('half a request head is a message in progress', () => {
    const state = after([['c', 'GET /cart HTTP/1.1\r\nHost: sho']])
    expect(messageInProgress(state, 0)).toBe(true)
    expect(requestOutstanding(state)).toBe(true)
  })

  test('a whole answer completes the exchange', () => {
    const state = after([GET, OK])
    expect(requestOutstanding(state)).toBe(false)
    expect(messageInProgress(state, 1)).toBe(false)
    expect(exchangeComplete(state)).toBe(true)
    expect(state.sides.map(side => side.completed)).toEqual([1, 1])
    expect(state.closing).toEqual([false, false])
  })

  test('a body that is cut says how much is missing', () => {
    const state = after([GET, ['s', `HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n${'x'.repeat(1234)}`]])
    expect(exchangeComplete(state)).toBe(false)
    expect(requestOutstanding(state)).toBe(true)
    expect(state.sides[1].skip).toBe(3766)
  })

  test('an upload that is cut belongs to the client', () => {
    const state = after([['c', `PUT /big HTTP/1.1\r\nContent-Length: 9000\r\n\r\n${'x'.repeat(700)}`]])
    expect(messageInProgress(state, 0)).toBe(true)
    expect(state.sides[0].skip).toBe(8300)
  })

  test('labels tell request and answer', () => {
    expect(labels([GET, ['s', 'HTTP/1.1 200 OK\r\nContent-Length: 4100\r\n\r\n']])).toEqual([
      'GET /cart',
      '200 OK, 4.1 kB',
    ])
    expect(labels([['c', 'GET /in?token=secret HTTP/1.1\r\n\r\n']])).toEqual(['GET /in'])
  })
})

describe('HTTP/1.1, where an answer ends', () => {
  test.each([
    ['HEAD has no body', 'HEAD / HTTP/1.1\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n'],
    ['204 has no body', 'DELETE /x HTTP/1.1\r\n\r\n', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['304 has no body', 'GET /x HTTP/1.1\r\n\r\n', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n'],
    [
      'chunks end with 0',
      'GET /x HTTP/1.1\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1A;x=y\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nTrailer: 1\r\n\r\n',
    ],
    [
      '100 is followed by the answer',
      'POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\nab',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n',
    ],
  ])('%s', (_name, request, response) => {
    const state = after([
      ['c', request],
      ['s', response],
    ])
    expect(exchangeComplete(state)).toBe(true)
    expect(state.answers).toBe(1)
  })

  test('100 alone leaves the request outstanding', () => {
    const state = after([
      ['c', 'POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n'],
      ['s', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ])
    expect(requestOutstanding(state)).toBe(true)
    expect(messageInProgress(state, 1)).toBe(false)
  })

  test('chunks without the last one are incomplete', () => {
    const state = after([GET, ['s', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n']])
    expect(messageInProgress(state, 1)).toBe(true)
    expect(exchangeComplete(state)).toBe(false)
  })

  test('a body without a length ends with the connection', () => {
    const state = after([GET, ['s', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsome text']])
    expect(messageInProgress(state, 1)).toBe(true)
    peekFin(state, 1, state.nowNs + MS)
    expect(exchangeComplete(state)).toBe(true)
    expect(state.closing).toEqual([false, true])
  })

  test('two pipelined requests need two answers', () => {
    const two: Turn = ['c', GET[1] + GET[1]]
    expect(requestOutstanding(after([two, OK]))).toBe(true)
    expect(requestOutstanding(after([two, OK, OK]))).toBe(false)
  })

  test('HTTP/1.0 does not persist unless it says so', () => {
    const closing = after([
      ['c', 'GET / HTTP/1.0\r\n\r\n'],
      ['s', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ])
    expect(closing.closing).toEqual([true, true])
    const kept = after([
      ['c', 'GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n'],
      [
        's',
        'HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\nKeep-Alive: timeout=15, max=99\r\n\r\n',
      ],
    ])
    expect(kept.closing).toEqual([false, false])
  })

  test('very long request and header lines are passed over', () => {
    const state = after([
      ['c', `GET /${'a'.repeat(3000)} HTTP/1.1\r\nCookie: ${'b'.repeat(5000)}\r\nHost: h\r\n\r\n`],
      OK,
    ])
    expect(exchangeComplete(state)).toBe(true)
    expect(state.name).toBe('h')
    expect(state.http?.request?.length).toBe(120)
  })
})

describe('HTTP/1.1, errors and other protocols behind it', () => {
  test('an early 413 answers an upload that still runs', () => {
    const state = after([
      ['c', 'POST /up HTTP/1.1\r\nContent-Length: 100000\r\n\r\nabc'],
      ['s', 'HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno'],
    ])
    expect(lastRejection(state)?.text).toBe('HTTP 413 Request Entity Too Large')
    expect(requestOutstanding(state)).toBe(false)
    expect(messageInProgress(state, 0)).toBe(true)
    expect(exchangeComplete(state)).toBe(false)
  })

  test('CONNECT opens a tunnel in which the protocol is recognised anew', () => {
    const state = after([
      ['c', 'CONNECT inner.example:80 HTTP/1.1\r\n\r\n'],
      ['s', 'HTTP/1.1 200 Connection established\r\n\r\n'],
      GET,
    ])
    expect(state.carriedBy).toEqual(['http1'])
    expect(state.protocol).toBe('http1')
    expect(requestOutstanding(state)).toBe(true)
  })

  test('a TLS alert to a plain request is a mismatch', () => {
    const state = after([GET, ['s', '\x15\x03\x01\x00\x02\x02\x46']])
    expect(state.mismatch).toBe('HTTP sent to a server that speaks TLS')
    expect(lastRejection(state)?.text).toBe('TLS alert: protocol version')
  })

  test('words that merely look like HTTP are not', () => {
    expect(after([['c', 'GETTING /x HTTP/1.1\r\n\r\n']]).protocol).toBeNull()
    expect(after([['c', 'GET key\r\n']]).protocol).not.toBe('http1')
    expect(after([['s', 'HTTP is fine\r\n']]).protocol).toBeNull()
  })
})

describe('HTTP/1.1, bytes that were not captured', () => {
  const cut = (side: 0 | 1, text: string, missing: number, state = createApplicationState()) => {
    const data = bytes(text)
    peek(state, side, data, 0, data.length, missing, 0, state.nowNs + MS)
    return state
  }

  test('a snap length that cuts bodies only costs nothing', () => {
    const state = cut(0, GET[1], 0)
    cut(1, 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc', 997, state)
    expect(exchangeComplete(state)).toBe(true)
  })

  test('a snap length that cuts heads leaves completeness open until the next request', () => {
    const state = cut(0, 'GET /cart HTTP/1.1\r\nHos', 300)
    expect(requestOutstanding(state)).toBe(true)
    cut(1, 'HTTP/1.1 200 OK\r\nCont', 1000, state)
    expect(requestOutstanding(state)).toBeUndefined()
    expect(exchangeComplete(state)).toBeUndefined()
    cut(0, 'GET /next HTTP/1.1\r\nHos', 300, state)
    expect(requestOutstanding(state)).toBe(true)
    expect(state.requests).toBe(2)
    cut(1, 'HTTP/1.1 503 Nope\r\nCont', 1000, state)
    expect(requestOutstanding(state)).toBeUndefined()
  })

  test('a capture that begins in the middle finds the next request', () => {
    const state = createApplicationState()
    const data = bytes('binary \x00\x01 body')
    expect(peek(state, 1, data, 0, data.length, 0, -1, MS)).toBeUndefined()
    expect(requestOutstanding(state)).toBe(false)
    const get = bytes(GET[1])
    expect(peek(state, 0, get, 0, get.length, 0, -1, 2 * MS)).toBe('GET /cart')
    expect(requestOutstanding(state)).toBe(true)
    say(state, [['s', OK[1]]])
    expect(exchangeComplete(state)).toBe(true)
  })

  test('a gap within a body is only counted', () => {
    const state = cut(0, GET[1], 0)
    cut(1, 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n', 0, state)
    peek(state, 1, bytes('x'.repeat(40)), 0, 40, 0, 60, state.nowNs + MS)
    expect(messageInProgress(state, 1)).toBe(false)
    expect(state.sides[1].unseenBytes).toBe(60)
    expect(exchangeComplete(state)).toBe(true)
  })
})

describe('the role of a piece', () => {
  test('a new request after a pause began then; more of a running upload did not', () => {
    const state = createApplicationState()
    say(state, [GET, OK])
    say(state, [GET])
    expect(state.sides[0].lastPiece).toBe('start')

    const upload = createApplicationState()
    say(upload, [['c', 'PUT /big HTTP/1.1\r\nContent-Length: 9000\r\n\r\n']])
    say(upload, [['c', 'x'.repeat(1000)]])
    expect(upload.sides[0].lastPiece).toBe('continue')
  })
})
