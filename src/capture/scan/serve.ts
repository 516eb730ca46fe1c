/** A thread that looks through stretches of a capture file with the ordinary reader, begun in the middle. */
import fs from 'node:fs'
import type { MessagePort } from 'node:worker_threads'
import { BATCH_ROWS, newBatch } from '../../frames.js'
import type { FrameBatch, Picker } from '../../model.js'
import { createPcapReader, type PcapDetails } from '../pcap.js'
import { createPcapngReader, type PcapngDetails } from '../pcapng.js'
import { isFull, newRecordState, type RecordReader, type RecordState } from '../record.js'
import { guessBoundary } from './boundary.js'
import {
  batchOver,
  type Found,
  PIECE_BYTES,
  type Scanned,
  type ScanOrder,
  type ScanSetup,
  type ToThread,
} from './stretch.js'

interface Scanning extends ScanOrder {
  fd: number
  picker: Picker
  /** Used for every stretch: made anew, they would pile up as garbage faster than it is collected. */
  batch: FrameBatch
  picked: Int32Array
}

/** @param pickerOf makes a picker of its recipe */
export function serveScans(
  port: MessagePort,
  { path, slots, stretchBytes }: ScanSetup,
  pickerOf: (recipe: unknown) => Picker,
): void {
  const batches = slots.map(slot => batchOver(slot, stretchBytes))
  let scanning: Scanning | undefined
  port.on('message', (message: ToThread) => {
    if ('order' in message) {
      if (scanning) fs.closeSync(scanning.fd)
      scanning = {
        ...message.order,
        fd: openSame(path, message.order),
        picker: pickerOf(message.order.recipe),
        batch: newBatch(0),
        picked: new Int32Array(BATCH_ROWS),
      }
      return
    }
    const { stretch, slot } = message
    const from = stretch * stretchBytes
    const found = scan(scanning!, batches[slot], from, from + stretchBytes)
    const scanned: Scanned = { reading: scanning!.reading, stretch, slot, found }
    port.postMessage(scanned)
  })
}

function openSame(path: string, { file }: ScanOrder): number {
  const fd = fs.openSync(path, 'r')
  const { dev, ino } = fs.fstatSync(fd)
  if (dev !== file.device || ino !== file.inode) throw new Error('the file was replaced')
  return fd
}

/** Looks at the records that begin in `from .. until` of the file. */
function scan(scanning: Scanning, into: FrameBatch, from: number, until: number): Found | undefined {
  const { fd, picker, picked, knowledge, seconds, batch } = scanning
  const state = newRecordState('', 0, false, { seconds }, new Map(), batch)
  const reader = readerOf(scanning, state)
  const length = until - from
  let firstNs = Number.NaN
  let start = -1
  let at = 0
  let filled = 0
  into.length = 0
  while (at < length && hasRoom(into)) {
    const more = readPiece(fd, into.data, filled, from, length)
    filled += more
    if (start < 0) start = at = guessBoundary(into.view, filled, knowledge, seconds)
    if (start < 0) return undefined
    do {
      state.batch.length = 0
      at = reader.read(into.data, into.view, at, filled, length)
      if (!reader.plain) return undefined
      if (state.batch.length === 0) break
      if (Number.isNaN(firstNs)) firstNs = state.batch.timeNs[0]
      keep(state.batch, picked, picker.pick(state.batch, 0, state.batch.length, picked), into)
    } while (isFull(state.batch) && hasRoom(into))
    if (more === 0) break
  }
  return foundIn(state, into, firstNs, from + start, from + at)
}

function foundIn(state: RecordState, into: FrameBatch, firstNs: number, start: number, end: number): Found {
  const { frames: records, bytes, earliestNs, latestNs, lastNs } = state
  const [steps] = state.notes.list()
  return {
    start,
    end,
    records,
    bytes,
    picked: into.length,
    earliestNs,
    latestNs,
    firstNs,
    lastNs,
    steps: steps?.count ?? 0,
    firstStep: steps?.firstFrame ?? 0,
  }
}

function readerOf({ knowledge }: Scanning, state: RecordState): RecordReader {
  return knowledge.format === 'pcap'
    ? createPcapReader(state, knowledge.details as PcapDetails)
    : createPcapngReader(state, structuredClone(knowledge.details as PcapngDetails))
}

/** Reads on to the end of the stretch, then bit by bit for as long as its last record needs. */
function readPiece(fd: number, data: Uint8Array, filled: number, from: number, length: number): number {
  const wanted = filled < length ? Math.min(PIECE_BYTES, length - filled) : 1 << 13
  return fs.readSync(fd, data, filled, Math.min(wanted, data.length - filled), from + filled)
}

const hasRoom = (batch: FrameBatch): boolean => batch.start.length - batch.length >= BATCH_ROWS

/** Adds the rows picked to the slot, whose bytes they describe. */
function keep(batch: FrameBatch, picked: Int32Array, count: number, into: FrameBatch): void {
  const { number, timeNs, start, end, originalLength, linkType } = into
  let to = into.length
  for (let i = 0; i < count; i++, to++) {
    const row = picked[i]
    number[to] = batch.number[row]
    timeNs[to] = batch.timeNs[row]
    start[to] = batch.start[row]
    end[to] = batch.end[row]
    originalLength[to] = batch.originalLength[row]
    linkType[to] = batch.linkType[row]
  }
  into.length = to
}
