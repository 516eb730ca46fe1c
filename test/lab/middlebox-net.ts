/** The path of the middlebox lab: client, router, a forwarder that is also the device under study, router, server. */
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { owns, run, sleep, start, stop } from './proc.ts'

export interface PathOptions {
  /** One-way delay in ms; the round trip is twice that and a little. */
  delayMs?: number
  jitter?: number
  /** TTL steps in the middle; the two routers take one each. */
  hops?: number
  /** See forwarder_devices.py. */
  devices?: object[]
  serverTtl?: number
  clientTtl?: number
  /** A mirror port in the middle that shows the traffic inside these tunnels, outermost last. */
  wrap?: string[]
  /** Where on the path the mirror port stands: 0 at the client, 1 at the server. */
  position?: number
  /** The scenario talks IPv6. */
  v6?: boolean
  /** A second server next to the first router. */
  near?: boolean
  /** Program in the middle: a seed of its own for jitter and random fields. */
  seed?: number
}

export interface Forged {
  src: string
  dst: string
  sport: number
  dport: number
  seq: number
  ipid: number
  flags: number
  ttl: number
}

export type Place = 'client' | 'r1' | 'mid' | 'r2' | 'server' | 'near' | 'tap'
export interface Answer {
  ok: boolean
  error?: string
  sport?: number
  bytes?: number
  ms?: number
}

const here = new URL('.', import.meta.url).pathname

/** A python program in a namespace that takes JSON lines and answers each with one. */
class Program {
  private readonly child: ChildProcess
  private waiting: ((answer: Answer) => void)[] = []
  readonly events: Forged[] = []

  constructor(namespace: string, file: string, args: string[]) {
    const line = ['netns', 'exec', namespace, '/usr/bin/python3', '-B', `${here}${file}`, ...args]
    this.child = start('ip', line)
    createInterface({ input: this.child.stdout! }).on('line', text => this.hear(JSON.parse(text)))
    this.child.stderr?.on('data', text => process.stderr.write(`${namespace} ${file}: ${text}`))
  }

  private hear(message: { event?: string } & Answer) {
    if (message.event === 'forged') this.events.push(message as unknown as Forged)
    else this.waiting.shift()?.(message)
  }

  next = () => new Promise<Answer>(done => this.waiting.push(done))

  ask(command: object): Promise<Answer> {
    const answer = this.next()
    this.child.stdin!.write(`${JSON.stringify(command)}\n`)
    return Promise.race([answer, sleep(30_000).then(() => ({ ok: false, error: 'no answer' }))])
  }

  end = () => stop(this.child, 'SIGKILL')
}

export class Path {
  private readonly base: string
  private programs = new Map<string, Program>()
  private captures: ChildProcess[] = []

  constructor(
    readonly index: number,
    readonly options: PathOptions,
    readonly directory: string,
  ) {
    this.base = `mb${process.pid.toString(36)}x${index}`
  }

  ns = (place: Place) => `${this.base}${place}`
  /** Addresses: network 1 = client's, 2 = between the routers, 3 = server's, 4 = the near server's. */
  v4 = (network: number, last: number) => `10.${80 + network}.${this.index}.${last}`
  v6 = (network: number, last: number) => `fd${80 + network}:${this.index.toString(16)}::${last.toString(16)}`
  get server() {
    return this.v4(3, 2)
  }
  get server6() {
    return this.v6(3, 2)
  }
  /** The server's address in the family of the scenario. */
  get target() {
    return this.options.v6 ? this.server6 : this.server
  }
  get forged(): Forged[] {
    return this.programs.get('mid')?.events ?? []
  }

  private cable(a: Place, ifA: string, b: Place, ifB: string) {
    return `ip link add ${ifA} netns ${this.ns(a)} type veth peer name ${ifB} netns ${this.ns(b)}`
  }

  private setUpInside(place: Place, links: string[], lines: string[], sysctls: string[] = []) {
    const sh = [
      'cd /proc/sys/net',
      'echo 0 > ipv4/conf/all/rp_filter; echo 0 > ipv4/conf/default/rp_filter',
      ...sysctls.map(s => `echo ${s.split('=')[1]} > ${s.split('=')[0]}`),
      'ip link set lo up',
      // Without it the link-local addresses wait a second before they may speak, and the first IPv6 SYN with them.
      ...links.map(l => `echo 0 > ipv6/conf/${l}/accept_dad`),
      // Right checksums and real segment sizes in the captures.
      ...links.map(l => `ethtool -K ${l} tx off tso off gso off gro off >/dev/null; ip link set ${l} up`),
      ...lines.map(l => `ip ${l}`),
    ]
    return `ip netns exec ${this.ns(place)} sh -ec '${sh.join('\n')}'`
  }

