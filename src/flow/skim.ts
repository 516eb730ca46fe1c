/**
 * What is noted of every connection of the capture by its SYN, SYN-ACK, FIN and RST segments alone, which are rare enough to decode in any
 * mode: attempts, timelines of listeners, sources and hosts, and which 4-tuples are worth tracing.
 */
import type { Frame } from '../model.js'
import { addressWord } from '../wire/plain.js'
import { ACK, FIN, RST, type Segment, SYN } from '../wire/segment.js'
import { TupleBits } from '../wire/skim.js'
import { ACCEPTED, ANSWERED, Attempts, BY_SYN, CLIENT_LOW, REFUSED, SERVER_FIN } from './attempts.js'
import { HOP_FIN, HOP_RST, HOP_RST_TO_SYN, HOP_SYN, HOP_SYN_ACK, Hosts } from './hosts.js'
import { KeyTable } from './key-table.js'
import { type Limits, limitsOf } from './limits.js'
import { Listeners, MAX_SIBLINGS, type TrackedListener } from './listeners.js'
import { serverByPort } from './roles.js'
import { Sources } from './sources.js'
import { endOfTuple, endpointKey, ENDPOINT_WORDS, TUPLE_WORDS, tupleKey } from './tuple.js'

/** Siblings in all where many listeners have resets, and the fewest of one: tracing them must stay cheap beside the resets. */
const ALL_SIBLINGS = 4096
const MIN_SIBLINGS = 4

/** Connections of a reset host's other listeners that are traced, too: they show its distance, its response time and its stack. */
export const NEARBY_CONNECTIONS = 4
const NEARBY_LISTENERS = 256

/** Flags of the segments that are skimmed. */
export const SKIMMED_FLAGS = SYN | FIN | RST

export class Skim {
  readonly listeners: Listeners
  readonly sources: Sources
  readonly hosts: Hosts
  /** 4-tuples with a RST, the first `limits.resets` of them; `finish` adds the siblings. */
  readonly interesting = new KeyTable(TUPLE_WORDS)
  /** Both ends of every connection with a RST. */
  private readonly resetEnds = new KeyTable(ENDPOINT_WORDS)
  /** Distinct (4-tuple, ISN) seen by SYN or SYN-ACK. */
  connections = 0
  rstFrames = 0
  /** RSTs of 4-tuples beyond those that are interesting. */
  rstsBeyond = 0
  private readonly attempts: Attempts
  private readonly tuple = new Int32Array(TUPLE_WORDS)
  private readonly end = new Int32Array(ENDPOINT_WORDS)

  constructor(private readonly limits: Limits = limitsOf()) {
    this.listeners = new Listeners(limits.listeners, limits.times)
    this.sources = new Sources(limits.sources, limits.pairs, limits.accepts)
    this.hosts = new Hosts(limits.hosts)
    this.attempts = new Attempts(limits.attempts)
  }

