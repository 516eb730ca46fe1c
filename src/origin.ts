/**
 * Who really emitted an RST frame: weighs what fingerprint.ts measured. An accusation of a middlebox needs two independent signs, or one that
 * is physically impossible for the endpoint; a single weak sign gives `unknown` with the sign named.
 *
 * Weights are log-odds (natural), set by argument, with measured counts where there are any ("hits among forged : among genuine").
 * A rule learnt on Linux accuses only where the sender's own packets look like Linux: other systems break it every day.
 */
import type { Origin, SegmentRecord } from './model.js'
import { type Fingerprint, latestAnswerMs } from './evidence/fingerprint.js'
import {
  craftedSyn,
  framesMissing,
  isLoopback,
  loneCopy,
  onSameLink,
  setByProgram,
  severalBackends,
} from './evidence/innocence.js'
import { numberSigns } from './evidence/number-signs.js'
import type { KnownShape } from './evidence/injectors.js'
import type { Trigger } from './evidence/trigger.js'
import { hasAck, isRst, type ResetView } from './evidence/view.js'
import { CERTAIN_SHARE, MEASURABLE_RTT_MS } from './evidence/paths.js'
import { initialHopLimit } from './evidence/timing.js'

/** One observation for (positive) or against (negative) a device on the path. */
export interface OriginSign {
  statement: string
  weight: number
  frames: number[]
}

export interface OriginVerdict {
  origin: Origin
  /** Probability that `origin` is right. */
  confidence: number
  /** Probability that a device made it. */
  forged: number
  signs: OriginSign[]
}

/** Context of the RST beyond its own header. */
export interface OriginContext {
  view: ResetView
  trigger: Trigger
  print: Fingerprint
  rst: SegmentRecord
  /** Sequence numbers of this direction's RSTs climb above everything sent, step by step (several frames). */
  climbing: boolean
  /** RST+ACKs of the same moment bear several numbers. */
  resetTwice: boolean
  /** They may be a stack's answers, one by one, to acknowledgements that the capture lost. */
  answersMissing: boolean
  /** Frames of real data the sender sent later at or above RST.seq. */
  laterData: number[]
  /** Frames of anything else it sent later on this connection. */
  laterSegments: number[]
  /** Those of them that acknowledge more than it had acknowledged before the reset. */
  laterTaking: number[]
  /** Some of what those acknowledge had not reached the sender when the reset left it. */
  tookUnarrived: boolean
  /** The other direction was reset at the same moment without either answering the other: frames. */
  mirrored: number[]
  /** RSTs of the same moment and direction bear different hop limits. */
  mixedHopLimits: boolean
  /** They look like those of an injector that is known. */
  shape: KnownShape | undefined
  /** A device sent a RST in this host's name with the same hop limit, on another connection of these two hosts. */
  deviceBefore: OriginSign | undefined
}

/** Forged resets are rare among all resets (a handful of 3,657 in public captures). */
const PRIOR = -3.2

/** By number of samples: one or two round trips may have been held up (a busy host, a radio waking up); twice the true value has been seen. */
const TOO_YOUNG = [
  { share: 0.4, weight: 2.5 },
  { share: 0.4, weight: 3.5 },
  { share: 0.5, weight: 4.5 },
  { share: CERTAIN_SHARE, weight: 5 },
]

export function judgeOrigin(context: OriginContext): OriginVerdict {
  const signs = [
    ...hopLimitSigns(context),
    ...headerSigns(context),
    ...timingSigns(context),
    ...numberSigns(context),
    ...(context.shape ? [context.shape] : []),
    ...(context.deviceBefore ? [context.deviceBefore] : []),
  ]
  const total = signs.reduce((sum, s) => sum + s.weight, PRIOR)
  const forged = 1 / (1 + Math.exp(-total))
  const accusing = signs.filter(s => s.weight >= 1)
  const proven = accusing.length >= 2 || accusing.some(s => s.weight >= 4)
  const { view } = context
  const nothingToCompare =
    view.before.every(isRst) && view.after.every(isRst) && context.print.hostHopLimitDelta === undefined
  if (nothingToCompare && forged < 0.5) return { origin: 'unknown', confidence: 0.6, forged: 0.2, signs }
  // What came before it and what after, every accusation rests on; a clock that was set back has mixed both.
  if (forged >= 0.65 && proven && !view.world.clockStepped)
    return { origin: 'middlebox', confidence: Math.min(forged, 0.99), forged, signs }
  if (forged >= 0.25) return { origin: 'unknown', confidence: 0.6, forged, signs }
  return { origin: 'endpoint', confidence: Math.min(1 - forged, 0.99), forged, signs }
}

