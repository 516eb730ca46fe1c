/** What is done with the frames of a capture in each reading of it. Only frames that may matter are decoded, see wire/skim.ts. */
import { BATCH_ROWS, eachFrame, loadFrame, newFrame } from '../frames.js'
import type { BatchHandler, Frame, FrameBatch, FrameHandler } from '../model.js'
import { Notes } from '../notes.js'
import { Segment } from '../wire/segment.js'
import { pickFlags } from '../wire/skim.js'
import { FOUND_ICMP_ERROR, FOUND_NONE, FOUND_TCP } from '../wire/walk.js'
import type { Flow } from './flow.js'
import { SKIMMED_FLAGS } from './skim.js'
import type { SegmentDecoder, WorldOptions } from './world.js'

type CreateDecoder = (notes: Notes) => SegmentDecoder

/** One decoder per capture: fragments and the like must not mix. */
function decoders(
  createDecoder: CreateDecoder,
  notesOf: (capture: number) => Notes,
): (capture: number) => SegmentDecoder {
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
): BatchHandler {
  const decoderOf = decoders(createDecoder, notesOf)
  const segment = new Segment()
  const { filter, onDatagram, onSkimmed } = options
  const look = (frame: Frame): void => {
    const found = decoderOf(frame.capture).decode(frame, segment)
    if (found === FOUND_NONE) return
    if (found === FOUND_TCP) {
      if (filter !== undefined && !filter(segment)) return
      flow.skimSegment(segment, frame)
      if (onSkimmed !== undefined && segment.flags & SKIMMED_FLAGS) onSkimmed(segment, frame)
      if (traceAll) flow.trace(segment, frame)
    } else if (found === FOUND_ICMP_ERROR) {
      if (filter !== undefined && !filter(segment)) return
      notesOf(frame.capture).add('icmp-error-quotes-tcp', frame.number)
      if (traceAll) flow.tracker.trackIcmpError(segment, frame)
    } else onDatagram?.(segment, frame, found)
  }
  const one = eachFrame(look)
  if (traceAll || filter !== undefined)
    return (batch, from, to) => {
      flow.noteFrames(batch, from, to)
      one(batch, from, to)
    }
  return eachPicked(look, (batch, from, to, picked) => {
    flow.noteFrames(batch, from, to)
    const count = pickFlags(batch, from, to, SKIMMED_FLAGS, picked)
    flow.countSegments(batch.capture, to - from - count)
    return count
  })
}

export function secondPass(
  flow: Flow,
  createDecoder: CreateDecoder,
  options: WorldOptions,
  everything: boolean,
): BatchHandler {
  // What is malformed was noted in the first pass.
  const ignored = new Notes()
  const decoderOf = decoders(createDecoder, () => ignored)
  const segment = new Segment()
  const { filter } = options
  const look = (frame: Frame): void => {
    const found = decoderOf(frame.capture).decode(frame, segment)
    if (found !== FOUND_TCP && found !== FOUND_ICMP_ERROR) return
    if (filter !== undefined && !filter(segment)) return
    if (!everything && !flow.isInteresting(segment)) return
    if (found === FOUND_TCP) flow.trace(segment, frame)
    else flow.tracker.trackIcmpError(segment, frame)
  }
  if (everything) return eachFrame(look)
  const wanted = flow.skim.interestingBits()
  return eachPicked(look, (batch, from, to, picked) => wanted.pick(batch, from, to, picked))
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

/** Hands over those frames of each batch that `pick` picks. */
function eachPicked(
  onFrame: FrameHandler,
  pick: (batch: FrameBatch, from: number, to: number, picked: Int32Array) => number,
): BatchHandler {
  const frame = newFrame()
  const picked = new Int32Array(BATCH_ROWS)
  return (batch, from, to) => {
    const count = pick(batch, from, to, picked)
    for (let i = 0; i < count; i++) {
      loadFrame(batch, picked[i], frame)
      onFrame(frame)
    }
  }
}
