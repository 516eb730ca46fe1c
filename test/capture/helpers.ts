/** Reads captures through the public API and notes what came, in a form that can be compared. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openCaptures, type OpenOptions } from '../../src/capture/index.ts'
import { createPcapReader } from '../../src/capture/pcap.ts'
import { createPcapngReader } from '../../src/capture/pcapng.ts'
import { isFull, newRecordState } from '../../src/capture/record.ts'
import { sniff } from '../../src/capture/sniff.ts'
import { eachFrame } from '../../src/frames.ts'
import type { CaptureInfo, Frame, Timebase } from '../../src/model.ts'
import { tsharkFields } from '../oracle.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-capture-'))
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))

let files = 0

/** Writes a file into this run's temporary folder. */
export function tempFile(bytes: Uint8Array, name = `${++files}.cap`): string {
  const file = path.join(folder, name)
  fs.writeFileSync(file, bytes)
  return file
}

export const tempFolder = (): string => folder

/** Unix seconds with nanoseconds, as tshark prints frame.time_epoch: "1700000000.123456789". */
function formatEpoch(timebase: Timebase, timeNs: number): string {
  const wholeSeconds = Math.floor(timeNs / 1e9)
  const ns = timeNs - wholeSeconds * 1e9
  return `${(timebase.seconds || 0) + wholeSeconds}.${String(ns).padStart(9, '0')}`
}

export interface Seen {
  /** "number time captured/original" per record; the time as tshark prints frame.time_epoch. */
  rows: string[]
  /** Captured bytes as hex, per record. */
  data: string[]
  captures: number[]
  infos: CaptureInfo[]
  names: Record<string, string>
}

/** Everything that one pass hands over. */
export async function readAll(paths: string[], options: OpenOptions = {}): Promise<Seen> {
  const set = await openCaptures(paths, options)
  const seen: Seen = { rows: [], data: [], captures: [], infos: [], names: {} }
  await set.read(frame => {
    const time = formatEpoch(set.timebase, frame.timeNs)
    seen.rows.push(`${frame.number} ${time} ${frame.end - frame.start}/${frame.originalLength}`)
    seen.data.push(Buffer.from(frame.data.subarray(frame.start, frame.end)).toString('hex'))
    seen.captures.push(frame.capture)
  })
  seen.infos = set.infos()
  seen.names = Object.fromEntries(set.names)
  return seen
}

/** The same for one file given as bytes. */
export const readBytes = (bytes: Uint8Array, options: OpenOptions = {}): Promise<Seen> =>
  readAll([tempFile(bytes)], options)

/** A reader fed from memory, `chunkBytes` at a time, without any input or output: fast enough for every chunk size of every variant. */
export function feed(
  bytes: Uint8Array,
  chunkBytes: number,
): { rows: string[]; data: string[]; state: unknown } {
  const state = newRecordState('fed', 0, false, { seconds: Number.NaN }, new Map())
  const reader = sniff(bytes) === 'pcap' ? createPcapReader(state) : createPcapngReader(state)
  const frames: Frame[] = []
  const data: string[] = []
  const onBatch = eachFrame(frame => {
    frames.push({ ...frame })
    data.push(Buffer.from(frame.data.subarray(frame.start, frame.end)).toString('hex'))
  })
  const take = (): boolean => {
    const full = isFull(state.batch) && !state.stopped
    onBatch(state.batch, 0, state.batch.length)
    state.batch.length = 0
    return full
  }
  // A copy as long as what has come: whatever looks beyond fails or finds nothing.
  let start = 0
  for (let end = 0; end < bytes.length && !state.stopped; ) {
    end = Math.min(end + chunkBytes, bytes.length)
    const view = new DataView(bytes.buffer, bytes.byteOffset, end)
    do start = reader.read(bytes.subarray(0, end), view, start, end)
    while (take())
  }
  if (!state.stopped) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    do start = reader.finish(bytes, view, start, bytes.length)
    while (take())
  }
  // The zero point of times is known once all was read: records without a time may come before the first with one.
  const rows = frames.map(
    ({ number, timeNs, start: from, end, originalLength, linkType }) =>
      `${number} ${formatEpoch(state.timebase, timeNs)} ${end - from}/${originalLength} ${linkType}`,
  )
  const { batch: _, notes, names, ...rest } = state
  return { rows, data, state: { ...rest, notes: notes.list(), names: Object.fromEntries(names) } }
}

/** The rows that tshark shows, up to where it stops; records that are no packets (journal entries, custom blocks) have no Ethernet. */
export function tsharkRows(file: string): string[] {
  const fields = ['frame.number', 'frame.time_epoch', 'frame.cap_len', 'frame.len']
  return tsharkFields(file, fields).map(
    ([number, time, captured, original]) => `${number} ${time} ${captured}/${original}`,
  )
}

/** Names of the notes of the first capture. */
export const noteNames = (seen: Seen): string[] => seen.infos[0].notes.map(note => note.name)
