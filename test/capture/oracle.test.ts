/** Real captures, read as other programs read them: all among the fixtures, a part of them on an everyday run. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import pcapParser from 'pcap-parser'
import { describe, expect, it } from 'vitest'
import { describeWith } from '../oracle.ts'
import { everyday } from '../sample.ts'
import { readAll, tsharkRows } from './helpers.ts'

const root = path.join(import.meta.dirname, '../..')

function capturesUnder(folder: string): string[] {
  if (!fs.existsSync(folder)) return []
  const found = fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.(pcap|pcapng)$/.test(entry.name))
  return found.map(entry => path.join(entry.parentPath, entry.name)).sort()
}

const files = capturesUnder(path.join(root, 'fixtures'))
const readable = everyday(3, files).filter(file => !path.basename(file).includes('invalid'))
const classic = readable.filter(file => {
  const magic = fs.readFileSync(file).subarray(0, 4).toString('hex')
  return magic === 'd4c3b2a1' || magic === 'a1b2c3d4'
})

interface ParsedPacket {
  header: {
    timestampSeconds: number
    timestampMicroseconds: number
    capturedLength: number
    originalLength: number
  }
  data: Buffer
}

function parse(file: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const rows: string[] = []
    const parser = pcapParser.parse(file)
    parser.on('packet', ({ header, data }: ParsedPacket) => {
      const time = `${header.timestampSeconds}.${String(header.timestampMicroseconds).padStart(6, '0')}000`
      rows.push(
        `${rows.length + 1} ${time} ${header.capturedLength}/${header.originalLength} ${data.toString('hex')}`,
      )
    })
    parser.on('end', () => resolve(rows))
    parser.on('error', reject)
  })
}

describe('pcap-parser reads the same', () => {
  it('records of every classic capture', async () => {
    for (const file of classic) {
      const seen = await readAll([file])
      expect(
        seen.rows.map((row, i) => `${row} ${seen.data[i]}`),
        file,
      ).toEqual(await parse(file))
    }
  }, 60_000)
})

describeWith(['capinfos'], 'capinfos counts the same', () => {
  it('records and original bytes of every capture', async () => {
    const args = ['-T', '-r', '-B', '-m', '-Q', '-c', '-d', ...readable]
    const table = spawnSync('capinfos', args, { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout
    const theirs = table
      .trim()
      .split('\n')
      .map(line => [...line.matchAll(/"([^"]*)"/g)].map(match => match[1]))
    const ours: string[][] = []
    for (const file of readable) {
      const { infos, rows } = await readAll([file])
      const original = rows.reduce((sum, row) => sum + Number(row.split('/')[1]), 0)
      ours.push([file, String(infos[0].frames), String(original)])
    }
    expect(ours).toEqual(theirs)
  }, 60_000)
})

describeWith(['tshark'], 'tshark reads the same records', () => {
  // Simple packet blocks have no time for tshark; timestamps millennia apart exceed what is exact here.
  const timed = readable.filter(file => !/be-simple-packets|pcapng-example/.test(file))
  // A process for each file.
  const some = timed.filter((_, i) => i % Math.ceil(timed.length / 20) === 0)
  it.each(some.map(file => [path.relative(root, file), file]))('%s', async (_, file) => {
    expect((await readAll([file])).rows).toEqual(tsharkRows(file))
  })
})

describe('every capture at hand', () => {
  it('is complete', async () => {
    for (const file of readable)
      expect((await readAll([file])).infos[0], file).toMatchObject({ complete: true })
  })
})
