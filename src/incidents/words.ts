/**
 * What an incident of several resets is called and how it is told: one line for each cause, about the group and not about its first reset.
 * A single reset needs none of this: its own summary says it.
 */
import { type FactName, shorten, some } from '../causes/define.js'
import type { Facts } from '../evidence/index.js'
import type { CauseId, Endpoint, Reset, Side } from '../model.js'
import { duration, endpoint, toMs } from '../units.js'

/** Resets of one cause that belong together. */
export interface Group {
  /** How many connections they ended. */
  connections: number
  /** "10.0.1.9:8080" or "3 servers"; "10.0.0.5" or "3 clients". */
  server: string
  client: string
  /** In whose name they were sent, and the other end. */
  sender: string
  peer: string
  /** Picks the verb's form for the sender or the peer: one host, or several. */
  senderDoes: (one: string, many: string) => string
  peerDoes: (one: string, many: string) => string
  /** A device on the path made them. */
  byDevice: boolean
  /** The listener accepted connections after the last of them. */
  openedLater: boolean
  /** A measured fact over the group: "5.0 s", "0.2 s to 54.0 s"; undefined where nothing was measured. */
  span: (name: FactName) => string | undefined
  /** The same with both ends always, where each reset tells its own value next to it: "8.0 s to 8.2 s". */
  range: (name: FactName) => string | undefined
  /** A fact that all of them share. */
  shared: <K extends FactName>(name: K) => Facts[K] | undefined
}

interface Words {
  /** Stands behind the cause's title; names who does what. */
  title: (g: Group) => string
  /** Without a full stop at the end. */
  sentence: (g: Group) => string
  /** The sentence says itself when they came. */
  timed?: true
}

const many = (g: Group, what = 'connection'): string => some(g.connections, what)
const between = (g: Group): string => `between ${g.client} and ${g.server}`
const given = (value: string | undefined, words: (value: string) => string): string =>
  value === undefined ? '' : words(value)

