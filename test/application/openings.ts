/** Beginnings of all protocols, side by side with who says them, for tests that damage them. */

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, char => char.charCodeAt(0))
}

/** Text of the bytes that `hex` spells; spaces are ignored. */
export function hex(digits: string): string {
  return digits
    .replaceAll(/\s/g, '')
    .replaceAll(/../g, pair => String.fromCharCode(Number.parseInt(pair, 16)))
}

/** Random bytes alone would never come past the recognition. */
export const SEEDS: [0 | 1, string][] = [
  [0, 'GET /a HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc'],
  [
    1,
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.0 404 No\r\n\r\nbody',
  ],
  [
    0,
    `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hex('000000040000000000 000001010500000001 82 000004030000000001 00000008')}`,
  ],
  [
    1,
    hex(
      '000000040000000000 000001010400000001 88 000003000100000001 616263 00000807000000000000000000 00000001',
    ),
  ],
  [0, hex('16030100 2f 0100002b 0303') + 'r'.repeat(32) + hex('00 0002 1301 01 00 0000')],
  [1, hex('150303000202 28 1403030001 01 1703030013') + 'x'.repeat(19)],
  [1, 'SSH-2.0-x\r\n' + hex('0000000c 0a 01 00000002 00000000') + 'Protocol mismatch.\r\n'],
  [1, '220 mx ESMTP\r\n250-a\r\n250 b\r\n354 go\r\n554 no\r\n'],
  [0, 'EHLO a\r\nMAIL FROM:<>\r\nDATA\r\ntext\r\n.\r\nQUIT\r\n'],
  [1, '220 FTP ready\r\n331 x\r\n150 y\r\n226 z\r\n'],
  [1, '+OK POP3 ready\r\n+OK\r\nline\r\n.\r\n-ERR no\r\n'],
  [1, '* OK IMAP ready\r\n* 1 FETCH (BODY {4}\r\nabcd)\r\na1 OK done\r\n'],
  [0, 'a1 LOGIN {3}\r\nabc {2}\r\nde\r\na2 IDLE\r\nDONE\r\n'],
  [0, '*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\n'],
  [1, '-DENIED no\r\n$3\r\nabc\r\n*2\r\n:1\r\n%1\r\n+a\r\n$-1\r\n'],
  [0, 'set k 0 0 3\r\nabc\r\nget k\r\n'],
  [1, hex('0a0000000a 382e302e3000 010000 07000002 000000020000 00 0a000001ff15042332383030304e6f')],
  [0, hex('00000008 04d2162f 00000010 00030000 7573657200610000 51 00000009 53454c4543')],
  [1, `N${hex('52 00000008 00000000 5a 00000005 49 45 00000010 53464154414c00 4d6e6f00 00')}`],
  [0, hex('12010014 00000100 00001a0006 01002000 01ff 0000')],
  [
    0,
    hex('2a000000 01000000 00000000 dd070000 00000000 00 15000000 01') + 'ping\0' + hex('000000000000f03f00'),
  ],
  [0, `AMQP${hex('00000901 01000000000004 000a000b ce')}`],
  [1, hex('01 0000 00000010 000a0032 0140 05') + 'error' + hex('00000000 ce')],
  [0, hex('00000013 0012 0003 00000001 0003 616263 000000000000')],
  [0, hex('10 10 0004 4d515454 04 02 003c 0004 61626364 c000')],
  [1, 'INFO {"a":1}\r\nMSG s 1 3\r\nabc\r\n-ERR \'x\'\r\n'],
  [0, hex('05000000 05 00000000')],
  [0, hex('300c 020101 6007 020103 0400 8000')],
  [0, hex('00000018 fe534d42 4000 0000 00000000 0000 0000 00000000 00000000')],
  [0, hex('0300000b 06 e0 0000 0000 00')],
  [1, 'RFB 003.008\n\0\0\0\0\x04nope'],
  [0, hex('0018 1234 0100 0001 0000 0000 0000 01 61 03 636f6d 00 0001 0001')],
  [0, 'OPTIONS sip:a SIP/2.0\r\nContent-Length: 2\r\n\r\nab'],
  [0, 'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n$\0\0\x02ab'],
  [0, `PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\nCONNECT a:1 HTTP/1.1\r\n\r\n`],
  [0, 'NICK a\r\nUSER b\r\n'],
]
