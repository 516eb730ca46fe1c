/** Names for addresses from three sources, from the bytes of a capture to every format; and none of them left once redacted. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { type AnalyzeOptions, analyzeCaptures } from '../../src/analyze.js'
import type { Analysis } from '../../src/model.js'
import { aliasesFor, redactAnalysis } from '../../src/redact/index.js'
import { FORMAT_NAMES, FORMATS } from '../../src/report/formats.js'
import { select } from '../../src/report/select.js'
import { annotateCapture, extractIncidents } from '../../src/rewrite/index.js'
import { epb, idb, nrb, pcap, shb, concat } from '../capture/build.js'
import { tempFile } from '../capture/helpers.js'
import { newFolder } from '../rewrite/helpers.js'
import { be16, be32, type Bytes, eth, ip4, tcp, udp } from '../wire/bytes.js'

const CLIENT = [10, 0, 0, 5]
const SERVER = [10, 0, 1, 9]
const HOST = 'api.example.com'

const dnsName = (text: string): Bytes => [...text.split('.').flatMap(l => [l.length, ...Buffer.from(l)]), 0]

/** An answer that gives HOST an address. */
function dnsAnswer(host: string, address: Bytes): Bytes {
  const head = [0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]
  const body = [...dnsName(host), 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, ...be32(60), ...be16(4), ...address]
  return eth(
    ip4(udp([...head, ...body], 53, 5353 + 1000), {
      protocol: 17,
      source: [10, 0, 0, 53],
      destination: CLIENT,
    }),
  )
}

/** A connect that is refused. */
const refused: Bytes[] = [
  eth(
    ip4(tcp({ sourcePort: 41234, destinationPort: 443, seq: 100, ack: 0, flags: 0x002 }), {
      source: CLIENT,
      destination: SERVER,
    }),
  ),
  eth(
    ip4(tcp({ sourcePort: 443, destinationPort: 41234, seq: 0, ack: 101, flags: 0x014 }), {
      source: SERVER,
      destination: CLIENT,
    }),
  ),
]

const named = [dnsAnswer(HOST, SERVER), ...refused].map(frame => Uint8Array.from(frame))

function capture(frames: Uint8Array[] = named): string {
  return tempFile(pcap({ records: frames.map((data, i) => ({ data, sec: 1_700_000_000 + i })) }))
}

async function rendered(analysis: Analysis): Promise<Record<string, string>> {
  const texts: Record<string, string> = {}
  for (const format of FORMAT_NAMES) {
    const load = FORMATS[format].load!
    const selection = select(analysis.report)
    texts[format] = [
      ...(await load())({ analysis, selection, stories: 'all', width: 100, color: false }),
    ].join('')
  }
  return texts
}

const analysed = (file: string, options: AnalyzeOptions = {}) => analyzeCaptures([file], options)