export const INCIDENT_WORDS: Record<CauseId, Words> = {
  'port-closed': {
    title: g =>
      `nothing ${g.openedLater ? 'listened' : 'listens'} on ${g.server}${g.openedLater ? ' for a while' : ''}`,
    sentence: g =>
      `${g.server} refused ${many(g)} from ${g.client}: nothing ${g.openedLater ? 'listened on that port then; it accepted connections afterwards' : 'listens on that port'}`,
  },
  'firewall-reject': {
    title: g => `${g.client} may not reach ${g.server}`,
    sentence: g =>
      `a device on the path refused ${many(g)} from ${g.client} to ${g.server} in the server's name`,
  },
  'accept-queue-overflow': {
    title: g => `${g.server} accepts too slowly`,
    sentence: g =>
      `${g.server} dropped ${many(g)} from ${g.client} right after the handshake: its accept queue was full`,
  },
  'handshake-aborted': {
    title: g => `${g.sender} ${g.senderDoes('gives', 'give')} up before ${g.server} answers`,
    sentence: g =>
      `${g.sender} had given up ${many(g, 'connect')} to ${g.server} when the answers came${given(g.span('ageMs'), x => ` (${x} after the SYN)`)}`,
  },
  'port-scan': {
    title: g => `${g.client} ${given(breadth(g), x => `tried ${x}`) || 'tries many ports or hosts'}`,
    sentence: g =>
      `${g.client} is scanning${given(breadth(g), x => `: it tried ${x}`)}; ${many(g)} ended by reset`,
  },
  'health-check-probe': {
    title: g => `${g.client} checks ${g.server}`,
    sentence: g =>
      `${g.client} checks ${given(g.span('probePeriodMs'), x => `every ${x}`) || 'now and then'} whether ${g.server} answers, and hangs up by reset (${g.connections} times)`,
    timed: true,
  },
  'port-reuse-collision': {
    title: g => `${g.client} towards ${g.server}`,
    sentence: g =>
      `${g.client} reused ports of ${many(g)} that ${g.server} still held; each reset cleared an old one`,
  },
  'idle-timeout': {
    title: g =>
      g.byDevice
        ? `a device forgets connections to ${g.server}${given(idle(g), x => ` after ${x}`)}`
        : `${g.sender} ${gone(g) ? g.senderDoes('forgets', 'forget') : g.senderDoes('resets', 'reset')}${given(idle(g), x => ` after ${x} of silence`)}`,
    sentence: g => {
      const after = given(idle(g), x => ` after ${x} of silence`)
      if (g.byDevice) return `a device ${between(g)} forgot ${many(g)}${after}`
      return gone(g)
        ? `${g.sender} no longer knew ${many(g)} with ${g.peer}${after}`
        : `${g.sender} reset ${many(g)} with ${g.peer}${after}`
    },
  },
  'keep-alive-race': {
    title: g =>
      `${g.sender} ${g.senderDoes('closes', 'close')}${given(g.span('silenceBeforeFinMs'), x => ` after ${x}`)}, ${g.peer} ${g.peerDoes('asks', 'ask')} later`,
    sentence: g =>
      `${g.sender} closed ${many(g, 'idle connection')}${given(g.span('silenceBeforeFinMs'), x => ` after ${x}`)}; ${g.peer} sent the next request ${
        given(g.span('dataAfterFinMs'), x =>
          x.startsWith('-') ? 'at about the same moment' : `${x} later`,
        ) || 'all the same'
      } and got a reset`,
  },
  'max-lifetime': {
    title: g =>
      g.byDevice
        ? `a device ends connections to ${g.server}${given(g.range('ageMs'), x => ` at an age of ${x}`)}`
        : `${g.sender} ${g.senderDoes('ends', 'end')} connections${given(g.range('ageMs'), x => ` at an age of ${x}`)}`,
    sentence: g =>
      `${g.byDevice ? `a device ${between(g)} ended ${many(g)}` : `${g.sender} ended ${many(g)} with ${g.peer}`}${given(g.range('ageMs'), x => ` at an age of ${x}`)}, in use or not`,
  },
  'post-restart': {
    title: g => `${g.sender} forgot its connections`,
    sentence: g => `${g.sender} was restarted or replaced and no longer knew ${many(g)} with ${g.peer}`,
  },
  'process-crash': {
    title: g => `${g.sender} ${g.senderDoes('drops its', 'drop their')} connections`,
    sentence: g =>
      `the process behind ${g.sender} died: ${many(g)} with ${g.peer} ended ${given(g.span('burstSpanMs'), x => `within ${x}`) || 'in the same moment'}`,
    timed: true,
  },
  'unread-data-close': {
    title: g => `${g.sender} ${g.senderDoes('does', 'do')} not read to the end`,
    sentence: g => `${g.sender} closed ${many(g)} while data from ${g.peer} was still unread`,
  },
  'abortive-close': {
    title: g => `${g.sender} ${g.senderDoes('aborts', 'abort')}`,
    sentence: g => `${g.sender} aborted ${many(g)} with ${g.peer} on purpose`,
  },
  'data-after-close': {
    title: g => `${g.peer} ${g.peerDoes('goes', 'go')} on sending to ${g.sender}`,
    sentence: g => `${g.sender} had closed ${many(g)}; ${g.peer} went on sending and got resets`,
  },
  'application-reject': {
    title: g => `${refuser(g).who} ${refuser(g).says('refuses', 'refuse')} ${refuser(g).whom}`,
    sentence: g =>
      `${refuser(g).who} refused in its own protocol${refuser(g).words}, then ${many(g)} ended by reset`,
  },
  'keepalive-timeout': {
    title: g => `${g.peer} ${g.peerDoes('does', 'do')} not answer probes`,
    sentence: g =>
      `${g.sender} gave up ${many(g)}: no answer to its keepalive probes, ${g.peer} had been silent${given(g.span('peerSilentMs'), x => ` for ${x}`)}`,
  },
  'retransmission-timeout': {
    title: g => `${g.peer} ${g.peerDoes('acknowledges', 'acknowledge')} nothing`,
    sentence: g => `${g.sender} gave up ${many(g)} after retransmissions that ${g.peer} never acknowledged`,
  },
  'zero-window-timeout': {
    title: g => `${g.peer} ${g.peerDoes('does', 'do')} not read`,
    sentence: g =>
      `${g.peer} stopped reading; ${g.sender} gave up waiting on ${many(g)}${given(g.span('zeroWindowMs'), x => ` after ${x}`)}`,
  },
  desynchronized: {
    title: g => `${g.sender} and ${g.peer}`,
    sentence: g => `${g.sender} reset segments from ${g.peer} whose numbers belong to no connection it knows`,
  },
  'middlebox-injection': {
    title: g => `in the name of ${g.sender}`,
    sentence: g => `a device ${between(g)} forged resets on ${many(g)} in the name of ${g.sender}`,
  },
  'nat-state-loss': {
    title: g => between(g),
    sentence: g => `a device ${between(g)} lost ${many(g)} and answered for ${g.sender}`,
  },
  'blind-reset-attack': {
    title: g => `against ${g.server}`,
    sentence: g => `somebody tried to cut ${many(g)} ${between(g)} with guessed resets`,
  },
  'reset-aftermath': {
    title: g => `${g.sender} answers what still arrives`,
    sentence: g =>
      `${g.sender} had believed earlier resets and answered what still arrived from ${g.peer} on ${many(g)}`,
  },
  'benign-teardown': {
    title: g => `${g.sender} ${g.senderDoes('hangs', 'hang')} up when done`,
    sentence: g =>
      `${g.sender} ended ${many(g, 'finished connection')} with ${g.peer} by reset; nothing was lost`,
  },
  unknown: {
    title: g => `${g.connections === 1 ? 'a reset' : 'resets'} in the name of ${g.sender}`,
    sentence: g => `the capture does not tell why ${g.sender} reset ${many(g)} with ${g.peer}`,
  },
}

