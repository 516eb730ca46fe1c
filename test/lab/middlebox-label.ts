/** From a capture, what the forwarder forged and what the kernels traced, to labels: who sent each RST, and why. */
import { run } from './proc.ts'
import type { Forged, KernelEvent } from './middlebox-net.ts'

export type Side = 'client' | 'server'
export type Origin = 'endpoint' | 'middlebox' | 'unknown'

/** The truth about a reset, and what else the packets of one vantage leave open. */
export interface Verdict {
  origin: Origin
  originAcceptable?: Origin[]
  cause: string
  acceptable?: string[]
  impact: string
  impactAcceptable?: string[]
  /** Name of the rule whose reset this one follows from. */
  after?: string
  /** For resets that no kernel of an endpoint traced (or traced under another address). */
  kernelReason?: string | null
}

export interface RstFrame {
  frame: number
  time: number
  from: string
  to: string
  stream: number
  seq: number
  ack: number
  flags: number
  ipid: number
  ttl: number
  win: number
}

export interface Rule {
  name: string
  sender: Side
  /** forged: by the forwarder; kernel: traced by the sender's kernel; device: neither (nft reject, NAT); any. */
  who: 'forged' | 'kernel' | 'device' | 'any'
  /** Only connections to this server port. */
  port?: number
  match?: (reset: RstFrame) => boolean
  /** Files in which it must be present; default: none must. */
  in?: string[]
  verdict: Verdict
  /** Changes for single files. */
  at?: Record<string, Partial<Verdict>>
}

export interface LabelledReset {
  client: string
  server: string
  sender: Side
  frames: number[]
  origin: Origin
  originAcceptable: Origin[]
  cause: string
  acceptable: string[]
  impact: string
  impactAcceptable: string[]
  kernelReason: string | null
  /** Whether the kernel of the reset's target took it for valid; null: not told apart. */
  accepted: boolean | null
  consequenceOf: string | null
}

const fields = [
  'frame.number',
  'frame.time_epoch',
  'ip.src',
  'ip.dst',
  'ipv6.src',
  'ipv6.dst',
  'tcp.srcport',
  'tcp.dstport',
]
fields.push(
  'tcp.stream',
  'tcp.seq_raw',
  'tcp.ack_raw',
  'tcp.flags',
  'ip.id',
  'ip.ttl',
  'ipv6.hlim',
  'tcp.window_size_value',
)

const last = (cell: string | undefined) => (cell ?? '').split(',').at(-1) ?? ''

const read = new Map<string, Promise<RstFrame[]>>()

/** The RST frames of a finished capture; tshark takes a while, so each is read once. */
export function resetFrames(path: string): Promise<RstFrame[]> {
  if (!read.has(path)) read.set(path, readResets(path))
  return read.get(path)!
}

async function readResets(path: string): Promise<RstFrame[]> {
  const wanted = fields.flatMap(f => ['-e', f])
  const out = await run('tshark', ['-n', '-r', path, '-Y', 'tcp.flags.reset==1', '-T', 'fields', ...wanted])
  return out
    .split('\n')
    .filter(Boolean)
    .map(line => {
      const [
        frame,
        time,
        src4,
        dst4,
        src6,
        dst6,
        sport,
        dport,
        stream,
        seq,
        ack,
        flags,
        ipid,
        ttl4,
        hlim,
        win,
      ] = line.split('\t')
      const end = (v4: string | undefined, v6: string | undefined, port: string | undefined) =>
        last(v6) ? `[${last(v6)}]:${last(port)}` : `${last(v4)}:${last(port)}`
      // Over IPv6 in IPv4 the outer header has an ID, the packet itself none.
      const numbers = [seq, ack, flags, last(src6) ? '0' : ipid, last(hlim) || ttl4, win].map(cell =>
        Number(last(cell)),
      )
      const [seqN, ackN, flagsN, ipidN, ttlN, winN] = numbers as [
        number,
        number,
        number,
        number,
        number,
        number,
      ]
      const named = { seq: seqN, ack: ackN, flags: flagsN, ipid: ipidN, ttl: ttlN, win: winN }
      return {
        frame: Number(frame),
        time: Number(time),
        from: end(src4, src6, sport),
        to: end(dst4, dst6, dport),
        stream: Number(last(stream)),
        ...named,
      }
    })
}

const portOf = (end: string) => Number(end.slice(end.lastIndexOf(':') + 1))
/** Servers of the lab listen below 30000, clients use ports above. */
const fromServer = (r: RstFrame) => portOf(r.from) < 30_000

export interface Truth {
  forged: Forged[]
  events: KernelEvent[]
  /** How far the clock of this capture was put ahead. */
  clockOffsetMs: number
}

export const wasForged = (r: RstFrame, truth: Truth) =>
  truth.forged.some(f => {
    const samePorts = f.sport === portOf(r.from) && f.dport === portOf(r.to)
    // Between the forwarder and each capture lies one router.
    const hops = f.ttl - r.ttl
    return (
      samePorts &&
      f.seq === r.seq &&
      f.flags === (r.flags & 255) &&
      f.ipid === r.ipid &&
      (hops === 0 || hops === 1)
    )
  })

