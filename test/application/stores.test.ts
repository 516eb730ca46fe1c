import { describe, expect, test } from 'vitest'
import {
  applicationName,
  exchangeComplete,
  lastRejection,
  messageInProgress,
  requestOutstanding,
} from '../../src/flow/application/index.ts'
import { after, hex, labels, type Turn } from './harness.ts'

const rejected = (turns: Turn[], port = 0) => lastRejection(after(turns, port))?.text

describe('Redis', () => {
  const get: Turn = ['c', '*2\r\n$3\r\nGET\r\n$1\r\nk\r\n']

  test('commands and answers are paired, nested answers read to their end', () => {
    expect(requestOutstanding(after([get]))).toBe(true)
    expect(exchangeComplete(after([get, ['s', '$5\r\nhello\r\n']]))).toBe(true)
    expect(exchangeComplete(after([get, ['s', '*2\r\n*2\r\n:1\r\n:2\r\n%1\r\n+a\r\n$-1\r\n']]))).toBe(true)
    expect(messageInProgress(after([get, ['s', '*2\r\n:1\r\n']]), 1)).toBe(true)
    expect(
      requestOutstanding(
        after([
          ['c', get[1] + get[1]],
          ['s', '$-1\r\n'],
        ]),
      ),
    ).toBe(true)
    expect(labels([get])).toEqual(['GET'])
  })

  test('too many clients, in words that POP3 could use too', () => {
    expect(rejected([['s', '-ERR max number of clients reached\r\n']])).toBe(
      '-ERR max number of clients reached',
    )
    expect(after([['s', '-ERR max number of clients reached\r\n']]).protocol).toBe('redis')
    expect(after([['c', '*2 stars\r\n']]).protocol).toBeNull()
  })
})

describe('memcached', () => {
  test('values are skipped, END ends', () => {
    const state = after([
      ['c', 'set k 0 0 5\r\nEND\r\n\r\nget k\r\n'],
      ['s', 'STORED\r\nVALUE k 0 5\r\nEND\r\n\r\nEND\r\n'],
    ])
    expect(state.answers).toBe(2)
    expect(exchangeComplete(state)).toBe(true)
    expect(
      requestOutstanding(
        after([
          ['c', 'get k\r\n'],
          ['s', 'VALUE k 0 5\r\nab'],
        ]),
      ),
    ).toBe(true)
    expect(after([['c', 'getting on\r\n']]).protocol).toBeNull()
  })
})

describe('MySQL', () => {
  const greeting: Turn = ['s', `${hex('4a0000000a')}8.0.32\0${'x'.repeat(66)}`]
  // Capabilities of a real client: no CLIENT_SSL, CLIENT_DEPRECATE_EOF and query attributes.
  const login: Turn = ['c', hex('25000001 8da6ff19 00000001 ff') + '\0'.repeat(23) + hex('726f6f7400')]
  const ok: Turn = ['s', hex('07000002 00 00 00 0200 0000')]
  const query: Turn = ['c', `${hex('0b000000 03 0001')}SELECT 1`]
  const columns = hex('01000001 01 02000002 0364')

  test('a result ends with its closing packet', () => {
    expect(requestOutstanding(after([greeting, login]))).toBe(true)
    expect(exchangeComplete(after([greeting, login, ok]))).toBe(true)
    const rows = `${columns}${hex('02000003 0131')}`
    expect(messageInProgress(after([greeting, login, ok, query, ['s', rows]]), 1)).toBe(true)
    expect(
      exchangeComplete(after([greeting, login, ok, query, ['s', rows + hex('07000004 fe 00 00 0200 0000')]])),
    ).toBe(true)
    expect(
      requestOutstanding(after([greeting, login, ok, query, ['s', hex('07000001 00 00 00 0a00 0000')]])),
    ).toBe(true)
  })

  test('errors while connecting and while working', () => {
    expect(rejected([['s', `${hex('17000000 ff1004')}Too many connections`]])).toBe(
      'ERROR 1040: Too many connections',
    )
    expect(rejected([greeting, login, ['s', `${hex('0f000002 ff1504 23')}28000denied`]])).toBe(
      'ERROR 1045: denied',
    )
    expect(after([greeting, login, ok, ['c', hex('0100000001')]]).closing).toEqual([true, false])
  })

  test('other small numbers are not its greeting', () => {
    expect(after([['s', hex('4a0000000b382e30')]]).protocol).toBeNull()
    expect(after([['s', hex('4a0000010a382e30')]]).protocol).toBeNull()
  })
})

