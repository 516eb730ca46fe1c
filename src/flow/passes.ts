/** What is done with the frames of a capture in each reading of it. Only frames that may matter are decoded, see wire/skim.ts. */
import { eachFrame, eachRun, EVERY_FRAME, loadFrame, newFrame } from '../frames.js'
import type { BatchHandler, Frame, PickedRun, Picker, PickHandler } from '../model.js'
import { Notes } from '../notes.js'
import { flagPicker, tuplePicker } from '../wire/picker.js'
import { readPlain } from '../wire/plain-segment.js'
import { Segment } from '../wire/segment.js'
import { FOUND_ICMP_ERROR, FOUND_NONE, FOUND_TCP, type Found } from '../wire/walk.js'
import { Ahead, type UseSegment } from './ahead.js'
import type { Flow } from './flow.js'
import { NO_ID } from './key-table.js'
import { SKIMMED_FLAGS } from './skim.js'
import type { SegmentDecoder, WorldOptions } from './world.js'

/** What is done in one reading: with all frames, or with those that are picked. */
export type Pass = { onBatch: BatchHandler } | { picker: Picker; onRun: PickHandler }

type CreateDecoder = (notes: Notes) => SegmentDecoder
type DecoderOf = (capture: number) => SegmentDecoder

/** One decoder per capture: fragments and the like must not mix. */
function decoders(createDecoder: CreateDecoder, notesOf: (capture: number) => Notes): DecoderOf {
  const made: SegmentDecoder[] = []
  return capture => (made[capture] ??= createDecoder(notesOf(capture)))
}

/** @param traceAll there will be no second reading */
export function firstPass(
  flow: Flow,
  createDecoder: CreateDecoder,
  options: WorldOptions,
  notesOf: (capture: number) => Notes,
  traceAll: boolean,
): Pass {
  const decoderOf = decoders(createDecoder, notesOf)
  const { filter, onDatagram, onSkimmed } = options
  const use = (found: Found, segment: Segment, frame: Frame, guess: number): void => {
    if (found === FOUND_TCP) {
      if (filter !== undefined && !filter(segment)) return
      flow.skimSegment(segment, frame)
      if (onSkimmed !== undefined && segment.flags & SKIMMED_FLAGS) onSkimmed(segment, frame)
      if (traceAll) flow.trace(segment, frame, guess)
    } else if (found === FOUND_ICMP_ERROR) {
      if (filter !== undefined && !filter(segment)) return
      notesOf(frame.capture).add('icmp-error-quotes-tcp', frame.number)
      if (traceAll) flow.tracker.trackIcmpError(segment, frame)
    } else if (found !== FOUND_NONE) onDatagram?.(segment, frame, found)
  }
  const each = traceAll
    ? eachAhead(flow, decoderOf, use)
    : filter === undefined && onSkimmed === undefined
      ? eachSkimmed(flow, decoderOf, use)
      : eachPicked(decoderOf, use)
  if (traceAll || filter !== undefined) {
    const onRun: PickHandler = run => {
      flow.noteRun(run)
      each(run)
    }
    return { onBatch: eachRun(EVERY_FRAME, onRun) }
  }
  const onRun: PickHandler = run => {
    flow.noteRun(run)
    flow.countSegments(run.batch.capture, run.records - run.picked)
    each(run)
  }
  return { picker: flagPicker(SKIMMED_FLAGS), onRun }
}

export function secondPass(
  flow: Flow,
  createDecoder: CreateDecoder,
  options: WorldOptions,
  everything: boolean,
): Pass {
  // What is malformed was noted in the first pass.
  const ignored = new Notes()
  const decoderOf = decoders(createDecoder, () => ignored)
  const { filter } = options
  const use = (found: Found, segment: Segment, frame: Frame, guess: number): void => {
    if (found !== FOUND_TCP && found !== FOUND_ICMP_ERROR) return
    if (filter !== undefined && !filter(segment)) return
    if (!everything && !flow.isInteresting(segment, found === FOUND_TCP ? guess : NO_ID)) return
    if (found === FOUND_TCP) flow.trace(segment, frame, guess)
    else flow.tracker.trackIcmpError(segment, frame)
  }
  const onRun = eachAhead(flow, decoderOf, use)
  if (everything) return { onBatch: eachRun(EVERY_FRAME, onRun) }
  return { picker: tuplePicker(flow.skim.interest.bits()), onRun }
}

/** Every TCP segment. */
export function eachSegment(
  createDecoder: CreateDecoder,
  filter: WorldOptions['filter'],
  use: (segment: Segment) => void,
): BatchHandler {
  const ignored = new Notes()
  const decoderOf = decoders(createDecoder, () => ignored)
  const segment = new Segment()
  return eachFrame(frame => {
    if (decoderOf(frame.capture).decode(frame, segment) !== FOUND_TCP) return
    if (filter === undefined || filter(segment)) use(segment)
  })
}

/** Decodes the frames that were picked. */
function eachPicked(decoderOf: DecoderOf, use: UseSegment): PickHandler {
  const frame = newFrame()
  const segment = new Segment()
  return ({ batch, rows, picked }: PickedRun) => {
    const decoder = decoderOf(batch.capture)
    for (let i = 0; i < picked; i++) {
      loadFrame(batch, rows[i], frame)
      use(decoder.decode(frame, segment), segment, frame, NO_ID)
    }
  }
}

/** The same where TCP segments are skimmed, and nothing else is done with them. */
function eachSkimmed(flow: Flow, decoderOf: DecoderOf, use: UseSegment): PickHandler {
  const frame = newFrame()
  const segment = new Segment()
  return ({ batch, rows, picked }: PickedRun) => {
    const decoder = decoderOf(batch.capture)
    for (let i = 0; i < picked; i++) {
      loadFrame(batch, rows[i], frame)
      if (readPlain(batch.view, frame, segment)) flow.skimSegment(segment, frame)
      else use(decoder.decode(frame, segment), segment, frame, NO_ID)
    }
  }
}

/** The same where all of them are tracked. */
function eachAhead(flow: Flow, decoderOf: DecoderOf, use: UseSegment): PickHandler {
  const ahead = new Ahead(flow.tracker, use)
  return ({ batch, rows, picked }: PickedRun) => {
    const decoder = decoderOf(batch.capture)
    for (let i = 0; i < picked; i++) ahead.add(decoder, batch, rows[i])
    ahead.flush()
  }
}