/**
 * Ports survive every NAT of the lab, addresses do not. Where a listener answers, the kernel traces neither its address
 * nor the remote end: there the time must fit, at most a path's delay before the frame.
 */
const tracedBySender = (r: RstFrame, truth: Truth) =>
  truth.events.filter(e => {
    const remote = portOf(e.remote)
    if (e.kind !== 'sent' || portOf(e.local) !== portOf(r.from)) return false
    const age = r.time - truth.clockOffsetMs / 1000 - e.time
    return remote === 0 ? age > -0.004 && age < 0.12 : remote === portOf(r.to)
  })

function fits(rule: Rule, r: RstFrame, truth: Truth): boolean {
  if ((rule.sender === 'server') !== fromServer(r)) return false
  const server = fromServer(r) ? r.from : r.to
  if (rule.port !== undefined && portOf(server) !== rule.port) return false
  if (rule.match && !rule.match(r)) return false
  const forged = wasForged(r, truth)
  if (rule.who === 'forged') return forged
  if (rule.who === 'any') return true
  const traced = tracedBySender(r, truth).length > 0
  return !forged && (rule.who === 'kernel') === traced
}

function describe(rule: Rule, file: string, frames: RstFrame[], truth: Truth): LabelledReset {
  const r = frames[0]
  const verdict = { ...rule.verdict, ...rule.at?.[file] }
  const [client, server] = fromServer(r) ? [r.to, r.from] : [r.from, r.to]
  const reason =
    rule.who === 'forged' || rule.who === 'device' ? null : (tracedBySender(r, truth)[0]?.reason ?? null)
  const taken = truth.events.some(
    e => e.kind === 'received' && portOf(e.local) === portOf(r.to) && portOf(e.remote) === portOf(r.from),
  )
  return {
    client,
    server,
    sender: rule.sender,
    frames: frames.map(f => f.frame),
    origin: verdict.origin,
    originAcceptable: verdict.originAcceptable ?? [],
    cause: verdict.cause,
    acceptable: verdict.acceptable ?? [],
    impact: verdict.impact,
    impactAcceptable: verdict.impactAcceptable ?? [],
    kernelReason: verdict.kernelReason !== undefined ? verdict.kernelReason : reason,
    accepted: taken,
    consequenceOf: null,
  }
}

/** Labels of one capture. Throws when a RST fits no rule or a rule that must be met is not. */
export async function label(
  file: string,
  path: string,
  rules: Rule[],
  truth: Truth,
): Promise<LabelledReset[]> {
  const groups = new Map<string, { rule: Rule; frames: RstFrame[] }>()
  for (const r of await resetFrames(path)) {
    const rule = rules.find(candidate => fits(candidate, r, truth))
    if (!rule)
      throw new Error(`${file}: no rule for ${JSON.stringify({ ...r, forged: wasForged(r, truth) })}`)
    const key = `${r.stream} ${rule.name}`
    const group = groups.get(key) ?? { rule, frames: [] }
    group.frames.push(r)
    groups.set(key, group)
  }
  for (const rule of rules) {
    const met = [...groups.values()].some(g => g.rule === rule)
    if (rule.in?.includes(file) && !met) throw new Error(`${file}: no reset for rule "${rule.name}"`)
  }
  const all = [...groups.entries()].map(([key, g]) => ({
    key,
    ...g,
    label: describe(g.rule, file, g.frames, truth),
  }))
  for (const entry of all) {
    const sameWay = all.filter(
      o => o.key.split(' ')[0] === entry.key.split(' ')[0] && o.rule.sender === entry.rule.sender,
    )
    if (sameWay.length > 1 && entry.label.accepted) entry.label.accepted = null
  }
  for (const entry of all) {
    const wanted = { ...entry.rule.verdict, ...entry.rule.at?.[file] }.after
    if (!wanted) continue
    const stream = entry.key.split(' ')[0]
    // The reset it follows from, or else the first one that this vantage shows of the same connection.
    const same = all.filter(
      o => o !== entry && o.key.split(' ')[0] === stream && o.frames[0].frame < entry.frames[0].frame,
    )
    // Behind a translated address the reset it follows from may belong to another 4-tuple.
    const elsewhere = all.find(o => o.rule.name === wanted && o.frames[0].frame < entry.frames[0].frame)
    const cause = same.find(o => o.rule.name === wanted) ?? same[0] ?? elsewhere
    if (!cause && !entry.rule.at?.[file])
      throw new Error(`${file}: "${entry.rule.name}" follows from nothing`)
    if (cause) {
      const c = cause.label
      entry.label.consequenceOf = `${c.client}>${c.server} ${c.sender} ${c.frames[0]}`
    }
  }
  return all.sort((a, b) => a.frames[0].frame - b.frames[0].frame).map(entry => entry.label)
}
