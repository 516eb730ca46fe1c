/** Refusals whose end the snap length cut away: the first words are enough, and nothing else may be made of them. */
import { describe, expect, it } from 'vitest'
import { createApplicationState, lastRejection, peek } from '../../src/flow/application/index.js'
import { bytes } from './harness.js'

const CASES: [name: string, port: number, request: string | null, answer: string, rejected: string][] = [
  ['Redis', 6379, '*1\r\n$4\r\nPING\r\n', '-ERR max number of cl', '-ERR max number of cl'],
  ['HTTP', 8080, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'HTTP/1.1 429 Too Ma', ''],
  ['SMTP', 25, null, '554 5.7.1 no serv', '554 5.7.1 no serv'],
  ['FTP', 21, null, '530 Too many us', '530 Too many us'],
  ['MySQL', 3306, null, '\x48\x00\x00\x00\xff\x69\x04Host is bl', 'ERROR 1129: Host is bl'],
  [
    'PostgreSQL',
    5432,
    '\x00\x00\x00\x09\x00\x03\x00\x00\x00',
    'E\x00\x00\x00\x48SFATAL\x00VFATAL\x00C53300\x00Msorry, too m',
    'FATAL: sorry, too m',
  ],
]

/** What the client asked was captured whole; of the answer `missing` bytes were not. */
function told(port: number, request: string | null, answer: string, missing: number) {
  const state = createApplicationState(port)
  if (request !== null) peek(state, 0, bytes(request), 0, request.length, 0, 0, 1)
  peek(state, 1, bytes(answer), 0, answer.length, missing, 0, 2)
  return state
}

describe('a refusal that the snap length cut', () => {
  for (const [name, port, request, answer, rejected] of CASES) {
    it(`is understood in ${name}`, () => {
      const state = told(port, request, answer, 20)
      if (name === 'HTTP') expect(state.http?.status).toBe(429)
      else expect(lastRejection(state, 1)?.text).toBe(rejected)
      expect(state.sides[1].framing).toBe('lost')
    })

    it(`is no refusal yet in ${name} while the rest may still come`, () => {
      expect(lastRejection(told(port, request, answer, 0), 1)).toBeUndefined()
    })
  }

  it('is not seen in a cut answer that refuses nothing', () => {
    expect(lastRejection(told(6379, '*1\r\n$4\r\nPING\r\n', '+PONG and mo', 9), 1)).toBeUndefined()
    expect(lastRejection(told(25, null, '220 mail.exam', 9), 1)).toBeUndefined()
  })

  it('is told by the first digit of a status (RFC 9110 §15)', () => {
    const cut = (answer: string) => told(8080, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', answer, 20)
    expect(lastRejection(cut('HTTP/1.1 4'), 1)?.text).toBe('HTTP 4xx')
    expect(lastRejection(cut('HTTP/1.1 50'), 1)?.text).toBe('HTTP 50x')
    expect(lastRejection(cut('HTTP/1.1 2'), 1)).toBeUndefined()
    expect(lastRejection(cut('HTTP/1.1 '), 1)).toBeUndefined()
  })

  it('is no refusal of the client that speaks another protocol than the cut banner', () => {
    const state = told(443, null, 'SSH-2.0-OpenSSH_9.2p1 Debian-2', 11)
    const hello = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'
    peek(state, 0, bytes(hello), 0, hello.length, 500, 0, 3)
    expect(state.mismatch).toBe('TLS sent to a server that speaks SSH')
    expect(lastRejection(state, 0)).toBeUndefined()
  })

  it('is a mismatch where the cut words begin like another protocol, and nothing where they do not', () => {
    const cut = (answer: string) => told(443, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', answer, 11)
    expect(cut('SSH-2.0-OpenSSH_9.2p1 Debian-2').mismatch).toBe('HTTP sent to a server that speaks SSH')
    const other = cut('lorem ipsum dolor sit amet')
    expect([other.mismatch, lastRejection(other, 1)]).toEqual([null, undefined])
  })
})