describe('names found in a capture', () => {
  it('DNS answers stand beside the address in every format', async () => {
    const analysis = await analysed(capture())
    expect(analysis.report.names).toEqual([{ address: '10.0.1.9', name: HOST, from: 'dns' }])
    const texts = await rendered(analysis)
    for (const [format, text] of Object.entries(texts)) {
      const beside = format.endsWith('json') ? `"name":"${HOST}"` : `(${HOST})`
      expect(text.replaceAll('": "', '":"'), format).toContain(beside)
    }
  })

  it('an answer behind the reset counts as well; an address with several names says so', async () => {
    const frames = [
      ...refused,
      dnsAnswer(HOST, SERVER),
      dnsAnswer('www.example.com', SERVER),
      dnsAnswer(HOST, SERVER),
    ]
    const { names } = await analysed(capture(frames.map(frame => Uint8Array.from(frame))))
    expect(names.get('10.0.1.9')).toBe(`${HOST} and 1 more`)
  })

  it('the user goes before name blocks, name blocks before DNS', async () => {
    const blocks = [
      shb(),
      idb(),
      nrb([
        [Uint8Array.from(SERVER), 'block.example'],
        [Uint8Array.from(CLIENT), 'peer7.example'],
      ]),
      ...named.map(data => epb({ data })),
    ]
    const file = tempFile(concat(...blocks))
    expect((await analysed(file)).report.names).toEqual([
      { address: '10.0.0.5', name: 'peer7.example', from: 'capture' },
      { address: '10.0.1.9', name: 'block.example', from: 'capture' },
    ])
    const hostNames = new Map([['10.0.1.9', 'mine']])
    expect((await analysed(file, { hostNames })).report.names[1]).toEqual({
      address: '10.0.1.9',
      name: 'mine',
      from: 'hosts',
    })
  })

  it('name blocks keep so many names of so many characters', async () => {
    const entries = Array.from({ length: 1000 }, (_, i): [Uint8Array, string] => [
      Uint8Array.of(10, 1, i >> 8, i & 255),
      'x'.repeat(400),
    ])
    const all = Array.from({ length: 70 }, (_, n) => nrb(entries.map(([a, text]) => [a.with(1, n), text])))
    const { names } = await analysed(tempFile(concat(shb(), idb(), ...all)))
    expect(names.size).toBe(65_536)
    expect(Math.max(...[...names.values()].map(name => name.length))).toBe(253)
  })

  it('hostile names in name blocks are shown harmless', async () => {
    const evil = '\u001b[2J<script>|=cmd()`'
    const file = tempFile(
      concat(shb(), idb(), nrb([[Uint8Array.from(SERVER), evil]]), ...named.map(data => epb({ data }))),
    )
    const texts = await rendered(await analysed(file))
    for (const [format, text] of Object.entries(texts)) expect(text, format).not.toContain('\u001b')
    expect(texts['html']).not.toContain('<script>|')
    expect(texts['text']).toContain('(\\x1b[2J<script>|=cmd()`)')
  })

  it('none is left once redacted', async () => {
    const file = tempFile(
      concat(
        shb(),
        idb(),
        nrb([[Uint8Array.from(CLIENT), 'peer7.example']]),
        ...named.map(data => epb({ data })),
      ),
    )
    const redacted = redactAnalysis(await analysed(file, { hostNames: new Map([['10.0.0.5', 'cart-db']]) }))
    expect(redacted.report.names.map(one => one.from)).toEqual(['hosts', 'dns'])
    for (const [format, text] of Object.entries(await rendered(redacted)))
      expect(text, format).not.toMatch(/api\.example\.com|peer7|cart-db|10\.0\.[01]\.\d/)
  })
})

it('captures written redacted hold no name either: neither block nor DNS', async () => {
  const entries: [Uint8Array, string][] = [[Uint8Array.from(CLIENT), 'peer7.example']]
  const file = tempFile(concat(shb(), idb(), nrb(entries), ...named.map(data => epb({ data }))))
  const analysis = await analysed(file)
  const folder = newFolder()
  const annotated = path.join(folder, 'annotated.pcapng')
  const aliases = aliasesFor(analysis)
  await annotateCapture(analysis, annotated, { aliases })
  const [extracted] = await extractIncidents(analysis, path.join(folder, 'incidents'), { aliases })
  for (const written of [annotated, extracted.path]) {
    const bytes = fs.readFileSync(written).toString('latin1')
    for (const secret of ['peer7', 'example.com', '\u0003api\u0007example', String.fromCharCode(...SERVER)])
      expect(bytes.includes(secret), `${secret} in ${path.basename(written)}`).toBe(false)
    expect((await analysed(written)).names.size).toBe(0)
  }
  // Not redacted, the block and the answer are still there.
  await annotateCapture(analysis, annotated, {})
  expect((await analysed(annotated)).report.names).toEqual(analysis.report.names)
})

it('a stream and a file give the same names', async () => {
  const file = capture()
  const { buildWorld } = await import('../../src/flow/index.js')
  const { openStream } = await import('../../src/capture/index.js')
  const { createDecoder } = await import('../../src/wire/decoder.js')
  const { NameBook } = await import('../../src/flow/name-book.js')
  const book = new NameBook()
  const source = await openStream(fs.createReadStream(file), 'stream')
  await buildWorld(source, createDecoder, { onDatagram: segment => book.note(segment) })
  expect(book.list()).toEqual(new Map([['10.0.1.9', HOST]]))
})