  /** Memory in use, about. */
  get bytes(): number {
    const { listeners, sources, hosts, interesting, resetEnds, attempts } = this
    return [listeners, sources, hosts, interesting, resetEnds, attempts].reduce((sum, t) => sum + t.bytes, 0)
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

  /** Connections compared with the reset ones of each listener: MAX_SIBLINGS, fewer where very many listeners have resets. */
  get siblingsPerListener(): number {
    let listeners = 0
    for (const _ of this.resetListeners()) listeners++
    return Math.max(MIN_SIBLINGS, Math.min(MAX_SIBLINGS, Math.floor(ALL_SIBLINGS / listeners)))
  }

  /** Adds the first connections of every listener with a reset to the interesting ones: call once, after the last segment. */
  finish(): void {
    const count = this.siblingsPerListener
    const add = (tuple: Int32Array): void => void this.interesting.add(tuple)
    for (const listener of this.resetListeners()) listener.eachFirst(count, add)
    for (const listener of this.nearby()) listener.eachFirst(NEARBY_CONNECTIONS, add)
  }

  /** The interesting 4-tuples in the form that picks frames. */
  interestingBits(): TupleBits {
    const { interesting, tuple } = this
    const bits = TupleBits.for(interesting.size)
    for (let id = 0; id < interesting.size; id++) {
      interesting.read(id, tuple)
      const [a, b, c, d, e, f, g, h, ports] = tuple
      bits.add(addressWord(a, b, c, d), addressWord(e, f, g, h), ports >>> 16, ports & 0xffff)
    }
    return bits
  }

  /** Other listeners of hosts that have a listener with resets, in order of appearance, bounded. */
  nearby(): Set<TrackedListener> {
    const reset = new Set(this.resetListeners())
    const hosts = new Set([...reset].map(l => l.address))
    const found = new Set<TrackedListener>()
    for (const listener of this.listeners.list) {
      if (found.size === NEARBY_LISTENERS) break
      if (hosts.has(listener.address) && !reset.has(listener) && listener.acceptTimes.entries.length > 0)
        found.add(listener)
    }
    return found
  }

  /** Listeners that are an end of a connection with a RST. */
  private *resetListeners(): Generator<TrackedListener> {
    for (let id = 0; id < this.resetEnds.size; id++) {
      this.resetEnds.read(id, this.end)
      const listener = this.listeners.find(this.end)
      if (listener) yield listener
    }
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
    if (!known) this.hosts.note(attempts.serverHost, HOP_SYN_ACK, segment.hopLimit, segment.sourcePort)
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
    if (id >= 0) this.listeners.list[id].serverFinTimes.push(frame.timeNs)
  }

  private noteRst(segment: Segment, frame: Frame, sourceLow: boolean, known: boolean): void {
    const { attempts } = this
    this.rstFrames++
    if (this.interesting.size < this.limits.resets) this.interesting.add(this.tuple)
    else if (this.interesting.find(this.tuple) < 0) this.rstsBeyond++
    const fromServer = known
      ? attempts.has(CLIENT_LOW) !== sourceLow
      : serverByPort(segment.sourcePort, segment.destinationPort) < 0
    const answersSyn = known ? fromServer && this.refuses(segment) : answersUnseenSyn(segment)
    const port = answersSyn || fromServer ? segment.sourcePort : 0
    const host = this.hostOf(segment, sourceLow, known)
    this.hosts.note(host, answersSyn ? HOP_RST_TO_SYN : HOP_RST, segment.hopLimit, port)
    this.markBothEnds(segment)
    if (known && fromServer) this.answered()
    if (!answersSyn || (known && attempts.has(REFUSED))) return
    if (known) attempts.set(REFUSED)
    const id = known
      ? attempts.listener
      : this.listenerAt(segment.source, segment.sourcePort, segment.ipVersion)
    if (id >= 0) this.listeners.list[id].refusalTimes.push(frame.timeNs)
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
    attempts.begin(tuple, isn, (clientLow ? CLIENT_LOW : 0) | (bySyn ? BY_SYN : 0), repeats)
    this.connections++
    endOfTuple(tuple, clientLow, end)
    const client = hosts.add(end, ipVersion)
    const source = sources.add(client, end, ipVersion)
    endOfTuple(tuple, !clientLow, end)
    const server = hosts.add(end, ipVersion)
    attempts.setHosts(client, server)
    const listener = listeners.add(end, ipVersion)
    const pair = source < 0 ? -1 : sources.attempt(source, server, listener, end, frame.timeNs)
    attempts.attribute(listener, source, pair)
    if (listener < 0) return
    const entry = listeners.list[listener]
    entry.addConnection(tuple, frame.number, frame.capture)
    if (!bySyn) return
    entry.opened++
    entry.synTimes.push(frame.timeNs)
  }

  private answered(): void {
    const { attempts } = this
    if (attempts.has(ANSWERED)) return
    attempts.set(ANSWERED)
    if (attempts.has(BY_SYN) && attempts.listener >= 0) this.listeners.list[attempts.listener].answered++
  }

  private accepted(timeNs: number): void {
    const { attempts } = this
    this.answered()
    if (attempts.has(ACCEPTED)) return
    attempts.set(ACCEPTED)
    if (attempts.listener < 0) return
    const listener = this.listeners.list[attempts.listener]
    listener.acceptTimes.push(timeNs)
    if (attempts.source >= 0) this.sources.accepted(attempts.source, attempts.pair, timeNs, attempts.listener)
  }

  private listenerAt(address: Int32Array, port: number, ipVersion: number): number {
    endpointKey(address, port, this.end)
    return this.listeners.add(this.end, ipVersion)
  }

  /** Number of the sender among the hosts; `known`: by the current attempt. */
  private hostOf(segment: Segment, sourceLow: boolean, known: boolean): number {
    const { attempts, hosts } = this
    if (!known) return hosts.add(segment.source, segment.ipVersion)
    return attempts.has(CLIENT_LOW) === sourceLow ? attempts.clientHost : attempts.serverHost
  }

  /** Which end is the listener is decided when tracing, from other segments: either may be. */
  private markBothEnds(segment: Segment): void {
    if (this.resetEnds.size >= this.limits.resets * 2) return
    endpointKey(segment.source, segment.sourcePort, this.end)
    this.resetEnds.add(this.end)
    endpointKey(segment.destination, segment.destinationPort, this.end)
    this.resetEnds.add(this.end)
  }
}

/** Sequence number 0 with ACK is what a closed port gives a segment without ACK, that is a SYN. */
function answersUnseenSyn(segment: Segment): boolean {
  return (segment.flags & ACK) !== 0 && segment.seq === 0
}