  private host(place: Place, network: number, ttl = 64) {
    return this.setUpInside(
      place,
      ['eth0'],
      [
        `addr add ${this.v4(network, 2)}/24 dev eth0`,
        `addr add ${this.v6(network, 2)}/64 dev eth0 nodad`,
        `route add default via ${this.v4(network, 1)}`,
        `route add default via ${this.v6(network, 1)} dev eth0`,
      ],
      [`ipv4/ip_default_ttl=${ttl}`, `ipv6/conf/eth0/hop_limit=${ttl}`],
    )
  }

  private router(place: Place, own: number, ownNets: [string, number][], other: number, far: number) {
    const [net4, net6] = [
      `10.${80 + other}.${this.index}.0/24`,
      `fd${80 + other}:${this.index.toString(16)}::/64`,
    ]
    return this.setUpInside(
      place,
      ['wan0', ...ownNets.map(n => n[0])],
      [
        `addr add ${this.v4(2, own)}/24 dev wan0`,
        `addr add ${this.v6(2, own)}/64 dev wan0 nodad`,
        ...ownNets.map(([link, n]) => `addr add ${this.v4(n, 1)}/24 dev ${link}`),
        ...ownNets.map(([link, n]) => `addr add ${this.v6(n, 1)}/64 dev ${link} nodad`),
        `route add ${net4} via ${this.v4(2, far)}`,
        `route add ${net6} via ${this.v6(2, far)} dev wan0`,
      ],
      ['ipv4/ip_forward=1', 'ipv6/conf/all/forwarding=1'],
    )
  }

  async build() {
    const { near, wrap, serverTtl, clientTtl, devices } = this.options
    const places: Place[] = ['client', 'r1', 'mid', 'r2', 'server']
    if (near) places.push('near')
    if (wrap) places.push('tap')
    for (const place of places) owns.namespace(this.ns(place))
    const nets: [string, number][] = near
      ? [
          ['lan0', 1],
          ['lan1', 4],
        ]
      : [['lan0', 1]]
    const tap = wrap ? ['m2'] : []
    const script = [
      'set -e',
      ...places.map(p => `ip netns add ${this.ns(p)}`),
      this.cable('client', 'eth0', 'r1', 'lan0'),
      this.cable('r1', 'wan0', 'mid', 'm0'),
      this.cable('mid', 'm1', 'r2', 'wan0'),
      this.cable('r2', 'lan0', 'server', 'eth0'),
      ...(near ? [this.cable('near', 'eth0', 'r1', 'lan1')] : []),
      ...(wrap ? [this.cable('mid', 'm2', 'tap', 'tap0')] : []),
      this.setUpInside(
        'mid',
        ['m0', 'm1', ...tap],
        ['m0', 'm1'].map(l => `link set ${l} promisc on`),
        ['ipv6/conf/all/disable_ipv6=1'],
      ),
      ...(wrap ? [this.setUpInside('tap', ['tap0'], [], ['ipv6/conf/all/disable_ipv6=1'])] : []),
      this.router('r1', 1, nets, 3, 2),
      this.router('r2', 2, [['lan0', 3]], 1, 1),
      ...(near
        ? [`ip netns exec ${this.ns('r2')} ip route add 10.84.${this.index}.0/24 via ${this.v4(2, 1)}`]
        : []),
      this.host('client', 1, clientTtl),
      this.host('server', 3, serverTtl),
      ...(near ? [this.host('near', 4)] : []),
    ]
    await run('bash', ['-c', script.join('\n')])
    const config = {
      left: 'm0',
      right: 'm1',
      delayMs: 16,
      seed: this.index % 128,
      ...this.options,
      devices: devices ?? [],
    }
    await this.launch('mid', 'forwarder.py', [JSON.stringify(wrap ? { ...config, tap: 'm2' } : config)])
    for (const place of places.filter(p => p === 'client' || p === 'server' || p === 'near'))
      await this.app(place)
  }

  private async launch(place: Place, file: string, args: string[] = []) {
    const program = new Program(this.ns(place), file, args)
    this.programs.set(place, program)
    if (file === 'forwarder.py') await program.next()
  }

  app = (place: Place) => this.launch(place, 'forwarder_traffic.py')

  /** One command to a host's applications; the answer says whether it worked. */
  ask = (place: Place, command: { do: string; [key: string]: unknown }) =>
    this.programs.get(place)!.ask(command)
  /** One command to the forwarder. */
  mid = (command: { cmd: string; [key: string]: unknown }) => this.programs.get('mid')!.ask(command)