function breadth(g: Group): string | undefined {
  const [ports, hosts] = [g.shared('sourcePorts'), g.shared('sourceHosts')]
  return ports && hosts ? `${some(ports, 'port')} on ${some(hosts, 'host')}` : undefined
}

/** FIN and reset together: the silence stands before the FIN. */
function idle(g: Group): string | undefined {
  return g.shared('finWithReset') ? g.span('silenceBeforeFinMs') : g.span('silenceMs')
}

/** The next packet was answered as one of an unknown connection; no timer was seen to fire. */
function gone(g: Group): boolean {
  return g.shared('active') === false
}

function refuser(g: Group) {
  const own = g.shared('senderRejection')
  const theirs = own === undefined ? g.shared('peerRejection') : undefined
  const said = own ?? theirs
  const words = said ? ` ("${shorten(said)}")` : ''
  return theirs === undefined
    ? { who: g.sender, says: g.senderDoes, whom: g.peer, words }
    : { who: g.peer, says: g.peerDoes, whom: g.sender, words }
}

/** What is asked of every reset of an incident, even of a million. */
export interface About {
  ends(reset: Reset): { client: Endpoint; server: Endpoint }
  /** Milliseconds since 1970. */
  timeMs(reset: Reset): number
  /** A measured fact, where facts are at hand. */
  fact(reset: Reset, name: FactName): Facts[FactName]
  /** The sentence about one that stands alone. */
  summary(reset: Reset): string
}

/** As far as the resets themselves tell. */
export const aboutResets: About = {
  ends: ({ connection }) => connection,
  timeMs: ({ time }) => toMs(time),
  fact: () => undefined,
  summary: ({ summary }) => summary,
}

export function groupOf(resets: Reset[], about: About): Group {
  const servers = new Set<string>()
  const clients = new Set<string>()
  const pairs = new Set<string>()
  for (const reset of resets) {
    const { client, server } = about.ends(reset)
    const listener = endpoint(server)
    servers.add(listener)
    clients.add(client.address)
    pairs.add(`${endpoint(client)} ${listener}`)
  }
  const ends = { server: named(servers, 'server'), client: named(clients, 'client') }
  const several: Record<Side, boolean> = { server: servers.size > 1, client: clients.size > 1 }
  const sender = resets[0].sender
  const peer = sender === 'server' ? 'client' : 'server'
  return {
    connections: pairs.size,
    ...ends,
    sender: ends[sender],
    peer: ends[peer],
    senderDoes: (one, more) => (several[sender] ? more : one),
    peerDoes: (one, more) => (several[peer] ? more : one),
    byDevice: resets.every(r => r.origin === 'middlebox'),
    openedLater: about.fact(resets.at(-1)!, 'nextAcceptMs') !== undefined,
    span: name => spanOf(numbersOf(resets, name, about)),
    range: name => rangeOf(numbersOf(resets, name, about)),
    shared: <K extends FactName>(name: K) => {
      const value = about.fact(resets[0], name)
      return resets.every(r => about.fact(r, name) === value) ? (value as Facts[K]) : undefined
    },
  }
}

function numbersOf(resets: Reset[], name: FactName, about: About): Float64Array {
  const numbers = new Float64Array(resets.length)
  let count = 0
  for (const reset of resets) {
    const value = about.fact(reset, name)
    if (typeof value === 'number') numbers[count++] = value
  }
  return numbers.subarray(0, count)
}

function named(names: Set<string>, noun: string): string {
  return names.size === 1 ? [...names][0] : some(names.size, noun)
}

/** Values within 5 % are one value. */
function spanOf(ms: Float64Array): string | undefined {
  if (ms.length === 0) return undefined
  const sorted = ms.sort()
  const [least, most] = [sorted[0], sorted[sorted.length - 1]]
  return least >= 0 && most <= least * 1.05 ? duration(sorted[sorted.length >> 1]) : rangeOf(sorted)
}

function rangeOf(ms: Float64Array): string | undefined {
  if (ms.length === 0) return undefined
  const sorted = ms.sort()
  const [from, to] = [duration(sorted[0]), duration(sorted[sorted.length - 1])]
  return from === to ? from : `${from} to ${to}`
}

/** When the resets came, as a sentence: within 1.1 s, or one every 30.4 s on average. */
export function rhythm(resets: number, spanMs: number): string {
  if (resets < 2) return ''
  if (resets < 5 || spanMs < 1000) return `The resets came within ${duration(Math.max(spanMs, 1))}`
  return `A reset came every ${duration(spanMs / (resets - 1))} on average, for ${duration(spanMs)}`
}