describe('PostgreSQL', () => {
  const message = (type: string, body: string) =>
    `${type}\0\0\0${String.fromCharCode(4 + body.length)}${body}`
  const startup: Turn = ['c', hex('00000010 00030000 7573657200610000')]
  const ready: Turn = ['s', message('R', '\0\0\0\0') + message('S', 'a\0b\0') + message('Z', 'I')]
  const query: Turn = ['c', message('Q', 'SELECT 1\0')]

  test('ReadyForQuery answers', () => {
    expect(requestOutstanding(after([startup]))).toBe(true)
    expect(exchangeComplete(after([startup, ready]))).toBe(true)
    expect(messageInProgress(after([startup, ready, query, ['s', message('T', '\0\0')]]), 1)).toBe(true)
    expect(
      exchangeComplete(after([startup, ready, query, ['s', message('C', 'A\0') + message('Z', 'I')]])),
    ).toBe(true)
    expect(labels([startup, ready, query])[2]).toBe('query SELECT')
  })

  test('a batch is one request, its Sync the end', () => {
    const batch = message('P', '\0\0\0\0') + message('E', '\0\0\0\0\0')
    expect(messageInProgress(after([startup, ready, ['c', batch]]), 0)).toBe(true)
    const sent = after([startup, ready, ['c', batch + message('S', '')]])
    expect(messageInProgress(sent, 0)).toBe(false)
    expect(sent.outstanding).toBe(1)
  })

  test('FATAL says why, and is the last word', () => {
    const fatal: Turn = ['s', message('E', 'SFATAL\0C57P01\0Mbye now\0\0')]
    expect(rejected([startup, fatal])).toBe('FATAL: bye now')
    expect(requestOutstanding(after([startup, fatal]))).toBe(false)
  })

  test('an SSLRequest that is granted goes on in TLS', () => {
    const asked: Turn = ['c', hex('00000008 04d2162f')]
    expect(applicationName(after([asked, ['s', 'S']]))).toBe('PostgreSQL + TLS')
    expect(requestOutstanding(after([asked, ['s', 'N'], startup]))).toBe(true)
    expect(after([['c', hex('00000008 04d21699 ff')]]).protocol).toBeNull()
  })
})

describe('SQL Server', () => {
  const prelogin: Turn = ['c', hex('1201001400000100 00001a0006 01002000 01ff 00')]
  test('the end-of-message bit ends an answer', () => {
    expect(requestOutstanding(after([prelogin]))).toBe(true)
    expect(requestOutstanding(after([prelogin, ['s', hex('0400000a00000100 0000')]]))).toBe(true)
    expect(requestOutstanding(after([prelogin, ['s', hex('0401000a00000100 0000')]]))).toBe(false)
    const error = hex('0401001c00000100 aa1100 e6480000 01 0e 0200 4e006f00 000000000000')
    expect(rejected([prelogin, ['s', error.slice(0, 28)]])).toBe('Msg 18662: No')
  })
})

describe('MongoDB', () => {
  const message = (answers: string, elements: string) =>
    `${String.fromCharCode(26 + elements.length)}${hex(`000000 01000000 ${answers} dd070000 00000000 00`)}` +
    `${String.fromCharCode(5 + elements.length)}\0\0\0${elements}\0`
  const ping: Turn = ['c', message('00000000', '\x10ping\0\x01\0\0\0')]
  const no: Turn = ['s', message('01000000', `\x01ok\0${'\0'.repeat(8)}\x02errmsg\0\x03\0\0\0no\0`)]

  test('an answer names its request, a refusal its reason', () => {
    expect(labels([ping])).toEqual(['ping'])
    expect(requestOutstanding(after([ping]))).toBe(true)
    expect(rejected([ping, no])).toBe('no')
    expect(exchangeComplete(after([ping, no]))).toBe(true)
  })

  test('a number of the right size in the wrong place is none of its headers', () => {
    expect(after([['c', hex('27000000 01000000 00000001 dd070000')]]).protocol).toBeNull()
  })
})

describe('Cassandra', () => {
  test('requests, answers, errors', () => {
    const options: Turn = ['c', hex('04000000 05 00000000')]
    expect(requestOutstanding(after([options]))).toBe(true)
    expect(rejected([options, ['s', `${hex('84000000 00 0000000c 00001001 0006')}too ma`]])).toBe(
      '0x1001 too ma',
    )
    expect(after([['c', hex('04000000 07 00000000')]]).protocol).toBeNull()
  })
})
