/**
 * Packets that slipped past an address translation: one connection in one capture, two in the other, the second without a handshake and with
 * the wrong addresses. That is a NAT or load balancer that has lost its entry, or refused a packet as invalid; the reset that answers is its doing.
 */
import { CAUSES } from '../causes/index.js'
import { isRst } from '../evidence/view.js'
import type { Case } from '../evidence/index.js'
import type { Connection, SegmentRecord } from '../model.js'
import { endpoint } from '../units.js'
import type { Scene } from './fate.js'
import type { Union } from './merge.js'
import type { CaptureIndex, ComparedReset, Vantage } from './types.js'

export interface Leak {
  /** The connection as it should look in that capture, and the part of it that bears other addresses. */
  whole: Connection
  stray: Connection
  /** First packet with the wrong addresses. */
  packet: SegmentRecord
}

/** A leak is a packet or a few (retransmissions), not a life of its own. */
const MOST_STRAY_PACKETS = 16

/** By every connection concerned, in both captures. */
export function findLeaks({ linksOf }: Scene): Map<Connection, Leak> {
  const leaks = new Map<Connection, Leak>()
  for (const [connection, links] of linksOf) {
    const others = links.map(l => l.connections[connection.capture === 0 ? 1 : 0])
    const whole = others.find(opened)
    const stray = others.find(c => c !== whole && !opened(c) && whole !== undefined && strays(c, whole))
    if (!whole || !stray) continue
    const leak = { whole, stray, packet: stray.segments.find(r => !isRst(r))! }
    for (const c of [connection, whole, stray]) leaks.set(c, leak)
  }
  return leaks
}

function opened({ sides }: Connection): boolean {
  return sides.client.synSeen || sides.server.synSeen
}

/** A capture that shows both sides of the translation has every packet twice: those are no strays. */
function strays(c: Connection, whole: Connection): boolean {
  const packets = c.segments.filter(r => !isRst(r))
  const twin = (r: SegmentRecord) =>
    whole.segments.some(
      w => w.seq === r.seq && w.payloadBytes === r.payloadBytes && w.ack === r.ack && w.ipId === r.ipId,
    )
  return packets.length > 0 && packets.length <= MOST_STRAY_PACKETS && !packets.some(twin)
}

/** The leak that a reset answers, or that shows that the device which made it had lost its entry; undefined when there is none. */
export function leakBehind(
  { parts }: Union,
  item: Case,
  leaks: Map<Connection, Leak>,
  { clocks }: Scene,
): Leak | undefined {
  const part = parts.find(p => leaks.has(p.connection))
  if (!part || item.facts.active === true) return undefined
  const leak = leaks.get(part.connection)!
  const there = leak.packet.capture as CaptureIndex
  const at = part.index === there ? leak.packet.timeNs : clocks.convert(leak.packet.timeNs, there)
  return part.group.view.rsts.at(-1)!.timeNs < at - clocks.uncertaintyNs ? undefined : leak
}

/** The reset with its cause corrected. */
export function explainByLeak(
  reset: ComparedReset,
  item: Case,
  leak: Leak,
  vantages: [Vantage, Vantage],
): ComparedReset {
  const cause = CAUSES.get('nat-state-loss')!
  const { name } = vantages[leak.packet.capture as CaptureIndex]
  const right = `${endpoint(leak.whole.client)} > ${endpoint(leak.whole.server)}`
  const wrong = `${endpoint(leak.stray.client)} > ${endpoint(leak.stray.server)}`
  return {
    ...reset,
    cause: 'nat-state-loss',
    confidence: CONFIDENCE,
    alternatives:
      reset.cause === 'nat-state-loss'
        ? []
        : [{ cause: reset.cause, confidence: Math.round((1 - CONFIDENCE) * 1000) / 1000 }],
    evidence: [
      {
        statement: `address translation failed: frame ${leak.packet.frame} of ${name} bears ${wrong}, every packet before ${right}`,
        value: null,
        unit: null,
        frames: [leak.packet.frame],
        ...(leak.packet.capture === reset.capture ? {} : { capture: leak.packet.capture }),
        supports: true,
      },
      ...reset.evidence,
    ],
    summary:
      reset.origin === 'middlebox'
        ? cause.summary(item.facts, namesOf(reset), () => '')
        : `a device lost the address translation of this connection, and ${nameOf(reset, reset.sender)} answered a packet with addresses it does not know`,
    remedies: cause.remedies,
    nextChecks: cause.nextChecks,
    consequenceOf: null,
  }
}

/** The stray packet is seen, not inferred; what remains is that another device copied it. */
const CONFIDENCE = 0.95

function nameOf(reset: ComparedReset, side: 'client' | 'server'): string {
  return side === 'server' ? endpoint(reset.connection.server) : reset.connection.client.address
}

function namesOf(reset: ComparedReset) {
  const peer = reset.sender === 'client' ? 'server' : 'client'
  return {
    client: nameOf(reset, 'client'),
    server: nameOf(reset, 'server'),
    sender: nameOf(reset, reset.sender),
    peer: nameOf(reset, peer),
    senderRole: `the ${reset.sender}`,
    peerRole: `the ${peer}`,
  }
}