  exec = (place: Place, ...line: string[]) => run('ip', ['netns', 'exec', this.ns(place), ...line])
  nft = (place: Place, rules: string) => run('ip', ['netns', 'exec', this.ns(place), 'nft', '-f', '-'], rules)
  sysctl = (place: Place, name: string, value: string | number) =>
    this.exec(place, 'sh', '-c', `echo ${value} > /proc/sys/net/${name}`)

  /** A long-running program of the scenario (a proxy); ends with the path. */
  spawn(place: Place, ...line: string[]): ChildProcess {
    const child = start('ip', ['netns', 'exec', this.ns(place), ...line])
    this.captures.push(child)
    return child
  }

  async capture(place: Place, device: string, file: string, options: string[] = [], filter = 'tcp') {
    const line = ['-i', device, '-n', '-U', '--immediate-mode', '-Z', 'root', '-w', file, ...options]
    const child = this.spawn(place, 'tcpdump', ...line, ...(filter ? [filter] : []))
    await new Promise<void>((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`tcpdump does not start: ${file}`)), 8000)
      child.stderr!.on('data', text => {
        if (!`${text}`.includes('listening on')) return
        clearTimeout(timer)
        done()
      })
    })
  }

  async stopCaptures() {
    await Promise.all(this.captures.splice(0).map(child => stop(child, 'SIGTERM')))
  }

  async remove() {
    await this.stopCaptures()
    await Promise.all([...this.programs.values()].map(p => p.end()))
    const places: Place[] = ['client', 'r1', 'mid', 'r2', 'server', 'near', 'tap']
    const names = places.map(this.ns).filter(name => existsSync(`/run/netns/${name}`))
    await run('sh', ['-c', names.map(n => `ip netns del ${n}`).join(';') || 'true'])
  }
}

export interface KernelEvent {
  kind: 'sent' | 'received'
  /** Seconds since 1970. */
  time: number
  /** Sent: source of the reset (0.0.0.0 when a listener answers). Received: the socket that took it. */
  local: string
  remote: string
  reason: string | null
}

/** The kernel's own word on resets, from a tracing instance of this run. */
export class Tracer {
  private readonly path = `/sys/kernel/tracing/instances/rst-middlebox-${process.pid}`

  async open() {
    if (!existsSync('/sys/kernel/tracing/events'))
      await run('mount', ['-t', 'tracefs', 'nodev', '/sys/kernel/tracing'])
    mkdirSync(this.path)
    owns.instance(this.path)
    writeFileSync(`${this.path}/buffer_size_kb`, '4096')
    writeFileSync(`${this.path}/trace_clock`, 'mono')
    for (const event of ['tcp_send_reset', 'tcp_receive_reset'])
      writeFileSync(`${this.path}/events/tcp/${event}/enable`, '1')
  }

  /** Events of the scenario with this index, told by its addresses; and those of all listeners, which bear none. */
  of(index: number): KernelEvent[] {
    const bootTime = Date.now() / 1000 - Number(process.hrtime.bigint()) / 1e9
    const listener = /src=(0\.0\.0\.0|\[::\]):/
    const ours = new RegExp(`\\b10\\.8[1-4]\\.${index}\\.\\d|\\bfd8[1-4]:${index.toString(16)}:`)
    const events: KernelEvent[] = []
    for (const line of readFileSync(`${this.path}/trace`, 'utf8').split('\n')) {
      if (!ours.test(line) && !listener.test(line)) continue
      const time = Number(/ ([\d.]+): tcp_/.exec(line)?.[1]) + bootTime
      const sent = /tcp_send_reset: .*src=(\S+) dest=(\S+) .*reason=(\w+)/.exec(line)
      if (sent) events.push({ kind: 'sent', time, local: sent[1], remote: sent[2], reason: sent[3] })
      const got =
        /family=(\w+) sport=(\d+) dport=(\d+) saddr=(\S+) daddr=(\S+) saddrv6=(\S+) daddrv6=(\S+)/.exec(line)
      if (!got) continue
      const [, kind, sport, dport, s4, d4, s6, d6] = got
      const v6 = kind === 'AF_INET6' && !s6.startsWith('::ffff:')
      const local = v6 ? `[${s6}]:${sport}` : `${s4}:${sport}`
      const remote = v6 ? `[${d6}]:${dport}` : `${d4}:${dport}`
      events.push({ kind: 'received', time, local, remote, reason: null })
    }
    return events
  }
}
