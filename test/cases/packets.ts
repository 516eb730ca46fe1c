/** From the lines of a case to frames: fills in what each stack would have sent, then lets the line override it. */
import { be16, be32, type Bytes, eth, hex, ip4, ip6, tcp, withTcpChecksum, zeros } from '../wire/bytes.js'
import { type Case, type Host, NotationError, type PacketLine } from './notation.js'
import { namedPayload, textPayload } from './payload.js'
import type { Stack } from './stacks.js'

export interface TimedFrame {
  timeNs: number
  bytes: Bytes
}

/** One side of a connection. Numbers are those on the wire. */
interface End {
  isn: number | undefined
  next: number
  /** Highest number it acknowledged, and the one in its newest segment. */
  acked: number | undefined
  ipId: number
  tsBase: number
  tsRecent: number
  last: PacketLine | undefined
  lastSeq: number
  spoke: boolean
}

interface Talk {
  ends: Map<string, End>
  old: Map<string, End> | undefined
  /** What both stacks support, unless the handshake's lines say otherwise. */
  timestamps: boolean
  scaling: boolean
  sack: boolean
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
  const order = source.packets.map((packet, i) => ({ packet, i })).sort((a, b) => a.packet.timeNs - b.packet.timeNs || a.i - b.i)
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
    const seq = given.action === 'again' ? self.lastSeq : number(option('seq') ?? defaultSeq(kind), line, self, self, peer, talk, from)
    const hasAck = line.flags.includes('.')
    const ack = number(option('ack') ?? defaultAck(kind, hasAck, stack, seq), line, peer, self, peer, talk, from)
    const stamps = this.stamps(line, talk, stack, kind, self, option('ts'), forged !== undefined)
    const options = word('noopts') ? [] : tcpOptions(line, talk, stack, stamps, option, word)
    const window = Number(option('win') ?? defaultWindow(line, stack, kind))
    const flags = [...line.flags].reduce((bits, letter) => bits | (FLAG_BITS[letter] ?? 0), 0)
    const segment = tcp({ sourcePort: from.port, destinationPort: to.port, seq, ack, flags, window, options, payload })
    const ttl = Number(option('ttl') ?? stack.ttl - from.host.hops)
    const id = this.ipId(option('id'), stack, kind, self, from, line)
    const dontFragment = word('nodf') ? false : word('df') || (kind === 'answer' || kind === 'refuse' ? stack.answer.dontFragment : stack.dontFragment)
    if (!forged) this.remember(self, peer, line, given, seq, ack, hasAck, payload.length, stamps)
    return frame(from, to, segment, { ttl, id, dontFragment, flow: option('flow'), mac: option('mac'), ipLength: option('iplen') }, word)
  }

  private resolve(end: PacketLine['from'], shift: PacketLine['shift'], other: PacketLine['to']): Address {
    const host = this.source.hosts.get(end.host)!
    // The host declared first is the client of every connection.
    const order = [...this.source.hosts.keys()]
    const client = order.indexOf(end.host) < order.indexOf(other.host)
    const lastByte = client ? shift[3] : shift[2]
    return { host, address: shifted(host.address, lastByte), port: (end.port ?? host.port) + (client ? shift[0] : shift[1]) }
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
      talk.ends = new Map([[key(from), newEnd(name)], [key(to), newEnd(`${name} peer`)]])
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
    return { ...last, timeNs: given.timeNs, line: given.line, options: new Map([...last.options, ...given.options]) }
  }

  private stamps(
    line: PacketLine, talk: Talk, stack: Stack, kind: Kind, self: End, given: string | undefined, forged: boolean,
  ): [number, number] | undefined {
    if (given !== undefined) return given.split('/').map(Number) as [number, number]
    const offered = line.flags === 'S' ? stack.timestamps : talk.timestamps
    if (!offered || line.options.has('nots') || kind === 'answer' || kind === 'refuse' || forged) return undefined
    if (kind === 'abort' && !stack.abort.timestamps) return undefined
    return [(self.tsBase + Math.floor(line.timeNs / 1e6)) >>> 0, self.tsRecent]
  }

  private ipId(given: string | undefined, stack: Stack, kind: Kind, self: End, from: Address, line: PacketLine): number {
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
    self: End, peer: End, line: PacketLine, given: PacketLine, seq: number, ack: number, hasAck: boolean, length: number, stamps: [number, number] | undefined,
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

/** What a segment is to the stack that sends it: ordinary, its socket's own abort, its answer to a segment or to a SYN. */
type Kind = 'ordinary' | 'abort' | 'answer' | 'refuse'

function kindOf(line: PacketLine, self: End, peer: End): Kind {
  if (!line.flags.includes('R')) return 'ordinary'
  if (!line.flags.includes('.')) return 'answer'
  return self.spoke || peer.acked !== undefined ? 'abort' : 'refuse'
}

const defaultSeq = (kind: Kind) => (kind === 'refuse' ? '#0' : kind === 'answer' ? 'acked' : 'next')

function defaultAck(kind: Kind, hasAck: boolean, stack: Stack, seq: number): string {
  if (hasAck) return 'peer'
  return kind === 'answer' && stack.answer.ackRepeatsSeq ? `#${seq}` : '#0'
}

function defaultWindow(line: PacketLine, stack: Stack, kind: Kind): number {
  if (kind === 'answer' || kind === 'refuse') return 0
  if (kind === 'abort' && stack.abort.window !== 'live') return stack.abort.window
  return line.flags.includes('S') ? stack.synWindow : stack.window
}

/** @param counted the side whose ISN plain numbers count from */
function number(text: string, line: PacketLine, counted: End, self: End, peer: End, talk: Talk, from: Address): number {
  const [, base, offset] = /^(#\d+|\d+|next|peer|acked|old\.next|old\.peer)([+-]\d+)?$/.exec(text) ?? []
  if (base === undefined) throw new NotationError(line.line, `not a sequence number: ${text}`)
  const old = (mine: boolean) => {
    const end = talk.old && [...talk.old].find(([name]) => (name === key(from)) === mine)?.[1]
    if (!end) throw new NotationError(line.line, `${base}: these ports had no earlier connection`)
    return end.next
  }
  const bases: Record<string, () => number> = {
    next: () => self.next,
    peer: () => peer.next,
    acked: () => peer.acked ?? self.next,
    'old.next': () => old(true),
    'old.peer': () => old(false),
  }
  const value = base.startsWith('#') ? Number(base.slice(1)) : (bases[base]?.() ?? (counted.isn ?? counted.next) + Number(base))
  return (value + Number(offset ?? 0)) >>> 0
}

function payloadOf(line: PacketLine): Bytes {
  if (line.payload === undefined) return new Array(line.length).fill(0x78)
  if (!line.payload.startsWith('"')) {
    const named = namedPayload(line.payload)
    if (!named) throw new NotationError(line.line, `unknown payload ${line.payload}`)
    return named
  }
  return textPayload(JSON.parse(line.payload) as string)
}

function tcpOptions(
  line: PacketLine, talk: Talk, stack: Stack, stamps: [number, number] | undefined, option: (n: string) => string | undefined, word: (w: string) => boolean,
): Bytes {
  const bytes: Bytes = []
  if (line.flags.includes('S') && !line.flags.includes('R')) {
    bytes.push(2, 4, ...be16(Number(option('mss') ?? stack.mss)))
    const shift = Number(option('ws') ?? stack.windowScale)
    const first = line.flags === 'S'
    if (shift >= 0 && (first || talk.scaling)) bytes.push(1, 3, 3, shift)
    if (stack.sack && (first || talk.sack) && !word('nosack')) bytes.push(1, 1, 4, 2)
  }
  if (stamps) bytes.push(1, 1, 8, 10, ...be32(stamps[0]), ...be32(stamps[1]))
  return bytes
}

function newEnd(name: string): End {
  const seed = hash(name)
  const ipId = hash(`${name} id`) & 0xffff
  return { isn: undefined, next: seed, acked: undefined, ipId, tsBase: hash(`${name} ts`), tsRecent: 0, last: undefined, lastSeq: seed, spoke: false }
}

const key = (a: Address) => `${a.address} ${a.port}`

function shifted(address: string, by: number): string {
  if (by === 0) return address
  const [, head, last] = /^(.*[.:])([0-9a-f]+)$/.exec(address)!
  return address.includes(':') ? `${head}${(parseInt(last!, 16) + by).toString(16)}` : `${head}${Number(last) + by}`
}

// ── frames ──────────────────────────────────────────────────────────────────────────────────────────────

interface Ip {
  ttl: number
  id: number
  dontFragment: boolean
  flow: string | undefined
  mac: string | undefined
  ipLength: string | undefined
}

function frame(from: Address, to: Address, bare: Bytes, ip: Ip, word: (w: string) => boolean): Bytes {
  const source = addressBytes(from.address)
  const destination = addressBytes(to.address)
  const segment = withTcpChecksum(bare, source, destination)
  if (word('badsum')) segment[17] = segment[17]! ^ 0x55
  if (word('offload')) segment.splice(16, 2, ...pseudoChecksum(source, destination, segment.length))
  const v6 = source.length === 16
  const flowLabel = ip.flow === undefined ? hash(`${key(from)} ${key(to)}`) & 0xfffff : Number(ip.flow)
  const packet = v6
    ? ip6(segment, { hopLimit: ip.ttl, flowLabel, source, destination })
    : ip4(segment, { ttl: ip.ttl, id: ip.id, fragment: ip.dontFragment ? 0x4000 : 0, source, destination, ...(ip.ipLength === undefined ? {} : { totalLength: Number(ip.ipLength) }) })
  const bytes = eth(packet, v6 ? 0x86dd : 0x0800)
  const lower = [from, to].sort((a, b) => (a.host.name < b.host.name ? -1 : 1))[0]
  const macs = [hex('02 00 00 00 00 0a'), hex('02 00 00 00 00 0b')]
  bytes.splice(6, 6, ...(ip.mac === undefined ? macs[from === lower ? 0 : 1]! : hex(ip.mac.replace(/:/g, ''))))
  bytes.splice(0, 6, ...macs[from === lower ? 1 : 0]!)
  return bytes
}

/** What a driver leaves in the checksum field when the card is to finish it. */
function pseudoChecksum(source: Bytes, destination: Bytes, length: number): Bytes {
  let sum = 6 + length
  for (const half of [source, destination]) for (let i = 0; i < half.length; i += 2) sum += (half[i]! << 8) | half[i + 1]!
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return be16(sum)
}

export function addressBytes(address: string): Bytes {
  if (!address.includes(':')) return address.split('.').map(Number)
  const [head, tail] = address.split('::')
  const groups = (part: string | undefined) => (part ? part.split(':').flatMap(g => be16(parseInt(g, 16))) : [])
  const front = groups(head)
  const back = groups(tail)
  return [...front, ...zeros(16 - front.length - back.length), ...back]
}

/** The same frame one or more routers later. */
function loweredHopLimit(frame: Bytes, by: number): Bytes {
  const copy = frame.slice()
  if (by === 0) return copy
  if (copy[12] === 0x86) copy[21] = copy[21]! - by
  else {
    copy[22] = copy[22]! - by
    let sum = ((copy[24]! << 8) | copy[25]!) + (by << 8)
    if (sum > 0xffff) sum = (sum & 0xffff) + 1
    copy[24] = sum >> 8
    copy[25] = sum & 255
  }
  return copy
}
