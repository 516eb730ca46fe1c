/** What the tests of written captures share: an analysis by hand, and a look at the blocks of a file. */
import fs from 'node:fs'
import path from 'node:path'
import { analyzeCaptures } from '../../src/analyze.ts'
import type { Analysis, Report, Reset } from '../../src/model.ts'
import { tempFile, tempFolder } from '../capture/helpers.ts'

/** One block of a pcapng file. */
export interface RawBlock {
  type: number
  bytes: Buffer
  /** What stands between the lengths. */
  body: Buffer
}

export function blocksOf(file: string): RawBlock[] {
  const bytes = fs.readFileSync(file)
  const blocks: RawBlock[] = []
  let big = false
  for (let at = 0; at < bytes.length; ) {
    if (bytes.readUInt32LE(at) === 0x0a0d0d0a) big = bytes.readUInt32BE(at + 8) === 0x1a2b3c4d
    const total = big ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)
    const type = big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)
    blocks.push({ type, bytes: bytes.subarray(at, at + total), body: bytes.subarray(at + 8, at + total - 4) })
    at += total
  }
  return blocks
}

/** The analysis of a file whose report is changed by hand. */
export async function analysisOf(
  bytes: Uint8Array,
  change: (report: Report) => void = () => {},
): Promise<Analysis> {
  const analysis = await analyzeCaptures([tempFile(bytes)])
  change(analysis.report)
  return analysis
}

export const newFolder = (): string => fs.mkdtempSync(path.join(tempFolder(), 'rewrite-'))

/** Frames that the resets of a report name. */
export function namedFrames(resets: Reset[]): number[] {
  const named = resets.flatMap(({ frames, evidence }) => [
    ...frames,
    ...evidence.flatMap(line => line.frames),
  ])
  return [...new Set(named)].sort((a, b) => a - b)
}
