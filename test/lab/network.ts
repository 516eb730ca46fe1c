/** Two hosts in network namespaces and what lies between them: a kernel router, or a cable with a delay. */
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Host } from './host.ts'
import { owns, run, start, stop } from './proc.ts'

export interface NetworkOptions {
  /** Scenario runs over IPv6. */
  v6?: boolean
  /** One-way ms through a user-space cable; absent: a kernel router without delay. */
  delay?: number
  delay6?: number
  /** TTL steps on that cable. */
  hops?: number
  /** More addresses of the server host: last octets. */
  extra?: number[]
  /** Kernel settings below /proc/sys/net for both hosts: { 'ipv4/tcp_timestamps': 0 }. */
  settings?: Record<string, number>
  /** Of every link, where it is not 1,500 bytes: 9,000 is a jumbo frame. */
  mtu?: number
}

const wireFile = new URL('wire.py', import.meta.url).pathname

export class Network {
  readonly client: Host
  readonly server: Host
  readonly router: string
  private wire: ChildProcess | undefined
  private answers: ((line: string) => void)[] = []

  constructor(
    readonly index: number,
    readonly options: NetworkOptions,
    directory: string,
  ) {
    const base = `rl${process.pid.toString(36)}x${index}`
    this.router = `${base}r`
    const host = (side: 'c' | 's') => {
      const v4 = this.v4(side, 2)
      const v6 = this.v6(side, 2)
      return new Host(`${base}${side}`, options.v6 ? v6 : v4, v4, v6, directory)
    }
    this.client = host('c')
    this.server = host('s')
  }

  /** 10.71 and 10.72, and further pairs of networks where there are more scenarios than an octet can number. */
  v4 = (side: 'c' | 's', last: number) =>
    `10.${(side === 'c' ? 71 : 72) + 2 * Math.floor(this.index / 250)}.${this.index % 250}.${last}`
  v6 = (side: 'c' | 's', last: number) =>
    `fd${side === 'c' ? 71 : 72}:${this.index.toString(16)}::${last.toString(16)}`
  private mac = (side: 'c' | 's', end: 'h' | 'r') =>
    `02:${side === 'c' ? 71 : 72}:00:${(this.index & 255).toString(16).padStart(2, '0')}:00:${end === 'h' ? '02' : '01'}`

  async build() {
    await run('ip', ['netns', 'add', this.router])
    owns.namespace(this.router)
    await this.inside(this.router, 'echo 1 > ipv4/ip_forward; echo 1 > ipv6/conf/all/forwarding')
    await this.attach('c')
    await this.attach('s')
    if (this.options.delay !== undefined) await this.lay()
    this.client.agent = this.client.newAgent()
    this.server.agent = this.server.newAgent()
  }

  private inside = (namespace: string, line: string) =>
    run('ip', ['netns', 'exec', namespace, 'sh', '-c', `cd /proc/sys/net; ${line}`])

  /** A namespace, its cable to the router, addresses and routes. Also used to bring a host back from the dead. */
  async attach(side: 'c' | 's') {
    const name = (side === 'c' ? this.client : this.server).namespace
    const [own, far] = [`${side}0`, `r${side}`]
    const cable = this.options.delay !== undefined
    await run('ip', ['netns', 'add', name])
    owns.namespace(name)
    const link = `link add ${own} netns ${name} address ${this.mac(side, 'h')} type veth peer name ${far} netns ${this.router} address ${this.mac(side, 'r')}`
    await run('ip', link.split(' '))
    const settings = {
      'ipv6/conf/all/accept_dad': 0,
      'ipv6/conf/default/accept_dad': 0,
      ...this.options.settings,
    }
    await this.inside(
      name,
      Object.entries(settings)
        .map(([key, value]) => `echo ${value} > ${key}`)
        .join('; '),
    )
    const gateway = cable ? this.mac(side === 'c' ? 's' : 'c', 'h') : this.mac(side, 'r')
    const addresses = [2, ...(side === 's' ? (this.options.extra ?? []) : [])]
    const lines = [
      'link set lo up',
      ...addresses.map(n => `addr add ${this.v4(side, n)}/24 dev ${own}`),
      ...addresses.map(n => `addr add ${this.v6(side, n)}/64 dev ${own} nodad`),
      ...(this.options.mtu ? [`link set ${own} mtu ${this.options.mtu}`] : []),
      `link set ${own} up`,
      `neigh replace ${this.v4(side, 1)} lladdr ${gateway} dev ${own} nud permanent`,
      `neigh replace ${this.v6(side, 1)} lladdr ${gateway} dev ${own} nud permanent`,
      `route add default via ${this.v4(side, 1)}`,
      `route add default via ${this.v6(side, 1)} dev ${own}`,
    ]
    const routerLines = [
      ...(this.options.mtu ? [`link set ${far} mtu ${this.options.mtu}`] : []),
      `link set ${far} up`,
      ...(cable
        ? []
        : [`addr add ${this.v4(side, 1)}/24 dev ${far}`, `addr add ${this.v6(side, 1)}/64 dev ${far} nodad`]),
      ...(cable
        ? []
        : addresses.flatMap(n => [
            `neigh replace ${this.v4(side, n)} lladdr ${this.mac(side, 'h')} dev ${far} nud permanent`,
            `neigh replace ${this.v6(side, n)} lladdr ${this.mac(side, 'h')} dev ${far} nud permanent`,
          ])),
    ]
    await run('ip', ['-n', this.router, '-batch', '-'], routerLines.join('\n'))
    await run('ip', ['-n', name, '-batch', '-'], lines.join('\n'))
    // Frames that pass a packet socket must carry finished checksums and be no larger than the link allows.
    if (cable)
      await run('ip', ['netns', 'exec', name, 'ethtool', '-K', own, 'tx', 'off', 'tso', 'off', 'gso', 'off'])
  }

  private async lay() {
    const { delay, delay6, hops } = this.options
    const rules = JSON.stringify({ delay, delay6: delay6 ?? null, hops: hops ?? 1 })
    this.wire = start('ip', [
      'netns',
      'exec',
      this.router,
      '/usr/bin/python3',
      '-u',
      wireFile,
      'rc',
      'rs',
      rules,
    ])
    createInterface({ input: this.wire.stdout! }).on('line', line => this.answers.shift()?.(line))
    this.wire.stderr?.on('data', text => process.stderr.write(`wire: ${text}`))
    await new Promise<string>(done => this.answers.push(done))
  }

  /** Changes the cable: see wire.py. */
  async change(rules: object) {
    const done = new Promise<string>(resolve => this.answers.push(resolve))
    this.wire!.stdin!.write(`${JSON.stringify(rules)}\n`)
    await done
  }

  /** The host goes down without a word and comes back with a new kernel state: nothing of the old is left. */
  async restart(side: 'c' | 's', downMs = 0) {
    const host = side === 'c' ? this.client : this.server
    await run('ip', ['-n', this.router, 'link', 'del', `r${side}`])
    await host.end()
    await run('ip', ['netns', 'del', host.namespace])
    await new Promise(done => setTimeout(done, downMs))
    host.namespace += 'n'
    await this.attach(side)
    if (this.wire) {
      await stop(this.wire, 'SIGKILL')
      await this.lay()
    }
    host.agent = host.newAgent()
  }

  async remove() {
    await this.client.end()
    await this.server.end()
    if (this.wire) await stop(this.wire, 'SIGKILL')
    for (const name of [this.client.namespace, this.server.namespace, this.router])
      await run('ip', ['netns', 'del', name])
  }
}
