/** Nothing of the original in any output: searched for in the bytes of every report and every capture, with what tshark found in the originals. */
import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { analyzeCaptures } from '../../src/analyze.ts'
import { openCaptures } from '../../src/capture/index.ts'
import type { Analysis } from '../../src/model.ts'
import { Notes } from '../../src/notes.ts'
import { aliasesFor, redactAnalysis } from '../../src/redact/index.ts'
import { FORMAT_NAMES, FORMATS } from '../../src/report/formats.ts'
import { select } from '../../src/report/select.ts'
import { annotateCapture, extractIncidents } from '../../src/rewrite/index.ts'
import { createDecoder } from '../../src/wire/decoder.ts'
import { Segment } from '../../src/wire/segment.ts'
import { tempFolder } from '../capture/helpers.ts'
import { describeWith, tsharkFields } from '../oracle.ts'
import { everyday } from '../sample.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures')

function captures(): string[] {
  const publicOnes = fs.readdirSync(path.join(FIXTURES, 'public'), { encoding: 'utf8' })
  const lab = fs.readdirSync(path.join(FIXTURES, 'lab'), { recursive: true, encoding: 'utf8' }).sort()
  // Some, and all that travel in tunnels.
  const sample = lab
    .filter(name => name.endsWith('.pcap'))
    .filter((name, i) => i % 120 === 0 || /encap/.test(name))
  return [
    ...publicOnes
      .filter(name => /\.pcap(ng)?$/.test(name) && !/invalid/.test(name))
      .map(name => `public/${name}`),
    ...sample.map(name => `lab/${name}`),
    'start/incident.pcap',
  ]
}

/** Text of every report, and the frames of every capture that are written redacted. */
async function outputs(file: string, analysis: Analysis): Promise<{ texts: string[]; files: string[] }> {
  const aliases = aliasesFor(analysis)
  const redacted = redactAnalysis(analysis, aliases)
  const folder = fs.mkdtempSync(path.join(tempFolder(), 'leak-'))
  const annotated = path.join(folder, 'annotated.pcapng')
  await annotateCapture(analysis, annotated, { aliases })
  const extracted = await extractIncidents(analysis, path.join(folder, 'incidents'), { aliases })
  expect(extracted.length, file).toBe(analysis.report.incidents.length)
  const texts = [
    fs.readdirSync(path.join(folder, 'incidents')).join(' '),
    JSON.stringify([...redacted.stories]),
  ]
  for (const name of FORMAT_NAMES) {
    const load = FORMATS[name].load
    if (!load) continue
    const selection = select(redacted.report)
    const options = { analysis: redacted, selection, stories: 'all', width: 100, color: false } as const
    texts.push([...(await load())(options)].join(''))
  }
  return { texts, files: [annotated, ...extracted.map(one => one.path)] }
}

async function framesOf(file: string): Promise<Buffer[]> {
  const frames: Buffer[] = []
  const set = await openCaptures([file])
  await set.read(frame => frames.push(Buffer.from(frame.data.subarray(frame.start, frame.end))))
  return frames
}

/** Values that stand for nobody. */
const NOBODY = new Set(['0.0.0.0', '255.255.255.255', '::', '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff'])

const ADDRESS_FIELDS = [
  'ip.addr',
  'ipv6.addr',
  'arp.src.proto_ipv4',
  'arp.dst.proto_ipv4',
  'eth.addr',
  'sll.src.eth',
]
const NAME_FIELDS = [
  'http.host',
  'http.request.uri',
  'http.user_agent',
  'http.server',
  'tls.handshake.extensions_server_name',
  'dns.qry.name',
  'dns.resp.name',
]

function found(file: string): { addresses: string[]; names: string[] } {
  const all = tsharkFields(file, [...ADDRESS_FIELDS, ...NAME_FIELDS])
  const values = (from: number, to: number): string[] => [
    ...new Set(all.flatMap(row => row.slice(from, to).flat()).filter(value => !NOBODY.has(value))),
  ]
  return { addresses: values(0, ADDRESS_FIELDS.length), names: values(ADDRESS_FIELDS.length, 99) }
}

