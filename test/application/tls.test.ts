import { describe, expect, test } from 'vitest'
import {
  applicationName,
  exchangeComplete,
  lastRejection,
  messageInProgress,
  probableAlert,
  requestOutstanding,
  stage,
  tlsHandshakeDone,
} from '../../src/flow/application/index.ts'
import { after, hex, labels, type Turn } from './harness.ts'

const u16 = (value: number) => String.fromCharCode(value >> 8, value & 255)
const record = (type: number, body: string) => String.fromCharCode(type, 3, 3) + u16(body.length) + body
const handshake = (type: number, body: string) => String.fromCharCode(type, 0) + u16(body.length) + body
const extension = (type: number, body: string) => u16(type) + u16(body.length) + body
const hello = (type: number, ciphers: string, ...extensions: string[]) =>
  record(
    22,
    handshake(
      type,
      `\x03\x03${'r'.repeat(32)}\0${ciphers}${u16(extensions.join('').length)}${extensions.join('')}`,
    ),
  )
const data = (bytes: number) => record(23, 'x'.repeat(bytes))
const alert = (level: number, description: number) => record(21, String.fromCharCode(level, description))

const SNI = extension(0, `${u16(18)}\0${u16(15)}api.example.com`)
const CLIENT_HELLO: Turn = [
  'c',
  hello(
    1,
    `${u16(4)}\x13\x01\x13\x02\x01\0`,
    extension(51, 'k'.repeat(1216)),
    extension(16, '\0\x0c\x02h2\x08http/1.1'),
    SNI,
  ),
]
const SERVER_HELLO_13 = hello(2, '\x13\x01\0', extension(43, '\x03\x04'))
const SERVER_HELLO_12 = hello(2, '\xc0\x2f\0')
const CCS = record(20, '\x01')

const DONE_13: Turn[] = [CLIENT_HELLO, ['s', SERVER_HELLO_13 + CCS + data(1500)], ['c', CCS + data(53)]]
const DONE_12: Turn[] = [
  CLIENT_HELLO,
  ['s', SERVER_HELLO_12 + record(22, handshake(11, 'c'.repeat(3000)) + handshake(14, ''))],
  ['c', record(22, handshake(16, 'k'.repeat(65))) + CCS + record(22, 'e'.repeat(40))],
  ['s', CCS + record(22, 'e'.repeat(40))],
]

describe('the handshake', () => {
  test('the hello of several segments names server and protocol', () => {
    const state = after([CLIENT_HELLO])
    expect(applicationName(state)).toBe('TLS api.example.com')
    expect(state.tls?.alpn).toBe('h2')
    expect(stage(state)).toBe('handshake')
    expect(requestOutstanding(state)).toBe(true)
    expect(labels([CLIENT_HELLO])).toEqual(['ClientHello api.example.com'])
  })

  test('is over with the Finished of both sides in 1.2, of the client in 1.3', () => {
    expect(after(DONE_12.slice(0, 3)).tls?.handshakeDone).toBe(false)
    expect(after(DONE_12).tls).toMatchObject({ handshakeDone: true, version: 0x0303 })
    expect(after(DONE_13.slice(0, 2)).tls?.handshakeDone).toBe(false)
    expect(after(DONE_13).tls).toMatchObject({ handshakeDone: true, version: 0x0304 })
  })

  test('a header that the end of its record cuts is passed over, however segments cut it', () => {
    const cut = after([['c', record(22, `${handshake(1, 'h'.repeat(60))}\x0b\0\x01`)]])
    expect(cut.tls?.sides[0]).toMatchObject({ hello: true, recordLeft: 0 })
  })

  test('a certificate chain over several records is passed over', () => {
    const chain = handshake(11, 'c'.repeat(9000))
    const state = after([
      CLIENT_HELLO,
      [
        's',
        SERVER_HELLO_12 +
          record(22, chain.slice(0, 5000)) +
          record(22, chain.slice(5000) + handshake(14, '')) +
          alert(2, 80),
      ],
    ])
    expect(lastRejection(state)?.text).toBe('TLS alert: internal error (fatal)')
  })

  test('a fatal alert is a refusal, in the clear even in 1.3', () => {
    const state = after([CLIENT_HELLO, ['s', SERVER_HELLO_13 + CCS + data(1500)], ['c', alert(2, 48)]])
    expect(lastRejection(state)).toMatchObject({ side: 0, text: 'TLS alert: unknown ca (fatal)' })
    expect(stage(state)).toBe('handshake-failed')
    expect(labels([CLIENT_HELLO, ['s', alert(2, 40)]])[1]).toBe('alert: handshake failure (fatal)')
  })
})

