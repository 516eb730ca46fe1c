/** From the lines of a case to frames: fills in what each stack would have sent, then lets the line override it. */
import { type Bytes, tcp } from '../wire/bytes.js'
import { frame, loweredHopLimit, type Party } from './frames.js'
import { type Case, type Host, NotationError, type PacketLine } from './case.js'
import {
  defaultAck,
  defaultSeq,
  defaultWindow,
  type End,
  type Kind,
  kindOf,
  payloadOf,
  sequenceNumber,
  type Talk,
  tcpOptions,
} from './segment.js'
import type { Stack } from './stacks.js'

export interface TimedFrame {
  timeNs: number
  bytes: Bytes
}

interface Address {
  host: Host
  address: string
  port: number
}

const FLAG_BITS: Record<string, number> = { F: 1, S: 2, R: 4, P: 8, '.': 16, U: 32, E: 64, W: 128 }

/** Small stable hash: the same case gives the same bytes. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) >>> 0
}

export function framesOf(source: Case): TimedFrame[] {
  const player = new Player(source)
  const order = source.packets
    .map((packet, i) => ({ packet, i }))
    .sort((a, b) => a.packet.timeNs - b.packet.timeNs || a.i - b.i)
  return order.flatMap(({ packet }) => player.play(packet))
}

class Player {
  private readonly talks = new Map<string, Talk>()
  private readonly hostIds = new Map<string, number>()
  private lastFrame: Bytes | undefined
  private count = 0

  constructor(private readonly source: Case) {}

  play(line: PacketLine): TimedFrame[] {
    const bytes = line.action === 'copy' ? this.copy(line) : this.packet(line)
    if (!line.seen) return []
    this.lastFrame = bytes
    return [{ timeNs: line.timeNs, bytes }]
  }

  private copy(line: PacketLine): Bytes {
    if (!this.lastFrame) throw new NotationError(line.line, 'nothing to copy')
    const lower = line.options.has('ttl-1') ? 1 : line.options.has('ttl-2') ? 2 : 0
    return loweredHopLimit(this.lastFrame, lower)
  }

  private packet(given: PacketLine): Bytes {
    const from = this.resolve(given.from, given.shift, given.to)
    const to = this.resolve(given.to, given.shift, given.from)
    const talk = this.talk(from, to)
    const line = given.action === 'again' ? this.repeated(given, talk, key(from)) : given
    if (line.flags.includes('S') && given.action === 'send' && !line.device) this.open(talk, from, to, line)
    const self = talk.ends.get(key(from))!
    const peer = talk.ends.get(key(to))!
    const stack = from.host.stack
    const payload = payloadOf(line)
    const forged = line.device ? this.source.devices.get(line.device)!.options : undefined
    const option = (name: string) => line.options.get(name) ?? forged?.get(name)
    const word = (name: string) => line.options.has(name) || forged?.has(name) === true
    const kind = kindOf(line, self, peer)
    const seq =
      given.action === 'again'
        ? self.lastSeq
        : sequenceNumber(option('seq') ?? defaultSeq(kind), line, self, self, peer, talk, key(from))
    const hasAck = line.flags.includes('.')
    const ack = sequenceNumber(
      option('ack') ?? defaultAck(kind, hasAck, stack, seq),
      line,
      peer,
      self,
      peer,
      talk,
      key(from),
    )
    const stamps = this.stamps(line, talk, stack, kind, self, option('ts'), forged !== undefined)
    const options = word('noopts') ? [] : tcpOptions(line, talk, stack, stamps, option, word)
    const window = Number(option('win') ?? defaultWindow(line, stack, kind))
    const flags = [...line.flags].reduce((bits, letter) => bits | (FLAG_BITS[letter] ?? 0), 0)
    const segment = tcp({
      sourcePort: from.port,
      destinationPort: to.port,
      seq,
      ack,
      flags,
      window,
      options,
      payload,
    })
    const ttl = Number(option('ttl') ?? stack.ttl - from.host.hops)
    const id = this.ipId(option('id'), stack, kind, self, from, line)
    const dontFragment = word('nodf')
      ? false
      : word('df') ||
        (kind === 'answer' || kind === 'refuse' ? stack.answer.dontFragment : stack.dontFragment)
    if (!forged) this.remember(self, peer, line, given, seq, ack, hasAck, payload.length, stamps)
    const flow = Number(option('flow') ?? hash(`${key(from)} ${key(to)}`) & 0xfffff)
    return frame(
      party(from, to),
      party(to, from),
      segment,
      { ttl, id, dontFragment, flow, mac: option('mac'), ipLength: option('iplen') },
      word,
    )
  }

  private resolve(end: PacketLine['from'], shift: PacketLine['shift'], other: PacketLine['to']): Address {
    const host = this.source.hosts.get(end.host)!
    // The host declared first is the client of every connection.
    const order = [...this.source.hosts.keys()]
    const client = order.indexOf(end.host) < order.indexOf(other.host)
    const lastByte = client ? shift[3] : shift[2]
    return {
      host,
      address: shifted(host.address, lastByte),
      port: (end.port ?? host.port) + (client ? shift[0] : shift[1]),
    }
  }

  private talk(from: Address, to: Address): Talk {
    const name = [key(from), key(to)].sort().join(' ')
    let talk = this.talks.get(name)
    if (!talk) {
      const both = (able: (s: Stack) => boolean) => able(from.host.stack) && able(to.host.stack)
      talk = {
        ends: new Map([from, to].map(a => [key(a), newEnd(`${name} ${key(a)}`)])),
        old: undefined,
        timestamps: both(s => s.timestamps),
        scaling: both(s => s.windowScale >= 0),
        sack: both(s => s.sack),
      }
      this.talks.set(name, talk)
    }
    return talk
  }

  /** A SYN of a side that has sent one before begins another incarnation. */
  private open(talk: Talk, from: Address, to: Address, line: PacketLine): void {
    const fresh = !line.flags.includes('.')
    if (fresh && talk.ends.get(key(from))!.isn !== undefined) {
      talk.old = talk.ends
      const name = `${key(from)} ${key(to)} ${line.timeNs}`
      talk.ends = new Map([
        [key(from), newEnd(name)],
        [key(to), newEnd(`${name} peer`)],
      ])
    }
    if (line.options.has('nots') || line.options.has('noopts')) talk.timestamps = false
    if (line.options.has('noopts')) talk.scaling = talk.sack = false
    const self = talk.ends.get(key(from))!
    const isn = line.options.get('isn')
    self.isn ??= isn === undefined ? self.next : Number(isn) >>> 0
    self.next = self.isn
  }

  private repeated(given: PacketLine, talk: Talk, name: string): PacketLine {
    const last = talk.ends.get(name)?.last
    if (!last) throw new NotationError(given.line, 'nothing to send again')
    return {
      ...last,
      timeNs: given.timeNs,
      line: given.line,
      options: new Map([...last.options, ...given.options]),
    }
  }

  private stamps(
    line: PacketLine,
    talk: Talk,
    stack: Stack,
    kind: Kind,
    self: End,
    given: string | undefined,
    forged: boolean,
  ): [number, number] | undefined {
    if (given !== undefined) return given.split('/').map(Number) as [number, number]
    const offered = line.flags === 'S' ? stack.timestamps : talk.timestamps
    if (!offered || line.options.has('nots') || kind === 'answer' || kind === 'refuse' || forged)
      return undefined
    if (kind === 'abort' && !stack.abort.timestamps) return undefined
    return [(self.tsBase + Math.floor(line.timeNs / 1e6)) >>> 0, self.tsRecent]
  }

  private ipId(
    given: string | undefined,
    stack: Stack,
    kind: Kind,
    self: End,
    from: Address,
    line: PacketLine,
  ): number {
    this.count++
    const passive = kind === 'answer' || kind === 'refuse'
    const random = hash(`${from.address} ${this.count}`) & 0xffff
    if (given === 'random') return random
    if (given !== undefined && !/^[+]/.test(given)) return Number(given) & 0xffff
    const step = given === undefined ? 1 : Number(given)
    if (stack.ipId === 'zero' || (passive && stack.answer.ipIdZero)) return 0
    if (stack.ipId === 'random') return random
    if (line.flags.includes('S') && line.flags.includes('.') && stack.synAckIpIdZero) return 0
    if (stack.ipId === 'connection') return (self.ipId = (self.ipId + step) & 0xffff)
    const next = ((this.hostIds.get(from.host.name) ?? hash(from.host.name)) + step) & 0xffff
    this.hostIds.set(from.host.name, next)
    return next
  }

  private remember(
    self: End,
    peer: End,
    line: PacketLine,
    given: PacketLine,
    seq: number,
    ack: number,
    hasAck: boolean,
    length: number,
    stamps: [number, number] | undefined,
  ): void {
    if (line.flags.includes('R')) return
    const phantom = /[SF]/.test(line.flags) ? 1 : 0
    const end = (seq + length + phantom) >>> 0
    if (((end - self.next) | 0) > 0) self.next = end
    if (hasAck) self.acked = ack
    if (stamps) peer.tsRecent = stamps[0]
    self.spoke = true
    if (given.action === 'send' && length + phantom > 0) {
      self.last = line
      self.lastSeq = seq
    }
  }
}

function newEnd(name: string): End {
  const seed = hash(name)
  const ipId = hash(`${name} id`) & 0xffff
  return {
    isn: undefined,
    next: seed,
    acked: undefined,
    ipId,
    tsBase: hash(`${name} ts`),
    tsRecent: 0,
    last: undefined,
    lastSeq: seed,
    spoke: false,
  }
}

const party = ({ address, host }: Address, other: Address): Party => ({
  address,
  first: host.name < other.host.name,
})

const key = (a: Address) => `${a.address} ${a.port}`

function shifted(address: string, by: number): string {
  if (by === 0) return address
  const [, head, last] = /^(.*[.:])([0-9a-f]+)$/.exec(address)!
  return address.includes(':')
    ? `${head}${(parseInt(last, 16) + by).toString(16)}`
    : `${head}${Number(last) + by}`
}
