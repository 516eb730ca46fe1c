import { describe, expect, test } from 'vitest'
import {
  applicationName,
  exchangeComplete,
  lastRejection,
  messageInProgress,
  requestOutstanding,
  stage,
} from '../../src/flow/application/index.ts'
import { after, hex, labels, type Turn } from './harness.ts'

const rejected = (turns: Turn[]) => lastRejection(after(turns))?.text
const protocol = (side: 'c' | 's', text: string) => after([[side, text]]).protocol

describe('SSH', () => {
  test('banners, a refusal in words, a disconnect with its reason', () => {
    const banners: Turn[] = [
      ['s', 'SSH-2.0-OpenSSH_9.2\r\n'],
      ['c', 'SSH-2.0-PuTTY\r\n'],
    ]
    expect(labels(banners)).toEqual(['SSH-2.0-OpenSSH_9.2', 'SSH-2.0-PuTTY'])
    expect(rejected([...banners, ['s', `${hex('00000014 04 01 00000002 00000005')}Too mxxxxx`]])).toBe(
      'SSH disconnect: Too m',
    )
    expect(rejected([['s', 'Exceeded MaxStartups\r\n']])).toBe('Exceeded MaxStartups')
    expect(protocol('s', 'SSHD says hi\r\n')).toBeNull()
  })

  test('HTTP sent to sshd', () => {
    const state = after([
      ['c', 'GET / HTTP/1.1\r\n\r\n'],
      ['s', 'SSH-2.0-OpenSSH_6.6.1\r\n'],
      ['s', 'Protocol mismatch.\n'],
    ])
    expect(state.mismatch).toBe('HTTP sent to a server that speaks SSH')
    expect(lastRejection(state)?.text).toBe('Protocol mismatch.')
    expect(
      after([
        ['s', 'SSH-2.0-x\r\n'],
        ['c', 'GET / HTTP/1.1\r\n\r\n'],
      ]).mismatch,
    ).toBe('HTTP sent to a server that speaks SSH')
  })

  test('after NEWKEYS a side is opaque', () => {
    const state = after([['s', `SSH-2.0-x\r\n${hex('0000000c 0a 15')}${'p'.repeat(10)}encrypted`]])
    expect(state.sides[1].framing).toBe('opaque')
    expect(messageInProgress(state, 1)).toBeUndefined()
  })
})

