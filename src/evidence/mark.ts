/** What other resets need to know of a reset, so that its packets and facts need not stay at hand. */
import type { Endpoint, Side } from '../model.js'
import type { LocalFacts } from './local.js'
import type { ResetGroup } from './resets.js'
import { msBetween, type ResetView } from './view.js'
import type { Timed } from './twins.js'

export interface Mark extends Timed {
  /** As in the report: r1, r2 … */
  id: string
  connection: number
  client: string
  clientPort: number
  server: string
  port: number
  /** Server address and port: the key of whatever is counted by listener. */
  listener: string
  sender: Side
  /** First RST frame. */
  timeNs: number
  /** Its sequence number. */
  seq: number
  frame: number
  /** First packet of the connection. */
  beganNs: number
  /** It began before the capture did. */
  begunBefore: boolean
  /** Times of the SYN-ACKs before the reset. */
  synAcksNs: readonly number[]
  /** Reset before the handshake was complete. */
  unfinished: boolean
  /** Made by a stack without memory of the connection. */
  unaware: boolean
  /** The client had sent no data. */
  clientSilent: boolean
  /** The client reset it without having asked anything. */
  probing: boolean
  /** Its SYN was refused by the server. */
  refused: boolean
  forged: boolean
  /** Longest silence that the connection itself survived before the sender's last word. */
  ownSilenceMs: number | undefined
}

export function markOf(id: string, { view, origin }: ResetGroup, f: LocalFacts): Mark {
  const { connection, first, before } = view
  const { client, server } = connection
  return {
    id,
    connection: connection.id,
    client: client.address,
    clientPort: client.port,
    server: server.address,
    port: server.port,
    listener: listenerName(server),
    sender: f.sender,
    timeNs: first.timeNs,
    seq: first.seq,
    frame: first.frame,
    beganNs: connection.firstTimeNs,
    begunBefore: connection.handshake === 'not-captured',
    synAcksNs: synAcks(before),
    unfinished: f.handshakeDone === false,
    unaware: unaware(f),
    clientSilent: (f.sender === 'client' ? f.senderPayloadBytes : f.peerPayloadBytes) === 0,
    probing:
      f.sender === 'client' &&
      (f.synSeen || f.synAckSeen) &&
      f.senderPayloadBytes === 0 &&
      f.trigger !== 'syn',
    refused: f.sender === 'server' && f.trigger === 'syn',
    forged: origin.origin === 'middlebox',
    idleMs: idleMs(f),
    ageMs: f.ageMs,
    silenceMs: f.silenceMs,
    ownSilenceMs: ownSilence(view),
  }
}

/** The same string for all marks of a listener, as long as listeners are few: what is looked up by it need not be hashed anew. */
const LISTENERS = new Map<string, Map<number, string>>()
const MOST_ADDRESSES = 4096

function listenerName({ address, port }: Endpoint): string {
  let ports = LISTENERS.get(address)
  if (ports === undefined) {
    if (LISTENERS.size === MOST_ADDRESSES) LISTENERS.clear()
    LISTENERS.set(address, (ports = new Map()))
  }
  let name = ports.get(port)
  if (name === undefined) {
    if (ports.size === MOST_ADDRESSES) ports.clear()
    ports.set(port, (name = `${address} ${port}`))
  }
  return name
}

const NONE: readonly number[] = []

function synAcks(before: ResetView['before']): readonly number[] {
  let times: number[] | undefined
  for (const r of before) {
    if (r.kind !== 'syn-ack') continue
    times ??= []
    times.push(r.timeNs)
  }
  return times ?? NONE
}

/** Idle gap that a timer would have measured: before the FIN where the sender closed, else before the reset. */
function idleMs(f: LocalFacts): number | undefined {
  return f.senderFinMs !== undefined ? f.silenceBeforeFinMs : f.silenceMs
}

function unaware(f: LocalFacts): boolean {
  return (
    f.active === false &&
    f.senderFinMs === undefined &&
    f.handshakeDone !== false &&
    f.trigger !== 'syn' &&
    f.trigger !== 'syn-ack' &&
    !f.resetBefore
  )
}

/** The connection's own last silence is the one in question; what it survived earlier is in its records. */
function ownSilence({ before, sender }: ResetView): number | undefined {
  let longest: number | undefined
  const lastWord = before.findLastIndex(r => r.from === sender.side)
  for (let i = 1; i <= lastWord; i++) longest = Math.max(longest ?? 0, msBetween(before[i], before[i - 1]))
  return longest
}

/** Address of the host in whose name the reset came. */
export function hostKey(mark: Mark): string {
  return mark.sender === 'client' ? mark.client : mark.server
}

/** Address of the other end. */
export function peerKey(mark: Mark): string {
  return mark.sender === 'client' ? mark.server : mark.client
}
