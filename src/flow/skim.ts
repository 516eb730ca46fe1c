/**
 * What is noted of every connection of the capture by its SYN, SYN-ACK, FIN and RST segments alone, which are rare enough to decode in any
 * mode: attempts, timelines of listeners, sources and hosts, and which 4-tuples are worth tracing.
 */
import type { Frame } from '../model.js'
import { ACK, FIN, RST, type Segment, SYN } from '../wire/segment.js'
import { ACCEPTED, ANSWERED, Attempts, BY_SYN, CLIENT_LOW, REFUSED, SERVER_FIN } from './attempts.js'
import { HOP_FIN, HOP_RST, HOP_RST_TO_SYN, HOP_SYN, HOP_SYN_ACK, Hosts } from './hosts.js'
import { Interest } from './interest.js'
import { type Limits, limitsOf } from './limits.js'
import { ACCEPT_TIMES, Listeners, REFUSAL_TIMES, SERVER_FIN_TIMES, SYN_TIMES } from './listeners.js'
import { serverByPort } from './roles.js'
import { Sources } from './sources.js'
import { endOfTuple, endpointKey, ENDPOINT_WORDS, TUPLE_WORDS, tupleKey } from './tuple.js'

/** Flags of the segments that are skimmed. */
export const SKIMMED_FLAGS = SYN | FIN | RST

export class Skim {
  readonly listeners: Listeners
  readonly sources: Sources
  readonly hosts: Hosts
  readonly interest: Interest
  /** Distinct (4-tuple, ISN) seen by SYN or SYN-ACK. */
  connections = 0
  rstFrames = 0
  private readonly attempts: Attempts
  private readonly tuple = new Int32Array(TUPLE_WORDS)
  private readonly end = new Int32Array(ENDPOINT_WORDS)

  constructor(limits: Limits = limitsOf()) {
    this.listeners = new Listeners(limits.listeners, limits.times)
    this.sources = new Sources(limits.sources, limits.pairs, limits.accepts)
    this.hosts = new Hosts(limits.hosts)
    this.attempts = new Attempts(limits.attempts)
    this.interest = new Interest(this.listeners, limits.resets)
  }

  /** Memory in use, about. */
  get bytes(): number {
    const { listeners, sources, hosts, interest, attempts } = this
    return [listeners, sources, hosts, interest, attempts].reduce((sum, t) => sum + t.bytes, 0)
  }

  /** What was needed and had no room, and attempts that are no longer known. */
  get overflow(): number {
    const { listeners, sources, hosts, attempts } = this
    return listeners.overflow + sources.overflow + hosts.overflow + attempts.forgotten
  }

  /** @param segment any segment; only those with SKIMMED_FLAGS leave a trace */
  note(segment: Segment, frame: Frame): void {
    const { flags } = segment
    if ((flags & SKIMMED_FLAGS) === 0) return
    const sourceLow = tupleKey(segment, this.tuple)
    const known = this.attempts.find(this.tuple)
    if (flags & RST) this.noteRst(segment, frame, sourceLow, known)
    else if (flags & SYN) {
      if (flags & ACK) this.noteSynAck(segment, frame, sourceLow, known)
      else this.noteSyn(segment, frame, sourceLow, known)
    } else this.noteFin(segment, frame, sourceLow, known)
  }

  private noteSyn(segment: Segment, frame: Frame, sourceLow: boolean, known: boolean): void {
    const { attempts } = this
    if (known) {
      const same = attempts.has(CLIENT_LOW) === sourceLow
      if (same && (attempts.isn === segment.seq || attempts.isOlder(segment.seq))) {
        this.hosts.note(attempts.clientHost, HOP_SYN, segment.hopLimit, 0)
        return
      }
      // Both open at once (RFC 9293 §3.5): the same connection.
      if (!same && attempts.has(BY_SYN) && !attempts.has(ANSWERED)) {
        this.answered()
        return
      }
    }
    this.begin(segment.seq, sourceLow, true, frame, segment.ipVersion, known)
    this.hosts.note(attempts.clientHost, HOP_SYN, segment.hopLimit, 0)
  }

  private noteSynAck(segment: Segment, frame: Frame, sourceLow: boolean, known: boolean): void {
    const { attempts } = this
    const isn = (segment.ack - 1) | 0
    if (known) {
      const host = this.hostOf(segment, sourceLow, true)
      this.hosts.note(host, HOP_SYN_ACK, segment.hopLimit, segment.sourcePort)
      if (attempts.has(CLIENT_LOW) === sourceLow) {
        // The client's own SYN-ACK when both opened at once.
        if (attempts.has(ANSWERED)) return
      } else if (this.acknowledges(segment)) {
        this.accepted(frame.timeNs)
        return
      } else if (attempts.isOlder(isn) || !attempts.has(ACCEPTED)) {
        // For an older SYN, or for none that was sent: the attempt goes on.
        this.answered()
        return
      }
    }
    this.begin(isn, !sourceLow, false, frame, segment.ipVersion, known)
    if (!known) this.hosts.note(this.serverHost(), HOP_SYN_ACK, segment.hopLimit, segment.sourcePort)
    this.accepted(frame.timeNs)
  }