function binary(address: string): Buffer {
  if (/^\d+(\.\d+){3}$/.test(address)) return Buffer.from(address.split('.').map(Number))
  if (/^([0-9a-f]{2}:){5}/.test(address)) return Buffer.from(address.replaceAll(':', ''), 'hex')
  const [head, tail] = address.split('::').map(half => half.split(':').filter(Boolean))
  const groups = tail ? [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail] : head
  return Buffer.from(groups.map(group => group.padStart(4, '0')).join(''), 'hex')
}

/** Words of the payload of TCP. */
async function payloadWords(file: string): Promise<Set<string>> {
  const words = new Set<string>()
  const decoder = createDecoder(new Notes())
  const segment = new Segment()
  const set = await openCaptures([file])
  await set.read(frame => {
    if (decoder.decode(frame, segment) !== 1) return
    const payload = Buffer.from(segment.data.subarray(segment.payloadStart, segment.payloadEnd)).toString(
      'latin1',
    )
    for (const [word] of payload.matchAll(/[\w./-]{7,}/g)) words.add(word)
  })
  return words
}

let known: string | undefined

/** What the program itself may say: its sources, and their words. */
function ownWords(): string {
  const src = path.resolve(import.meta.dirname, '../../src')
  known ??= fs
    .readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => fs.readFileSync(path.join(src, name), 'utf8').toLowerCase())
    .join('\n')
  return known
}

/** Every frame is there, of the same size, and no payload of TCP is in any. */
async function checkBlank(file: string, annotated: string): Promise<void> {
  const [before, after] = [await openCaptures([file]), await openCaptures([annotated])]
  const sizes: string[] = []
  await before.read(frame => sizes.push(`${frame.number} ${frame.end - frame.start}/${frame.originalLength}`))
  const decoder = createDecoder(new Notes())
  const segment = new Segment()
  await after.read(frame => {
    expect(`${frame.number} ${frame.end - frame.start}/${frame.originalLength}`).toBe(sizes.shift())
    if (decoder.decode(frame, segment) === 1)
      expect(segment.data.subarray(segment.payloadStart, segment.payloadEnd).every(byte => byte === 0)).toBe(
        true,
      )
  })
  expect(sizes).toEqual([])
}

describeWith(['tshark'], 'redacted outputs', () => {
  it.each(everyday(3, captures()))('%s', { timeout: 60_000 }, async name => {
    const file = path.join(FIXTURES, name)
    const analysis = await analyzeCaptures([file])
    const { texts, files } = await outputs(file, analysis)
    const text = texts.join('\n') + files.map(one => fs.readFileSync(one, 'latin1')).join('\n')
    const { addresses, ...originals } = found(file)
    const names = originals.names.filter(name => name.length > 3)
    const needles = [...names, ...(await payloadWords(file)), file]
    // The program's own words are looked for last: hardly any is found at all.
    expect(needles.filter(word => text.includes(word) && !ownWords().includes(word.toLowerCase()))).toEqual(
      [],
    )
    for (const address of [...addresses, ...addresses.map(a => a.replaceAll(':', '-'))])
      expect(
        new RegExp(`(?<![\\w:.-])${address.replaceAll('.', '\\.')}(?![\\w])`).exec(text)?.[0],
      ).toBeUndefined()
    const frames = (await Promise.all(files.map(framesOf))).flat()
    for (const address of addresses) {
      const bytes = binary(address)
      for (const needle of [bytes, Buffer.from(bytes).reverse()]) {
        const hit = frames.findIndex(frame => frame.includes(needle))
        expect(hit, `${address} in a frame: ${frames[hit]?.toString('hex')}`).toBe(-1)
      }
    }
    await checkBlank(file, files[0])
  })

  it('keeps what an analysis needs: the same verdicts come of a redacted capture, where no payload was needed', async () => {
    const file = path.join(FIXTURES, 'start/incident.pcap')
    const analysis = await analyzeCaptures([file])
    const annotated = path.join(fs.mkdtempSync(path.join(tempFolder(), 'again-')), 'a.pcapng')
    await annotateCapture(analysis, annotated, { aliases: aliasesFor(analysis) })
    const again = await analyzeCaptures([annotated])
    expect(again.report.resets.map(r => r.frames)).toEqual(analysis.report.resets.map(r => r.frames))
    expect(again.report.resets.map(r => r.origin)).toEqual(analysis.report.resets.map(r => r.origin))
  })
})