function hopLimitSigns({ view, print, rst }: OriginContext): OriginSign[] {
  const signs: OriginSign[] = []
  const base = print.baseline
  const delta = print.hopLimitDelta
  if (base && delta !== undefined) {
    const frames = [base.frame, rst.frame]
    const seen = `its hop limit is ${rst.hopLimit}, the sender's last packet had ${base.hopLimit}`
    if (delta === 0)
      signs.push({
        statement: `its hop limit is that of the sender's last packet (${rst.hopLimit})`,
        weight: -1.5,
        frames,
      })
    else if (!print.sameHops) {
      // 53 of 58 forged, 6 of 69 genuine in the lab; but 1 in 8 of all public resets differ by 2 or more.
      const weight = print.hopLimitVaries ? 1 : print.linuxSender ? 3.5 : Math.abs(delta) === 1 ? 1.5 : 2.4
      const explained = craftedSyn(view) || loneCopy(view, rst, delta)
      signs.push({
        statement: `${seen}: it crossed another number of routers`,
        weight: explained ? 0.9 : weight,
        frames,
      })
      if (print.pathUnchanged && !print.hopLimitVaries && !explained) {
        const statement = `packets of that host after the reset still bear ${base.hopLimit}: the path had not changed`
        signs.push({ statement, weight: print.linuxSender ? 1.5 : 1, frames: [rst.frame] })
      }
    } else if (initialHopLimit(base.hopLimit) === 64) {
      // The other way round (data sent with 255, reset with 64) is an application that sets its own hop limit (RFC 5082).
      signs.push({
        statement: `${seen}: another initial value than its sender uses`,
        weight: print.linuxSender ? 1.5 : 1,
        frames,
      })
    }
  } else if (print.hostHopLimitDelta !== undefined) {
    const host = view.connection[view.sender.side].address
    if (print.hostHopLimitDelta === 0) {
      signs.push({
        statement: `its hop limit is that of ${host}'s other connections (${rst.hopLimit})`,
        weight: -1.5,
        frames: [rst.frame],
      })
    } else if (!setByProgram(rst.hopLimit, rst.hopLimit - print.hostHopLimitDelta)) {
      // 11 of 11 forged, 3 of 33 genuine (two backends behind one address): it speaks of the address, not of one host.
      const statement = `its hop limit is ${rst.hopLimit}, ${host}'s other connections show ${rst.hopLimit - print.hostHopLimitDelta}`
      signs.push({ statement, weight: severalBackends(view) ? 0.8 : 2.4, frames: [rst.frame] })
    }
  }
  return signs
}

function headerSigns({ view, print, rst, mixedHopLimits }: OriginContext): OriginSign[] {
  const signs: OriginSign[] = []
  const add = (condition: boolean | undefined, weight: number, statement: string, frames = [rst.frame]) => {
    if (condition) signs.push({ statement, weight, frames })
  }
  const linux = print.linuxSender
  const established = view.sender.records.some(r => !(r.flags & 2))
  const rstAck = hasAck(rst) && rst.seq !== 0
  add(print.timestampsContinue, -2.5, "its timestamps continue the sender's clock and echo the peer's")
  add(linux && print.timestampsMissing, 3, 'it lacks the timestamps that every packet of its sender carries')
  add(print.ipId === 'continues' && rstAck, -2, "its IP ID is the next of the sender's counter")
  add(print.ipId === 'continues' && !rstAck, linux ? 0.8 : -1, "its IP ID continues the sender's counter")
  add(
    print.ipId === 'elsewhere',
    linux ? 2 : 0.4,
    "its IP ID neither continues the sender's counter nor is 0",
  )
  add(print.ipId === 'echo', 2.5, 'its IP ID is that of the segment it answers: the packet was reflected')
  add(print.echoesWindow, 1.5, 'its window repeats that of the segment it answers')
  add(
    linux && established && rstAck && print.ipId === 'zero',
    1.5,
    "its IP ID is 0 while the sender's counter runs",
  )
  add(
    linux && established && rstAck && print.windowZero,
    1.5,
    'it announces window 0, which a live socket of this sender does not',
  )
  add(
    linux && established && !hasAck(rst) && !print.windowZero,
    1.5,
    'it carries a window, which a stack without a socket does not send',
  )
  add(print.reservedFlags, 1.5, 'reserved or congestion flags are set in it')
  add(print.macDiffers, 1.5, "its frame came from another MAC address than the sender's other frames")
  add(namesDevice(rst.resetText), 4, 'its payload names the device that made it')
  add(print.badChecksum, 0.5, 'its TCP checksum is wrong')
  add(print.flowLabelSame, -1.5, "it bears the connection's IPv6 flow label")
  add(mixedHopLimits, 1.5, 'resets of the same moment bear different hop limits')
  return signs
}

