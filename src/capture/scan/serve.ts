/** A thread that looks through stretches of a capture file with the ordinary reader, begun in the middle. */
import fs from 'node:fs'
import type { MessagePort } from 'node:worker_threads'
import { empty } from '../../frames.js'
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
  const { fd, picker, knowledge, seconds } = scanning
  const state = newRecordState('', 0, false, { seconds }, new Map(), into)
  state.picker = picker
  const reader = readerOf(scanning, state)
  const length = until - from
  let start = -1
  let at = 0
  let filled = 0
  empty(into)
  while (at < length && !isFull(into)) {
    const more = readPiece(fd, into.data, filled, from, length)
    filled += more
    if (start < 0) start = at = guessBoundary(into.view, filled, knowledge, seconds)
    if (start < 0) return undefined
    at = reader.read(into.data, into.view, at, filled, length)
    if (!reader.plain) return undefined
    if (more === 0) break
  }
  return foundIn(state, from + start, from + at)
}

function foundIn(state: RecordState, start: number, end: number): Found {
  const { frames: records, bytes, earliestNs, latestNs, firstNs, lastNs } = state
  const [steps] = state.notes.list()
  return {
    start,
    end,
    records,
    bytes,
    picked: state.batch.length,
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
