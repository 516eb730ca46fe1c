/** A host of the lab: a network namespace with programs in it and an agent that works its sockets. */
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { quiet, run, sleep, start, stop } from './proc.ts'

const agentFile = new URL('agent.py', import.meta.url).pathname

/** Socket options by their C names; linger0 and timeout are the agent's own. */
export type Options = Record<string, number>

/** What an order answers is known where it is given. */
// oxlint-disable-next-line typescript/no-explicit-any
type Answer = any
type Call = (op: string, args: object) => Promise<Answer>

/** One process that owns sockets; killing it is a crash. */
export class Agent {
  private readonly child: ChildProcess
  private readonly waiting = new Map<
    number,
    { done: (value: Answer) => void; fail: (error: Error) => void }
  >()
  private serial = 0

  constructor(
    private readonly host: Host,
    namespace: string,
  ) {
    this.child = start('ip', ['netns', 'exec', namespace, '/usr/bin/python3', '-B', '-u', agentFile])
    createInterface({ input: this.child.stdout! }).on('line', line => this.hear(line))
    this.child.stderr?.on('data', text => process.stderr.write(`agent: ${text}`))
    this.child.on('exit', () => {
      for (const { fail } of this.waiting.values()) fail(new Error('agent ended'))
      this.waiting.clear()
    })
  }

  private hear(line: string) {
    const answer = JSON.parse(line)
    const order = this.waiting.get(answer.id)
    this.waiting.delete(answer.id)
    if (answer.error)
      order?.fail(Object.assign(new Error(`${answer.error}: ${answer.text}`), { code: answer.error }))
    else order?.done(answer.value)
  }

  readonly call: Call = (op, args) =>
    new Promise((done, fail) => {
      const id = ++this.serial
      this.waiting.set(id, { done, fail })
      this.child.stdin?.write(`${JSON.stringify({ id, op, ...args })}\n`)
    })

  /** On the host's one address, not on all: only so does the kernel name it in what it says of the listener. */
  async listen(
    port: number,
    more: { backlog?: number; opts?: Options; host?: string } = {},
  ): Promise<Socket> {
    return new Socket(this.call, await this.call('listen', { host: this.host.address, port, ...more }))
  }

  async connect(host: string, port: number, more: { local?: number; timeout?: number; opts?: Options } = {}) {
    return new Socket(this.call, await this.call('connect', { host, port, ...more }))
  }

  /** Sends the SYN only. */
  async startConnect(host: string, port: number, more: { local?: number; opts?: Options } = {}) {
    return new Socket(this.call, await this.call('start_connect', { host, port, ...more }))
  }

  async raw(): Promise<RawSocket> {
    return new RawSocket(this.call, await this.call('raw', { host: this.host.address }), this.host.address)
  }

  kill = () => stop(this.child, 'SIGKILL')
}

export class Socket {
  constructor(
    private readonly call: Call,
    private readonly sock: number,
  ) {}
  private do = (op: string, args: object = {}) => this.call(op, { sock: this.sock, ...args })

  accept = async (opts?: Options) => new Socket(this.call, await this.do('accept', { opts }))
  send = (data: string) => this.do('send', { data })
  sendBytes = (size: number) => this.do('send', { size })
  trySend = (size: number): Promise<number> => this.do('try_send', { size })
  /** A piece every `every` seconds until the peer is gone, at most `seconds`. */
  stream = (piece: number, every: number, seconds: number): Promise<string> =>
    this.do('stream', { piece, every, seconds })
  recv = (size?: number): Promise<string> => this.do('recv', { size })
  drain = (size?: number): Promise<number> => this.do('drain', { size })
  readFor = (seconds: number): Promise<number> => this.do('read_for', { seconds })
  readThenClose = (seconds: number, reset = false) => this.do('read_then_close', { seconds, reset })
  option = (opts: Options) => this.do('option', { opts })
  shutdown = (both = false) => this.do('shutdown', { both })
  sendUrgent = (data: string) => this.do('send_urgent', { data })
  close = () => this.do('close')
  abort = () => this.do('abort')
  forget = () => this.do('forget')
  localPort = (): Promise<number> => this.do('local_port')
  tls = (args: object = {}) => this.do('tls', args)
  closeNotify = () => this.do('close_notify')
}

export interface RawSegment {
  host: string
  sport: number
  dport: number
  seq: number
  ack?: number
  flags: number
  window?: number
  data?: string
  /** TCP options in hex, a multiple of four bytes. */
  options?: string
}

/** Sends segments of any kind from the host's own address; they carry mark 7. */
export class RawSocket {
  constructor(
    private readonly call: Call,
    private readonly sock: number,
    private readonly source: string,
  ) {}

  send = (segment: RawSegment) =>
    this.call('raw_send', { sock: this.sock, source: this.source, ack: 0, ...segment })
  /** The next arriving segment between these ports whose SYN, FIN, RST and ACK flags are these. */
  recv = (
    sport: number,
    dport: number,
    flags: number,
  ): Promise<{ seq: number; ack: number; length: number }> =>
    this.call('raw_recv', { sock: this.sock, sport, dport, flags })
}

export class Host {
  agent!: Agent
  private readonly programs: ChildProcess[] = []

  constructor(
    public namespace: string,
    /** In the family the scenario uses. */
    readonly address: string,
    readonly address4: string,
    readonly address6: string,
    readonly directory: string,
  ) {}

  /** For URLs and configuration files. */
  get bracketed() {
    return this.address.includes(':') ? `[${this.address}]` : this.address
  }

  newAgent = () => new Agent(this, this.namespace)

  /** Runs a command line in the namespace to its end. */
  sh = (line: string) => run('ip', ['netns', 'exec', this.namespace, 'sh', '-c', line])

  sysctl = (name: string, value: number | string) => this.sh(`echo ${value} > /proc/sys/net/${name}`)

  /** Starts a program; with a port, waits until something listens there. */
  async program(command: string, args: string[], port?: number): Promise<ChildProcess> {
    const child = start('ip', ['netns', 'exec', this.namespace, command, ...args])
    this.programs.push(child)
    let heard = ''
    child.stderr?.on('data', piece => (heard += piece))
    child.stdout?.on('data', () => {})
    if (port === undefined) return child
    for (let i = 0; i < 100; i++) {
      if (await this.agent.call('listening', { port })) return child
      if (child.exitCode !== null) throw new Error(`${command} ended: ${heard.slice(-400)}`)
      await sleep(50)
    }
    throw new Error(`${command} does not listen on ${port}: ${heard.slice(-400)}`)
  }

  async end() {
    await quiet(this.agent.kill())
    for (const child of this.programs) await stop(child, 'SIGKILL')
  }
}
