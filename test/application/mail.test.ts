import { describe, expect, test } from 'vitest'
import {
  applicationName,
  exchangeComplete,
  lastRejection,
  messageInProgress,
  requestOutstanding,
  stage,
} from '../../src/flow/application/index.ts'
import { after, labels, type Turn } from './harness.ts'

const GREETING: Turn = ['s', '220 mx.example ESMTP ready\r\n']
const EHLO: Turn[] = [
  GREETING,
  ['c', 'EHLO a\r\n'],
  ['s', '250-mx.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n'],
]
const TO_DATA: Turn[] = [
  ...EHLO,
  ['c', 'MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n'],
  ['s', '250 ok\r\n250 ok\r\n354 go\r\n'],
]

describe('SMTP', () => {
  test('a greeting alone is neither asked nor answered', () => {
    const state = after([GREETING])
    expect(applicationName(state)).toBe('SMTP')
    expect(stage(state)).toBe('greeting')
    expect(exchangeComplete(state)).toBe(true)
    expect(state.answers).toBe(0)
  })

  test('a reply of several lines is one answer, and incomplete before its last', () => {
    expect(exchangeComplete(after(EHLO))).toBe(true)
    const cut = after([...EHLO.slice(0, 2), ['s', '250-mx.example\r\n250-PIPE']])
    expect(messageInProgress(cut, 1)).toBe(true)
    expect(requestOutstanding(cut)).toBe(true)
  })

  test('the text is a message until its lone dot, then a request', () => {
    const text: Turn = ['c', 'Subject: x\r\n\r\nQUIT\r\n..\r\nhello\r\n']
    expect(messageInProgress(after([...TO_DATA, text]), 0)).toBe(true)
    const sent = after([...TO_DATA, text, ['c', '.\r\n']])
    expect(messageInProgress(sent, 0)).toBe(false)
    expect(requestOutstanding(sent)).toBe(true)
    const refused = after([...TO_DATA, text, ['c', '.\r\n'], ['s', '521 5.2.1 no\r\n']])
    expect(lastRejection(refused)?.text).toBe('521 5.2.1 no')
    expect(exchangeComplete(refused)).toBe(true)
  })

  test('STARTTLS goes on in TLS', () => {
    const hello: Turn = [
      'c',
      '\x16\x03\x01\0\x2f\x01\0\0\x2b\x03\x03' + 'r'.repeat(32) + '\0\0\x02\x13\x01\x01\0\0\0',
    ]
    const state = after([...EHLO, ['c', 'STARTTLS\r\n'], ['s', '220 go ahead\r\n'], hello])
    expect(applicationName(state)).toBe('SMTP + TLS')
    expect(state.tls?.sides[0].hello).toBe(true)
    expect(after([...EHLO, ['c', 'STARTTLS\r\n'], ['s', '454 not now\r\n']]).protocol).toBe('smtp')
  })

  test('passwords never become labels', () => {
    const said = labels([
      ...EHLO,
      ['c', 'AUTH PLAIN AGEAc2VjcmV0\r\n'],
      ['s', '334 \r\n'],
      ['c', 'AGEAc2VjcmV0\r\n'],
    ])
    expect(said.join(' ')).not.toContain('AGEA')
  })

  test('QUIT and 421 announce the end', () => {
    expect(after([...EHLO, ['c', 'QUIT\r\n']]).closing).toEqual([true, false])
    expect(after([GREETING, ['s', '421 too busy\r\n']]).closing).toEqual([false, true])
  })
})

describe('FTP', () => {
  const greeting: Turn = ['s', '220-Welcome to FTP\r\n  rules follow\r\n220 ready\r\n']

  test('a preliminary reply leaves the command open', () => {
    const open = after([greeting, ['c', 'RETR file\r\n'], ['s', '150 opening\r\n']])
    expect(open.protocol).toBe('ftp')
    expect(requestOutstanding(open)).toBe(true)
    expect(
      requestOutstanding(after([greeting, ['c', 'RETR file\r\n'], ['s', '150 opening\r\n226 done\r\n']])),
    ).toBe(false)
  })

  test('a refused login, the password unseen', () => {
    const turns: Turn[] = [greeting, ['c', 'PASS secret\r\n'], ['s', '530 Login incorrect.\r\n']]
    expect(lastRejection(after(turns))?.text).toBe('530 Login incorrect.')
    expect(labels(turns)[1]).toBe('PASS')
  })

  test('the port decides where words do not', () => {
    expect(after([['s', '220 ready\r\n']]).protocol).toBeNull()
    expect(after([['s', '220 ready\r\n']], 21).protocol).toBe('ftp')
    expect(after([['s', '220 ready\r\n']], 25).protocol).toBe('smtp')
    expect(after([['s', '220 FTP server\r\n']]).protocol).toBe('ftp')
  })
})

describe('POP3', () => {
  const greeting: Turn = ['s', '+OK POP3 server ready\r\n']

  test('RETR is answered by lines up to a dot, DELE by one', () => {
    const cut = after([greeting, ['c', 'RETR 1\r\n'], ['s', '+OK\r\ntext\r\n']])
    expect(messageInProgress(cut, 1)).toBe(true)
    expect(exchangeComplete(after([greeting, ['c', 'RETR 1\r\n'], ['s', '+OK\r\ntext\r\n.\r\n']]))).toBe(true)
    expect(exchangeComplete(after([greeting, ['c', 'DELE 1\r\n'], ['s', '+OK\r\n']]))).toBe(true)
    expect(lastRejection(after([greeting, ['c', 'PASS x\r\n'], ['s', '-ERR no\r\n']]))?.text).toBe('-ERR no')
  })
})

describe('IMAP', () => {
  const greeting: Turn = ['s', '* OK ready\r\n']

  test('only the tagged line answers', () => {
    const fetch: Turn = ['c', 'a1 FETCH 1 BODY[]\r\n']
    expect(requestOutstanding(after([greeting, fetch, ['s', '* 1 FETCH (BODY[] {5}\r\nab\r\nc)\r\n']]))).toBe(
      true,
    )
    expect(
      requestOutstanding(after([greeting, fetch, ['s', '* 1 FETCH (BODY[] {5}\r\nab\r\nc)\r\na1 OK\r\n']])),
    ).toBe(false)
    expect(messageInProgress(after([greeting, fetch, ['s', '* 1 FETCH (BODY[] {5}\r\nab']]), 1)).toBe(true)
  })

  test('IDLE owes nothing until DONE', () => {
    const idle: Turn[] = [greeting, ['c', 'a1 IDLE\r\n'], ['s', '+ idling\r\n']]
    expect(requestOutstanding(after(idle))).toBe(false)
    expect(requestOutstanding(after([...idle, ['c', 'DONE\r\n']]))).toBe(true)
    expect(requestOutstanding(after([...idle, ['c', 'DONE\r\n'], ['s', 'a1 OK done\r\n']]))).toBe(false)
  })

  test('BYE without LOGOUT is a refusal', () => {
    expect(lastRejection(after([greeting, ['s', '* BYE autologout\r\n']]))?.text).toBe('* BYE autologout')
    expect(
      lastRejection(after([greeting, ['c', 'a LOGOUT\r\n'], ['s', '* BYE\r\na OK\r\n']])),
    ).toBeUndefined()
  })
})
