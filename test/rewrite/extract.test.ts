/** `--extract`: one file per incident, only its connections, in a folder that nobody turns elsewhere. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { analyzeCaptures } from '../../src/analyze.ts'
import type { Incident } from '../../src/model.ts'
import { extractIncidents } from '../../src/rewrite/index.ts'
import { fileName } from '../../src/rewrite/plan.ts'
import * as build from '../capture/build.ts'
import { readAll, tempFile } from '../capture/helpers.ts'
import { describeWith, tsharkFields } from '../oracle.ts'
import { analysisOf, blocksOf, newFolder } from './helpers.ts'

const INCIDENT = path.resolve(import.meta.dirname, '../../fixtures/start/incident.pcap')
const capture = build.pcap({ records: [1, 2].map(id => ({ data: build.tcpFrame(id, id === 2 ? 4 : 0x10) })) })

describe('extracted incidents', () => {
  it('hold every RST of theirs and nothing but their connections', async () => {
    const analysis = await analyzeCaptures([INCIDENT])
    const files = await extractIncidents(analysis, path.join(newFolder(), 'made', 'on', 'the', 'way'))
    expect(files.map(file => file.incident)).toEqual(analysis.report.incidents.map(incident => incident.id))
    for (const { incident, path: file, frames, omitted } of files) {
      const again = await analyzeCaptures([file])
      const resets = analysis.report.resets.filter(reset => reset.incident === incident)
      expect(again.report.totals.rstFrames).toBeGreaterThanOrEqual(
        resets.reduce((sum, r) => sum + r.frames.length, 0),
      )
      expect(again.report.totals.resetConnections).toBe(
        new Set(resets.map(r => `${r.connection.client.address} ${r.connection.client.port}`)).size,
      )
      expect(again.report.captures[0]).toMatchObject({ frames, complete: true })
      expect(omitted).toBe(0)
    }
  })

  it('of several pieces hold a section for each', async () => {
    const first = build.pcap({ records: [{ sec: 100, data: build.tcpFrame(1, 0x10, 5) }] })
    const second = build.concat(
      build.shb({ big: true }),
      build.idb({ big: true, linkType: 113 }),
      build.idb({ big: true }),
      build.epb({ big: true, interfaceId: 1, time: 200_000_000n, data: build.tcpFrame(2, 4) }),
    )
    const analysis = await analyzeCaptures([tempFile(second), tempFile(first)])
    const [file] = await extractIncidents(analysis, newFolder())
    expect(blocksOf(file.path).map(block => block.type)).toEqual([0x0a0d0d0a, 1, 6, 0x0a0d0d0a, 1, 1, 6])
    expect((await readAll([file.path])).rows.map(row => row.split(' ')[1])).toEqual([
      '100.000000000',
      '200.000000000',
    ])
  })

  it('leave the middle of a long connection out, never a frame that a verdict names', async () => {
    const records = Array.from({ length: 30_000 }, (_, i) => {
      const one = {
        sec: 1000 + Math.floor(i / 1000),
        frac: (i % 1000) * 1000,
        data: build.tcpFrame(i + 1, i === 29_990 ? 4 : 0x10, 1),
      }
      return build.pcap({ records: [one] }).subarray(24)
    })
    const analysis = await analysisOf(
      new Uint8Array(Buffer.concat([build.pcap({ records: [] }), ...records])),
    )
    const [file] = await extractIncidents(analysis, newFolder())
    expect(file.omitted).toBeGreaterThan(20_000)
    expect(file.frames).toBeGreaterThan(1000)
    const again = await analyzeCaptures([file.path])
    expect(again.report.totals.rstFrames).toBe(1)
  })

  it('of another incarnation of the same ports are not mixed in', async () => {
    const tcp = (id: number, sec: number, flags: number) => ({ sec, data: build.tcpFrame(id, flags) })
    const bytes = build.pcap({
      records: [tcp(1, 100, 2), tcp(2, 101, 4), tcp(60_000, 900, 2), tcp(60_001, 901, 0x10)],
    })
    const [file] = await extractIncidents(await analysisOf(bytes), newFolder())
    expect(file.frames).toBe(2)
  })
})

describe('file names', () => {
  const incident = (change: Partial<Incident>): Incident => ({
    id: 'i1',
    title: '',
    cause: 'idle-timeout',
    listener: '10.0.1.9:443',
    source: null,
    resets: [],
    firstTime: '',
    lastTime: '',
    summary: '',
    ...change,
  })

  it.each([
    [{}, 'i1-idle-timeout-10.0.1.9-443.pcapng'],
    [{ listener: '[2001:db8::1]:443' }, 'i1-idle-timeout-2001-db8-1-443.pcapng'],
    [{ listener: null, source: '10.0.0.5' }, 'i1-idle-timeout-10.0.0.5.pcapng'],
    [{ listener: '../../etc/passwd' }, 'i1-idle-timeout-etc-passwd.pcapng'],
    [{ listener: '..\\..\0\n', id: '/../i2' }, 'i2-idle-timeout.pcapng'],
    [{ listener: 'x'.repeat(500) }, `i1-idle-timeout-${'x'.repeat(64)}.pcapng`],
  ])('%j', (change, name) => {
    expect(fileName(incident(change))).toBe(name)
  })
})

describe('the folder', () => {
  it('takes a second run in the place of the first', async () => {
    const folder = newFolder()
    const analysis = await analysisOf(capture)
    const [first] = await extractIncidents(analysis, folder)
    const before = fs.readFileSync(first.path)
    const [second] = await extractIncidents(analysis, folder)
    expect(second.path).toBe(first.path)
    expect(fs.readFileSync(second.path).equals(before)).toBe(true)
    expect(fs.readdirSync(folder)).toHaveLength(1)
  })

  it('keeps what somebody else wrote', async () => {
    const analysis = await analysisOf(capture)
    const [{ path: file }] = await extractIncidents(analysis, newFolder())
    const folder = newFolder()
    fs.writeFileSync(path.join(folder, path.basename(file)), 'precious')
    await expect(extractIncidents(analysis, folder)).rejects.toThrow(/was not written by --extract/)
    expect(fs.readdirSync(folder).map(name => fs.readFileSync(path.join(folder, name), 'utf8'))).toEqual([
      'precious',
    ])
  })

  it('never follows a link', async () => {
    const analysis = await analysisOf(capture)
    const [{ path: file }] = await extractIncidents(analysis, newFolder())
    for (const target of [file, '/nowhere/at/all', path.join(newFolder(), 'victim')]) {
      const folder = newFolder()
      fs.symlinkSync(target, path.join(folder, path.basename(file)))
      await expect(extractIncidents(analysis, folder)).rejects.toThrow(/something else of that name/)
      expect(fs.readdirSync(folder)).toHaveLength(1)
      if (target !== file) expect(fs.existsSync(target)).toBe(false)
    }
  })

  it('may not be a file', async () => {
    await expect(extractIncidents(await analysisOf(capture), tempFile(capture))).rejects.toThrow(
      /is no folder/,
    )
  })

  it('stays clean when it is interrupted', async () => {
    const folder = newFolder()
    await expect(
      extractIncidents(await analysisOf(capture), folder, { signal: AbortSignal.abort() }),
    ).rejects.toThrow(/abort/i)
    expect(fs.readdirSync(folder)).toEqual([])
  })
})

describeWith(['tshark'], 'Wireshark and extracted captures', () => {
  it('comments and connections', async () => {
    const analysis = await analyzeCaptures([INCIDENT])
    const files = await extractIncidents(analysis, newFolder())
    for (const { incident, path: file, frames } of files.slice(0, 4)) {
      const rows = tsharkFields(file, ['frame.number', 'tcp.flags.reset', 'frame.comment'])
      expect(rows).toHaveLength(frames)
      const ids = analysis.report.incidents.find(one => one.id === incident)?.resets ?? []
      const text = rows.flatMap(row => row[2]).join()
      for (const id of ids) expect(text).toContain(`rst-analyze ${id}: `)
    }
  })
})