  private noteFin(segment: Segment, frame: Frame, sourceLow: boolean, known: boolean): void {
    const { attempts } = this
    const fromServer = known
      ? attempts.has(CLIENT_LOW) !== sourceLow
      : serverByPort(segment.sourcePort, segment.destinationPort) < 0
    const port = fromServer ? segment.sourcePort : 0
    this.hosts.note(this.hostOf(segment, sourceLow, known), HOP_FIN, segment.hopLimit, port)
    if (known) {
      // Nobody sends a FIN before the handshake is done.
      this.answered()
      if (!fromServer || attempts.has(SERVER_FIN)) return
      attempts.set(SERVER_FIN)
    }
    if (!fromServer) return
    const id = known
      ? attempts.listener
      : this.listenerAt(segment.source, segment.sourcePort, segment.ipVersion)
    if (id >= 0) this.listeners.noteTime(id, SERVER_FIN_TIMES, frame.timeNs)
  }

  private noteRst(segment: Segment, frame: Frame, sourceLow: boolean, known: boolean): void {
    const { attempts } = this
    this.rstFrames++
    this.interest.noteRst(segment, this.tuple)
    const fromServer = known
      ? attempts.has(CLIENT_LOW) !== sourceLow
      : serverByPort(segment.sourcePort, segment.destinationPort) < 0
    const answersSyn = known ? fromServer && this.refuses(segment) : answersUnseenSyn(segment)
    const port = answersSyn || fromServer ? segment.sourcePort : 0
    const host = this.hostOf(segment, sourceLow, known)
    this.hosts.note(host, answersSyn ? HOP_RST_TO_SYN : HOP_RST, segment.hopLimit, port)
    if (known && fromServer) this.answered()
    if (!answersSyn || (known && attempts.has(REFUSED))) return
    if (known) attempts.set(REFUSED)
    const id = known
      ? attempts.listener
      : this.listenerAt(segment.source, segment.sourcePort, segment.ipVersion)
    if (id >= 0) this.listeners.noteTime(id, REFUSAL_TIMES, frame.timeNs)
  }

  /** RST+ACK that acknowledges the SYN (RFC 9293 §3.5.2), or the bare RST that some devices send instead. */
  private refuses(segment: Segment): boolean {
    if (this.attempts.has(ACCEPTED)) return false
    return (segment.flags & ACK) === 0 || this.acknowledges(segment)
  }

  /** Of exactly the SYN, or of data sent with it (RFC 7413): less than a full packet. */
  private acknowledges(segment: Segment): boolean {
    const beyond = (segment.ack - this.attempts.isn) | 0
    return beyond >= 1 && beyond <= 65535
  }

  private begin(
    isn: number,
    clientLow: boolean,
    bySyn: boolean,
    frame: Frame,
    ipVersion: number,
    repeats: boolean,
  ): void {
    const { attempts, listeners, sources, hosts, tuple, end } = this
    attempts.begin(isn, (clientLow ? CLIENT_LOW : 0) | (bySyn ? BY_SYN : 0), repeats)
    this.connections++
    endOfTuple(tuple, clientLow, end)
    const client = hosts.add(end, ipVersion)
    const source = sources.add(client, end, ipVersion)
    endOfTuple(tuple, !clientLow, end)
    const server = hosts.add(end, ipVersion)
    const listener = listeners.add(end, ipVersion)
    const pair = source < 0 ? -1 : sources.attempt(source, server, listener, end, frame.timeNs)
    attempts.attribute(client, listener, pair)
    if (listener < 0) return
    const entry = listeners.entry(listener)
    entry.host = server
    entry.addConnection(tuple, frame.number, frame.capture)
    if (!bySyn) return
    entry.opened++
    listeners.noteTime(listener, SYN_TIMES, frame.timeNs)
  }

  private answered(): void {
    const { attempts } = this
    if (attempts.has(ANSWERED)) return
    attempts.set(ANSWERED)
    if (attempts.has(BY_SYN) && attempts.listener >= 0) this.listeners.entry(attempts.listener).answered++
  }

  private accepted(timeNs: number): void {
    const { attempts } = this
    this.answered()
    if (attempts.has(ACCEPTED)) return
    attempts.set(ACCEPTED)
    if (attempts.listener < 0) return
    this.listeners.noteTime(attempts.listener, ACCEPT_TIMES, timeNs)
    const source = this.sourceOfClient()
    if (source >= 0) this.sources.accepted(source, attempts.pair, timeNs, attempts.listener)
  }

  private listenerAt(address: Int32Array, port: number, ipVersion: number): number {
    endpointKey(address, port, this.end)
    return this.listeners.add(this.end, ipVersion)
  }

  /** Number of the sender among the hosts; `known`: by the current attempt. */
  private hostOf(segment: Segment, sourceLow: boolean, known: boolean): number {
    const { attempts, hosts } = this
    if (!known) return hosts.add(segment.source, segment.ipVersion)
    return attempts.has(CLIENT_LOW) === sourceLow ? attempts.clientHost : this.serverHost()
  }

  /** Number of the current attempt's server among the hosts; known by its listener, of which there are fewer than attempts. */
  private serverHost(): number {
    const { attempts, hosts, listeners, tuple, end } = this
    if (attempts.listener >= 0) return listeners.entry(attempts.listener).host
    endOfTuple(tuple, !attempts.has(CLIENT_LOW), end)
    return hosts.find(end)
  }

  /** Number of the current attempt's client among the sources. */
  private sourceOfClient(): number {
    const { attempts, sources, tuple, end } = this
    const known = sources.ofHost(attempts.clientHost)
    if (known >= 0) return known
    endOfTuple(tuple, attempts.has(CLIENT_LOW), end)
    return sources.find(end)
  }
}

/** Sequence number 0 with ACK is what a closed port gives a segment without ACK, that is a SYN. */
function answersUnseenSyn(segment: Segment): boolean {
  return (segment.flags & ACK) !== 0 && segment.seq === 0
}
