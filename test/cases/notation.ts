/**
 * Cases as Markdown: prose, a block of packets that a kernel engineer reads at a glance, and a block of expected verdicts.
 *
 *   ```packets
 *   host c = 10.0.0.5:41234 windows hops=1      a host: address, port, stack (stacks.ts), routers between it and the capture point
 *   host s = 10.0.1.9:443 linux hops=7
 *   device x = ttl=61 id=random win=0 nodf      who forges: packets `by x` bear its habits instead of the host's
 *   start 2026-03-01T10:00:00Z                  (optional)
 *   c>s connect 40ms                            S, 40 ms later S., 0.1 ms later .
 *   +10ms c>s P. "GET / HTTP/1.1\r\n\r\n"       10 ms after the line before; @61s = 61 s after the start
 *   s>c . (1448)                                1448 bytes of filler; also tls.hello(name), tls.data(300), tls.alert(40), tls.close
 *   s>c R. by x seq=next+12503                  numbers are the connection's own unless given
 *   c>s again                                   retransmits the last segment of that side
 *   +5us copy ttl-1                             the previous frame once more, as recorded at another place
 *   unseen c>s . (10)                           happened, but not in front of the capture point
 *   repeat 5 every 300ms port+1                 … end: the lines between, each time with the next port (dport+1, host+1, chost+1)
 *   end
 *   ```
 *
 * Flags as tcpdump prints them: S S. . P. F. R R. A bare `R` is the stack's answer to the peer's last segment, `R.` a socket's own abort or,
 * where the host has not spoken yet, the answer to a SYN. `c:40002>s` names another connection of the same hosts.
 * Keys: seq ack win ttl id flow isn mac iplen mss ws ts=VAL/ECR; words: df nodf nots nosack badsum offload by NAME.
 * Numbers: 1 (relative to the ISN), #0 (as on the wire), next, peer, acked (what the peer acknowledged last), old.next, old.peer, each with +N or -N.
 *
 *   ```expect
 *   r1-r5 server: idle-timeout | abortive-close
 *     origin: endpoint | unknown
 *     impact: request-lost
 *     says: words of some sentence of the evidence (silent-of: words of none)
 *     known-wrong: why the program still says something else
 *   ```
 */
import { type Case, type Line, NotationError, type PacketLine } from './case.js'
import { parseExpectations } from './expectations.js'
import { STACKS } from './stacks.js'

const UNITS: Record<string, number> = { us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }
const DEFAULT_GAP_NS = 100e3

export function parseCase(markdown: string): Case {
  const lines = markdown.split('\n').map((text, i) => ({ number: i + 1, text }))
  const title = lines.find(l => l.text.startsWith('# '))
  if (!title) throw new NotationError(1, 'no title ("# …")')
  const packets = fenced(lines, 'packets')
  const expect = fenced(lines, 'expect')
  const prose = lines
    .slice(title.number, packets[0].number - 2)
    .map(l => l.text)
    .join('\n')
    .trim()
  if (prose.length < 40)
    throw new NotationError(title.number, 'no prose: say what happened and why the packets look so')
  const result: Case = {
    title: title.text.slice(2).trim(),
    prose,
    hosts: new Map(),
    devices: new Map(),
    startSeconds: Date.UTC(2026, 2, 1, 10) / 1000,
    packets: [],
    expectations: parseExpectations(stripped(expect)),
  }
  parsePackets(stripped(packets), result)
  return result
}

function fenced(lines: Line[], language: string): Line[] {
  const from = lines.findIndex(l => l.text.trim() === `\`\`\`${language}`)
  if (from < 0) throw new NotationError(lines.length, `no \`\`\`${language} block`)
  const to = lines.findIndex((l, i) => i > from && l.text.trim() === '```')
  if (to < 0) throw new NotationError(from + 1, `the ${language} block does not end`)
  if (to === from + 1) throw new NotationError(from + 1, `the ${language} block is empty`)
  return lines.slice(from + 1, to)
}

