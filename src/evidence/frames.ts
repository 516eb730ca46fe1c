/** Which frames show which fact. */
import type { SegmentRecord } from '../model.js'
import type { closingFacts } from './closing.js'
import type { FactSheet } from './facts.js'
import type { ProbePatterns } from './probes.js'
import type { Trigger } from './trigger.js'
import type { ResetView } from './view.js'

/** What the facts were measured on. */
export interface Measured {
  view: ResetView
  trigger: Trigger
  closing: ReturnType<typeof closingFacts>
  probes: ProbePatterns
  time: Record<'silenceMs' | 'ageMs', number[]>
  leaked: number[] | undefined
  unheard: readonly SegmentRecord[]
}

/** Written out: with two spreads in it this literal took a tenth of a JSON report. */
export function framesOf({
  view: { sender, peer },
  trigger,
  closing,
  probes,
  time,
  leaked,
  unheard,
}: Measured): FactSheet['frames'] {
  const triggerFrames = only(trigger.record)
  const senderData = only(sender.lastData)
  const peerData = only(peer.lastData)
  return {
    silenceMs: time.silenceMs,
    ageMs: time.ageMs,
    trigger: triggerFrames,
    triggerDelayMs: triggerFrames,
    triggerStartsMessage: triggerFrames,
    triggerAckUnacceptable: triggerFrames,
    seqOffsetBytes: triggerFrames,
    senderFinMs: closing.frames,
    peerFinMs: only(peer.fin),
    silenceBeforeFinMs: closing.frames,
    dataAfterFinMs: closing.dataFrames,
    dataAfterFinBytes: closing.dataFrames,
    dataAfterFinStartsMessage: closing.dataFrames,
    dataAfterFinIsGoodbye: closing.dataFrames,
    keepaliveUnanswered: sample(probes.keepaliveUnanswered),
    windowProbes: sample(probes.windowProbes),
    retransmissions: sample(probes.retransmissions),
    sincePeerDataMs: peerData,
    sinceSenderDataMs: senderData,
    peerSpokeLast: peerData,
    senderRejectionMs: senderData,
    peerRejectionMs: peerData,
    leakedFrom: leaked ?? NONE,
    unheardAnswers: sample(unheard),
  }
}

const NONE: number[] = []

function only(record: SegmentRecord | undefined): number[] {
  return record ? [record.frame] : NONE
}

function sample(records: readonly SegmentRecord[]): number[] {
  return records.length === 0 ? NONE : records.slice(-4).map(r => r.frame)
}