describe('HTTP/2 in the clear', () => {
  const preface: Turn = ['c', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hex('000000040000000000')}`]
  const settings: Turn = ['s', hex('000000040000000000')]
  const request = (stream: string): Turn => ['c', hex(`000001 01 05 ${stream} 82`)]

  test('streams are requests', () => {
    expect(exchangeComplete(after([preface, settings]))).toBe(true)
    const two: Turn[] = [preface, settings, request('00000001'), request('00000003')]
    expect(after(two).outstanding).toBe(2)
    const one: Turn[] = [...two, ['s', hex('000001010400000003 88 000003000100000003 616263')]]
    expect(after(one).outstanding).toBe(1)
    const cut: Turn[] = [...one, ['s', hex('000001010400000001 88 000003000100000001 6162')]]
    expect(messageInProgress(after(cut), 1)).toBe(true)
    expect(exchangeComplete(after([...cut, ['s', 'c']]))).toBe(true)
  })

  test('RST_STREAM and GOAWAY refuse, GOAWAY without error only says farewell', () => {
    const asked: Turn[] = [preface, settings, request('00000001')]
    expect(rejected([...asked, ['s', hex('000004030000000001 00000007')]])).toBe('RST_STREAM REFUSED_STREAM')
    expect(requestOutstanding(after([...asked, ['s', hex('000004030000000001 00000007')]]))).toBe(false)
    expect(rejected([...asked, ['s', `${hex('00000c070000000000 00000001 0000000b')}slow`]])).toBe(
      'GOAWAY ENHANCE_YOUR_CALM: slow',
    )
    const farewell = after([...asked, ['s', hex('000008070000000000 00000001 00000000')]])
    expect(lastRejection(farewell)).toBeUndefined()
    expect(farewell.closing).toEqual([false, true])
  })
})

describe('WebSocket', () => {
  const upgrade: Turn[] = [
    ['c', 'GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
    ['s', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'],
  ]
  test('frames and the close frame of either side', () => {
    expect(applicationName(after(upgrade))).toBe('HTTP + WebSocket')
    expect(messageInProgress(after([...upgrade, ['s', hex('81057465')]]), 1)).toBe(true)
    expect(messageInProgress(after([...upgrade, ['s', hex('8102 7465')]]), 1)).toBe(false)
    expect(rejected([...upgrade, ['s', `${hex('8805 03f0')}big`]])).toBe('WebSocket close 1008 big')
    const masked = after([...upgrade, ['c', hex('8882 01020304 02ea')]])
    expect(masked.closing).toEqual([true, false])
    expect(lastRejection(masked)).toBeUndefined()
  })
})

describe('brokers', () => {
  test('AMQP closes with a reason', () => {
    const open: Turn = ['c', `AMQP${hex('00000901')}`]
    const close = `${hex('01 0000 00000011 000a0032 0140 06')}FORCED${hex('00000000 ce')}`
    expect(rejected([open, ['s', close]])).toBe('320 FORCED')
    expect(rejected([open, ['s', 'AMQP\0\x01\0\0']])).toBe('wants AMQP 1.0.0')
    expect(protocol('c', 'AMQPlify')).toBeNull()
  })

  test('Kafka answers by number', () => {
    const versions: Turn = ['c', hex('0000000d 0012 0000 00000007 0003 616263')]
    expect(labels([versions])).toEqual(['ApiVersions'])
    expect(requestOutstanding(after([versions]))).toBe(true)
    expect(requestOutstanding(after([versions, ['s', hex('0000000800000007 0000')]]))).toBe(true)
    expect(requestOutstanding(after([versions, ['s', hex('0000000600000007 0000')]]))).toBe(false)
    const silent: Turn = ['c', hex('00000013 0000 0003 00000008 0003 616263 ffff 0000 0000')]
    expect(requestOutstanding(after([versions, ['s', hex('0000000600000007 0000')], silent]))).toBe(false)
    // Too short for the field that says whether it wants an answer: what follows is not taken for that field.
    expect(after([versions, ['c', hex('0000000a 0000 0003 00000009 0000 0000 0000')]]).outstanding).toBe(2)
  })

  test('MQTT and NATS refuse', () => {
    const connect: Turn = ['c', hex('100c 0004 4d515454 04 02 003c 0000')]
    expect(rejected([connect, ['s', hex('20020005')]])).toBe('CONNACK not authorized')
    expect(requestOutstanding(after([connect]))).toBe(true)
    expect(rejected([['s', "INFO {}\r\n-ERR 'Authorization Violation'\r\n"]])).toBe(
      "-ERR 'Authorization Violation'",
    )
  })
})

describe('directories, shares, desktops, names, calls', () => {
  test('LDAP', () => {
    const bind: Turn = ['c', hex('300c 020101 6007 020103 0400 8000')]
    expect(requestOutstanding(after([bind]))).toBe(true)
    expect(rejected([bind, ['s', hex('300c 020101 6107 0a0131 0400 0400')]])).toBe('LDAP result 49')
    expect(protocol('c', hex('300c 020101 0407 020103 0400 8000'))).toBeNull()
  })

  test('SMB', () => {
    const header = (flags: string, status: string) =>
      `00000040 fe534d42 4000 0000 ${status} 0100 0000 ${flags}`
    const setup: Turn = ['c', hex(header('00000000', '00000000')) + '\0'.repeat(44)]
    expect(requestOutstanding(after([setup]))).toBe(true)
    const denied: Turn = ['s', hex(header('01000000', '6d0000c0')) + '\0'.repeat(44)]
    expect(rejected([setup, denied])).toBe('session setup: status 0xc000006d')
    expect(exchangeComplete(after([setup, denied]))).toBe(true)
  })

  test('RDP', () => {
    const request: Turn = ['c', hex('0300000b 06e00000000000')]
    expect(rejected([request, ['s', hex('03000013 0ed00000123400 03000800 05000000')]])).toBe(
      'RDP: hybrid (NLA) required by server',
    )
    expect(applicationName(after([request, ['s', hex('03000013 0ed00000123400 02000800 01000000')]]))).toBe(
      'RDP + TLS',
    )
  })

  test('VNC', () => {
    expect(
      rejected([
        ['s', 'RFB 003.008\n'],
        ['c', 'RFB 003.008\n'],
        ['s', '\0\0\0\0\x07too bad'],
      ]),
    ).toBe('too bad')
    expect(protocol('s', 'RFC 0793\r\n')).toBeNull()
  })

  test('DNS', () => {
    const query: Turn = [
      'c',
      hex('001d 1234 0100 0001 0000 0000 0000') + '\x07example\x03com\0' + hex('0001 0001'),
    ]
    expect(labels([query])).toEqual(['query example.com'])
    expect(requestOutstanding(after([query]))).toBe(true)
    expect(rejected([query, ['s', hex('000c 1234 8105 0000 0000 0000 0000')]])).toBe('DNS: refused')
    expect(after([query], 8080).protocol).toBeNull()
    // A name that goes on behind the message is none, though the bytes for it have come.
    const beyond = hex('0011 1234 0100 0001 0000 0000 0000') + '\x03com\0' + hex('0001 0001')
    expect(protocol('c', beyond)).toBeNull()
  })

  test('SIP and RTSP', () => {
    const options: Turn = ['c', 'OPTIONS sip:a SIP/2.0\r\nContent-Length: 2\r\n\r\nab']
    expect(requestOutstanding(after([options, ['s', 'SIP/2.0 100 Trying\r\n\r\n']]))).toBe(true)
    expect(rejected([options, ['s', 'SIP/2.0 486 Busy Here\r\n\r\n']])).toBe('SIP/2.0 486 Busy Here')
    const play: Turn[] = [
      ['c', 'PLAY rtsp://a RTSP/1.0\r\nCSeq: 1\r\n\r\n'],
      ['s', 'RTSP/1.0 200 OK\r\n\r\n$\0\0\x04data'],
    ]
    expect(exchangeComplete(after(play))).toBe(true)
  })

  test('IRC, ADB, and a PROXY header before HTTP', () => {
    expect(
      rejected([
        ['c', 'NICK a\r\n'],
        ['s', 'ERROR :Closing Link: (K-lined)\r\n'],
      ]),
    ).toBe('ERROR :Closing Link: (K-lined)')
    expect(protocol('c', '353 \n')).toBeNull()
    expect(protocol('c', hex('434e584e 00000001 00000400 01000000 4d0a0000 bcb1a7b1 00'))).toBe('adb')
    const proxied = after([['c', 'PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n']])
    expect(applicationName(proxied)).toBe('PROXY + HTTP h')
    expect(requestOutstanding(proxied)).toBe(true)
    const second = hex('0d0a0d0a000d0a515549540a 21 11 000c') + 'a'.repeat(12)
    expect(after([['c', `${second}GET / HTTP/1.1\r\n\r\n`]]).protocol).toBe('http1')
  })
})

describe('protocols nobody knows', () => {
  test('who spoke last is all there is', () => {
    const asked = after([['c', hex('ee01')]])
    expect(applicationName(asked)).toBeNull()
    expect(requestOutstanding(asked)).toBe(true)
    expect(stage(asked)).toBe('request')
    const answered = after([
      ['c', hex('ee01')],
      ['s', hex('ee02')],
    ])
    expect(requestOutstanding(answered)).toBeUndefined()
    expect(exchangeComplete(answered)).toBeUndefined()
    expect(stage(after([]))).toBe('nothing')
  })
})