/** Without comments (# after a blank, outside quotes) and empty lines. */
function stripped(lines: Line[]): Line[] {
  return lines
    .map(({ number, text }) => ({ number, text: text.replace(/(^|\s)# (?:[^"]|"[^"]*")*$/, '') }))
    .filter(l => l.text.trim() !== '')
}

// ── packets ─────────────────────────────────────────────────────────────────────────────────────────────

export function nanoseconds(word: string, line: number): number {
  const [, amount, unit] = /^([\d.]+)(us|ms|s|m|h)$/.exec(word) ?? []
  if (unit === undefined) throw new NotationError(line, `not a time: ${word}`)
  return Math.round(Number(amount) * UNITS[unit])
}

function parsePackets(lines: Line[], into: Case): void {
  let clock = 0
  for (let i = 0; i < lines.length; i++) {
    const { number, text } = lines[i]
    const line = text.trim()
    if (line.startsWith('host ')) addHost(line, number, into)
    else if (line.startsWith('device ')) addDevice(line, number, into)
    else if (line.startsWith('start ')) into.startSeconds = Date.parse(line.slice(6)) / 1000
    else if (/^(?:[+@]\S+ +)?repeat /.test(line)) {
      const end = lines.findIndex((l, j) => j > i && l.text.trim() === 'end')
      if (end < 0) throw new NotationError(number, 'repeat without end')
      clock = repeatBlock(lines[i], lines.slice(i + 1, end), clock, into)
      i = end
    } else clock = packetLine(lines[i], clock, 0, [0, 0, 0, 0], into)
  }
}

function addHost(line: string, number: number, into: Case): void {
  const [, name, address, port, stack, hops] =
    /^host (\w+) = (\S+):(\d+) (\w+)(?: hops=(\d+))?$/.exec(line) ?? []
  if (name === undefined) throw new NotationError(number, 'expected: host NAME = ADDRESS:PORT STACK [hops=N]')
  const habits = STACKS[stack]
  if (!habits)
    throw new NotationError(number, `unknown stack ${stack}; known: ${Object.keys(STACKS).join(', ')}`)
  into.hosts.set(name, {
    name,
    address: address.replace(/[[\]]/g, ''),
    port: Number(port),
    stack: habits,
    hops: Number(hops ?? 0),
  })
}

function addDevice(line: string, number: number, into: Case): void {
  const [, name, rest] = /^device (\w+) = (.+)$/.exec(line) ?? []
  if (name === undefined) throw new NotationError(number, 'expected: device NAME = key=value …')
  into.devices.set(name, { name, options: optionsOf(words(rest), number) })
}

function repeatBlock(head: Line, body: Line[], clock: number, into: Case): number {
  const [, at, times, every, what] =
    /^(?:([+@]\S+) +)?repeat (\d+) every (\S+)(?: (.+))?$/.exec(head.text.trim()) ?? []
  if (times === undefined)
    throw new NotationError(
      head.number,
      'expected: repeat N every TIME [port+1] [dport+1] [host+1] [chost+1]',
    )
  const start = moved(at, clock, 0, head.number)
  const steps = ['port', 'dport', 'host', 'chost'].map(k =>
    Number(new RegExp(`(?:^| )${k}\\+(\\d+)`).exec(what ?? '')?.[1] ?? 0),
  )
  let latest = start
  for (let i = 0; i < Number(times); i++) {
    const base = start + i * nanoseconds(every, head.number)
    let now = base - DEFAULT_GAP_NS
    for (const line of body)
      now = packetLine(line, now, base, steps.map(s => s * i) as PacketLine['shift'], into)
    latest = Math.max(latest, now)
  }
  return latest
}

function moved(word: string | undefined, clock: number, base: number, line: number): number {
  if (word === undefined) return clock + DEFAULT_GAP_NS
  const ns = nanoseconds(word.slice(1), line)
  return word.startsWith('@') ? base + ns : clock + ns
}

/** One line of packets; returns its time. Inside `repeat`, @ counts from the round's beginning. */
function packetLine(
  { number, text }: Line,
  clock: number,
  base: number,
  shift: PacketLine['shift'],
  into: Case,
): number {
  const all = words(text.trim())
  const at = /^[+@]/.test(all[0]) ? all.shift() : undefined
  const timeNs = at === undefined && into.packets.length === 0 ? 0 : moved(at, clock, base, number)
  const seen = all[0] !== 'unseen'
  if (!seen) all.shift()
  const common = {
    line: number,
    timeNs,
    seen,
    length: 0,
    payload: undefined,
    device: undefined,
    shift,
    flags: '',
  }
  if (all[0] === 'copy') {
    into.packets.push({
      ...common,
      action: 'copy',
      from: { host: '' },
      to: { host: '' },
      options: optionsOf(all.slice(1), number),
    })
    return timeNs
  }
  const { from, to } = direction(all.shift(), number, into)
  const verb = all.shift()
  if (verb === undefined) throw new NotationError(number, 'no flags')
  if (verb === 'connect') return connect(common, from, to, all, into)
  if (verb !== 'again' && !/^[SFRPUEW.]+$|^none$/.test(verb))
    throw new NotationError(number, `not flags: ${verb}`)
  const length = /^\((\d+)\)$/.exec(all[0] ?? '')
  if (length) all.shift()
  const payload = /^"|^tls\./.test(all[0] ?? '') ? all.shift() : undefined
  const by = all.indexOf('by')
  const device = by < 0 ? undefined : all.splice(by, 2)[1]
  if (device !== undefined && !into.devices.has(device))
    throw new NotationError(number, `unknown device ${device}`)
  const options = optionsOf(all, number)
  const action = verb === 'again' ? 'again' : 'send'
  into.packets.push({
    ...common,
    action,
    from,
    to,
    flags: verb === 'again' ? '' : verb,
    length: Number(length?.[1] ?? 0),
    payload,
    device,
    options,
  })
  return timeNs
}

type Common = Omit<PacketLine, 'action' | 'from' | 'to' | 'options'>

function connect(
  common: Common,
  from: PacketLine['from'],
  to: PacketLine['to'],
  rest: string[],
  into: Case,
): number {
  const rtt = nanoseconds(rest.shift() ?? '1ms', common.line)
  const options = optionsOf(rest, common.line)
  const steps = [
    ['S', 0, from, to],
    ['S.', rtt, to, from],
    ['.', rtt + DEFAULT_GAP_NS, from, to],
  ] as const
  for (const [flags, delay, a, b] of steps) {
    into.packets.push({
      ...common,
      timeNs: common.timeNs + delay,
      action: 'send',
      flags,
      from: a,
      to: b,
      options,
    })
  }
  return common.timeNs + rtt + DEFAULT_GAP_NS
}

function direction(word: string | undefined, line: number, into: Case): Pick<PacketLine, 'from' | 'to'> {
  const [, from, fromPort, to, toPort] = /^(\w+)(?::(\d+))?>(\w+)(?::(\d+))?$/.exec(word ?? '') ?? []
  if (from === undefined)
    throw new NotationError(line, `expected a direction such as c>s, found ${word ?? 'nothing'}`)
  for (const name of [from, to])
    if (!into.hosts.has(name)) throw new NotationError(line, `unknown host ${name}`)
  const end = (host: string, port: string | undefined) => ({
    host,
    ...(port === undefined ? {} : { port: Number(port) }),
  })
  return { from: end(from, fromPort), to: end(to, toPort) }
}

/** Splits at blanks, but not inside quotes. */
function words(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []
}

const KEYS = new Set(['seq', 'ack', 'win', 'ttl', 'id', 'flow', 'isn', 'mac', 'iplen', 'mss', 'ws', 'ts'])
const WORDS = new Set(['df', 'nodf', 'nots', 'nosack', 'badsum', 'offload', 'ttl-1', 'ttl-2', 'noopts'])

function optionsOf(list: string[], line: number): Map<string, string> {
  const options = new Map<string, string>()
  for (const word of list) {
    const [, key, value] = /^(\w+)=(.+)$/.exec(word) ?? []
    if (key !== undefined && KEYS.has(key)) options.set(key, value)
    else if (WORDS.has(word)) options.set(word, '')
    else throw new NotationError(line, `unknown word ${word}`)
  }
  return options
}