test('with one direction only, nobody can tell whether the handshake was finished', () => {
  const one = DONE_12.filter(([side]) => side === 'c')
  expect(tlsHandshakeDone(after([...one, ['c', data(300)]]))).toBeUndefined()
  expect(tlsHandshakeDone(after([CLIENT_HELLO]))).toBe(false)
})

describe('encrypted alerts', () => {
  test('a server that answers the certificate with 24 bytes has refused it', () => {
    const state = after([...DONE_13, ['s', data(19)]])
    expect(probableAlert(state)).toMatchObject({ side: 1, early: true })
    expect(lastRejection(state)?.text).toBe('TLS alert (encrypted)')
  })

  test('after data 24 bytes are no refusal, and 25 are no alert', () => {
    const talked: Turn[] = [...DONE_13, ['s', data(250)], ['c', data(300)], ['s', data(900)]]
    const state = after([...talked, ['s', data(19)]])
    expect(probableAlert(state)).toMatchObject({ side: 1, early: false })
    expect(lastRejection(state)).toBeUndefined()
    expect(probableAlert(after([...talked, ['s', data(20)]]))).toBeUndefined()
  })

  test('1.2 shows that it is an alert', () => {
    const state = after([...DONE_12, ['c', data(300)], ['s', data(900) + record(21, 'a'.repeat(26))]])
    expect(state.tls?.alert).toMatchObject({ side: 1, description: -1 })
    expect(state.closing).toEqual([false, true])
    expect(lastRejection(state)).toBeUndefined()
  })
})

describe('what cannot be read', () => {
  test('nothing encrypted is ever complete', () => {
    const state = after([...DONE_13, ['c', data(300)], ['s', data(900)]])
    expect(requestOutstanding(state)).toBeUndefined()
    expect(exchangeComplete(state)).toBeUndefined()
  })

  test('a long turn of the client asks for something, a short one may be housekeeping', () => {
    expect(requestOutstanding(after([...DONE_13, ['s', data(250)], ['c', data(300)]]))).toBe(true)
    expect(requestOutstanding(after([...DONE_13, ['s', data(250)], ['c', data(30)]]))).toBeUndefined()
  })

  test('a record that is cut is a message that is cut', () => {
    expect(messageInProgress(after([...DONE_13, ['s', data(900).slice(0, 500)]]), 1)).toBe(true)
    expect(messageInProgress(after([...DONE_13, ['s', data(900)]]), 1)).toBeUndefined()
  })
})

describe('the wrong protocol', () => {
  test('HTTP answers TLS with 400, or with a page without a head', () => {
    const spoken = after([CLIENT_HELLO, ['s', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n']])
    expect(spoken.mismatch).toBe('TLS sent to a server that speaks HTTP')
    expect(lastRejection(spoken)?.text).toBe('HTTP/1.1 400 Bad Request')
    const page = after([CLIENT_HELLO, ['s', '<!DOCTYPE HTML>\n<html lang="en">\n <head>\n']])
    expect(page.mismatch).toBe('TLS sent to a server that speaks HTTP')
    expect(messageInProgress(page, 1)).toBeUndefined()
  })

  test('other bytes that begin with 0x16 are not TLS', () => {
    expect(after([['c', hex('16 04 01 0005 01 000000 00')]]).protocol).toBeNull()
    expect(after([['c', hex('16 03 01 0000 01 000000 00')]]).protocol).toBeNull()
  })
})