/** Devices that sign their resets; F5 BIG-IP writes the reason into the payload when told to (tm.rstcause.pkt). */
function namesDevice(text: string | undefined): boolean {
  return text?.includes('BIG-IP') ?? false
}

function timingSigns({ view, print, rst, trigger }: OriginContext): OriginSign[] {
  const signs: OriginSign[] = []
  signs.push(...aliveSigns(view, trigger, print, rst))
  const rtt = print.roundTripMs
  if (isLoopback(view)) {
    signs.push({
      statement: 'captured on the loopback interface: no device between the ends',
      weight: -6,
      frames: [rst.frame],
    })
    return signs
  }
  if (rtt === undefined || rtt < MEASURABLE_RTT_MS || onSameLink(print, rst)) return signs
  const age = print.youngestAnsweredMs
  const samples = Math.min(print.roundTripSamples, 3)
  if (age !== undefined && age < rtt * TOO_YOUNG[samples].share) {
    // 18 hits among forged, none among 40 genuine. A single sample may have been slow (a radio waking up, a delayed binding).
    const statement = `it answers a packet only ${age < 0.1 ? 'a moment' : `${age.toFixed(1)} ms`} old, but nothing from its sender comes back in less than ${rtt.toFixed(1)} ms`
    const weight =
      TOO_YOUNG[samples].weight + (age < rtt / 3 && samples > 1 ? 1 : 0) - (print.lateAnswerPossible ? 1 : 0)
    // Where frames are missing the quick answers may be among them. And whoever has closed has every reason to answer what still comes.
    const limit = severalBackends(view) ? 1.5 : framesMissing(view) || view.sender.fin ? 2.5 : weight
    signs.push({ statement, weight: Math.min(weight, limit), frames: [rst.frame] })
  } else if (
    trigger.record &&
    trigger.delayMs! >= rtt * CERTAIN_SHARE &&
    trigger.delayMs! <= latestAnswerMs(rtt)
  ) {
    const statement = `it follows the segment it answers by ${trigger.delayMs!.toFixed(1)} ms, one round trip to its sender (${rtt.toFixed(1)} ms)`
    // A device beside the host answers no sooner: where the hop limit differs this says nothing.
    if (!print.hopLimitDelta && !print.hostHopLimitDelta)
      signs.push({ statement, weight: -1.2, frames: [trigger.record.frame, rst.frame] })
  } else if (!hasAck(rst) && view.peer.records.length > 0 && answersNothing(view, rst, rtt)) {
    // 11 hits, none among 26 genuine; but RFC 9293 lets an aborting socket send a bare RST, and some stacks do.
    const statement =
      'it answers nothing: no packet of the peer that could have provoked it stands one round trip before'
    // What it answers may be what the capture lost.
    signs.push({
      statement,
      weight: print.linuxSender && !framesMissing(view) ? 2.5 : 1,
      frames: [rst.frame],
    })
  }
  return signs
}

/** A stack denies a connection whose sender was using it within the last round trip. */
function aliveSigns(view: ResetView, trigger: Trigger, print: Fingerprint, rst: SegmentRecord): OriginSign[] {
  const alive = view.sender.lastData
  // A bare reset denies the connection, unless its socket aborted as RFC 9293 §3.10.5 has it.
  const passive = !hasAck(rst) && trigger.active !== undefined && trigger.kind !== 'syn'
  if (!passive || !alive || view.sender.fin || view.before.some(isRst)) return []
  const ms = (rst.timeNs - alive.timeNs) / 1e6
  if (ms >= Math.max(print.roundTripMs ?? 0, 1)) return []
  const statement = `it says that there is no such connection, though its sender had sent data ${ms.toFixed(1)} ms before and had not closed`
  return [{ statement, weight: 1.5, frames: [alive.frame, rst.frame] }]
}

function answersNothing(view: ResetView, rst: SegmentRecord, rttMs: number): boolean {
  return !view.peer.records.some(r => {
    const age = (rst.timeNs - r.timeNs) / 1e6
    return hasAck(r) && r.ack === rst.seq && age >= rttMs * CERTAIN_SHARE && age <= latestAnswerMs(rttMs)
  })
}
