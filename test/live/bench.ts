/** Two namespaces with a cable between them, made for one test and removed with it; programs that run in them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Another build may be named, for work on both at once. */
const BIN =
  process.env['RST_ANALYZE_BIN'] ?? fileURLToPath(new URL('../../bin/rst-analyze.js', import.meta.url))
export const SERVER = '10.99.7.2'

/** What the tests of this folder need: root, network namespaces, an engine. */
export function missing(...programs: string[]): string[] {
  const lacks = programs.filter(
    name => !works('sh', ['-c', `command -v ${name} || test -x /usr/sbin/${name}`]),
  )
  if (process.getuid?.() !== 0) return ['root', ...lacks]
  const name = `rstprobe${process.pid}`
  const able = works('ip', ['netns', 'add', name])
  if (able) works('ip', ['netns', 'del', name])
  return able ? lacks : ['network namespaces', ...lacks]
}

/** Whether the optional package was built: npm leaves that out without a word. */
export const capIsBuilt = works(process.execPath, ['-e', "require('cap')"])

function works(program: string, args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** What the flood says it sent. */
export interface Sent {
  frames: number
  rst: number
  connections: number
  seconds: number
}

let made = 0

export class Cable {
  private readonly client = `rstc${process.pid}x${++made}`
  private readonly server = `rsts${process.pid}x${made}`
  private readonly children = new Set<ChildProcess>()
  private copy: string | undefined

  constructor() {
    this.ip(`netns add ${this.client}`)
    this.ip(`netns add ${this.server}`)
    this.ip(`link add c0 netns ${this.client} type veth peer name s0 netns ${this.server}`)
    for (const [name, device, last] of [
      [this.client, 'c0', 1],
      [this.server, 's0', 2],
    ] as const) {
      this.ip(`-n ${name} addr add 10.99.7.${last}/24 dev ${device}`)
      this.ip(`-n ${name} link set lo up`)
      this.ip(`-n ${name} link set ${device} up`)
    }
  }

  /** Sets the server's interface up or down. */
  link(state: 'up' | 'down'): void {
    this.ip(`-n ${this.server} link set s0 ${state}`)
  }

  /** Starts `live s0` on the server. */
  live(...words: string[]): Live {
    return new Live(this.start(this.server, process.execPath, [BIN, 'live', 's0', ...words]))
  }

  /** Starts `live s0` with its standard output in another program. */
  liveInto(reader: string, ...words: string[]): Live {
    return this.shell(`${quoted([process.execPath, BIN, 'live', 's0', ...words])} | (${reader})`)
  }

  /** Starts `live -` with its standard input from another program. */
  liveFrom(writer: string, ...words: string[]): Live {
    return this.shell(`${writer} | ${quoted([process.execPath, BIN, 'live', '-', ...words])}`)
  }

  /** What a server on the server's own loopback interface answers. */
  async fetch(url: string): Promise<string> {
    const code = `fetch('${url}').then(r => r.text()).then(t => process.stdout.write(t))`
    const child = this.start(this.server, process.execPath, ['-e', code])
    let out = ''
    child.stdout!.on('data', text => (out += text))
    await new Promise(resolve => child.once('close', resolve))
    return out
  }

  /** Starts the program as somebody else on the server. */
  liveAs(user: string, words: string[]): Live {
    const [, , uid, gid] = execFileSync('getent', ['passwd', user], { encoding: 'utf8' }).split(':')
    const who = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
    return new Live(
      this.start(this.server, 'setpriv', [...who, process.execPath, this.copyForAll(), ...words]),
    )
  }

  /** The program where everybody may read it: the clone may lie in somebody's home. */
  private copyForAll(): string {
    this.copy ??= mkdtempSync(join(tmpdir(), 'rst-analyze-bin-'))
    chmodSync(this.copy, 0o755)
    for (const name of ['bin', 'dist', 'package.json'])
      cpSync(join(dirname(dirname(BIN)), name), join(this.copy, name), { recursive: true })
    return join(this.copy, 'bin', 'rst-analyze.js')
  }

  /** Starts the program on the server where no program is found. */
  liveWithoutPrograms(...words: string[]): Live {
    const env = ['PATH=/nonexistent', process.execPath, BIN, 'live', 's0', ...words]
    return new Live(this.start(this.server, '/usr/bin/env', env))
  }

  /** A server that answers a request and then resets the connection. Resolves when it listens. */
  async abortingServer(port: number): Promise<void> {
    const code = `require('net').createServer(s => { s.on('error', () => {}); s.once('data', () => { s.write('HTTP/1.1 200 OK\\r\\nContent-Length: 9999\\r\\n\\r\\nhi'); setTimeout(() => s.resetAndDestroy(), 20) }) }).listen(${port}, () => console.log('ready'))`
    const child = this.start(this.server, process.execPath, ['-e', code])
    await new Promise(resolve => child.stdout!.once('data', resolve))
  }

  /** A server that keeps its connections. Resolves to its pid when it listens. */
  async patientServer(port: number): Promise<number> {
    const code = `require('net').createServer(s => s.on('error', () => {})).listen(${port}, () => console.log('ready'))`
    const child = this.start(this.server, process.execPath, ['-e', code])
    await new Promise(resolve => child.stdout!.once('data', resolve))
    return child.pid!
  }

  /** A client that resets its connection after a while. */
  async holdAndAbort(port: number, afterMs: number): Promise<void> {
    const code = `const s = require('net').connect(${port}, '${SERVER}', () => { s.write('x'); setTimeout(() => s.resetAndDestroy(), ${afterMs}) })`
    const child = this.start(this.client, process.execPath, ['-e', code])
    await new Promise(resolve => child.once('exit', resolve))
  }

  /** Connects so many times, one after the other, and waits for each to end. */
  async connect(port: number, times = 1): Promise<void> {
    const code = `(async () => { for (let i = 0; i < ${times}; i++) await new Promise(r => { const s = require('net').connect(${port}, '${SERVER}', () => s.write('GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')); s.on('error', () => {}); s.on('close', r); s.resume() }) })()`
    const child = this.start(this.client, process.execPath, ['-e', code])
    await new Promise(resolve => child.once('exit', resolve))
  }

  /** Sends made-up connections towards the server; resolves to what was sent. */
  async flood(program: string, rate: string, seconds: string, resetPercent: string): Promise<Sent> {
    const child = this.start(this.client, program, ['c0', rate, seconds, resetPercent])
    let out = ''
    child.stdout!.on('data', text => (out += text))
    await new Promise(resolve => child.once('close', resolve))
    return JSON.parse(out) as Sent
  }

  remove(): void {
    for (const child of this.children) child.kill('SIGKILL')
    for (const name of [this.client, this.server]) works('ip', ['netns', 'del', name])
    if (this.copy !== undefined) rmSync(this.copy, { recursive: true, force: true })
  }

  private shell(line: string): Live {
    return new Live(this.start(this.server, 'sh', ['-c', line]))
  }

  private start(namespace: string, program: string, args: string[]): ChildProcess {
    // nsenter and not `ip netns exec`, which hides tracefs.
    const child = spawn('nsenter', [`--net=/run/netns/${namespace}`, program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.children.add(child)
    child.once('exit', () => this.children.delete(child))
    return child
  }

  private ip(words: string): void {
    execFileSync('ip', words.split(' '))
  }
}

/** A cable for one test. */
export async function withCable(test: (cable: Cable) => Promise<void>): Promise<void> {
  const cable = new Cable()
  try {
    await test(cable)
  } finally {
    cable.remove()
  }
}

export interface LiveLine {
  type: 'reset' | 'incident' | 'note' | 'summary'
  [key: string]: unknown
}

/** A running `rst-analyze live --format ndjson`. */
export class Live {
  out = ''
  err = ''
  readonly ended: Promise<number | null>
  private readonly waiting = new Set<() => void>()

  constructor(readonly child: ChildProcess) {
    child.stderr!.on('data', text => this.hear(() => (this.err += text)))
    this.ended = new Promise(resolve => child.once('close', code => resolve(code)))
    void this.ended.then(() => this.hear(() => {}))
  }

  /** Reads standard output from now on. */
  read(): this {
    this.child.stdout!.on('data', text => this.hear(() => (this.out += text)))
    return this
  }

  lines(): LiveLine[] {
    const whole = this.out.slice(0, this.out.lastIndexOf('\n') + 1)
    return whole
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line) as LiveLine)
  }

  resets(): LiveLine[] {
    return this.lines().filter(line => line.type === 'reset')
  }

  /** Waits until something holds; at most 30 s. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(check)
        reject(new Error(`waited in vain: ${this.err}\n${this.out.slice(0, 2000)}`))
      }, 30_000)
      const check = () => {
        if (!holds()) return
        clearTimeout(timer)
        this.waiting.delete(check)
        resolve()
      }
      this.waiting.add(check)
      check()
    })
  }

  /** Ends it as Ctrl-C does. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    this.child.kill(signal)
    return this.ended
  }

  /** Its processes by role; only those that run. */
  processes(): { engines: number[]; analyser: number | undefined } {
    const children = quietly(() =>
      readFileSync(`/proc/${this.child.pid}/task/${this.child.pid}/children`, 'utf8'),
    )
    const pids = (children ?? '').split(' ').filter(Boolean).map(Number)
    const isAnalyser = (pid: number) => commandOf(pid).includes('/analyser.')
    return {
      engines: pids.filter(pid => /^(\S*\/)?(tcpdump|dumpcap)\0|engine-cap/.test(commandOf(pid))),
      analyser: pids.find(isAnalyser),
    }
  }

  /** Processes below it whose command line says this. */
  descendants(words: string): number[] {
    const below = (pid: number): number[] => {
      const list = quietly(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')) ?? ''
      const children = list.split(' ').filter(Boolean).map(Number)
      return [...children, ...children.flatMap(below)]
    }
    return below(this.child.pid!).filter(pid => commandOf(pid).includes(words))
  }

  private hear(change: () => void): void {
    change()
    for (const check of this.waiting) check()
  }
}

function quoted(words: string[]): string {
  return words.map(word => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
}

/** Words of a process's command line, each with a NUL behind it; empty when it is gone. */
export function commandOf(pid: number): string {
  return quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? ''
}

/** A line of /proc/PID/status, its words. */
export function statusOf(pid: number, key: string): string[] {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8')
    .split('\n')
    .find(l => l.startsWith(`${key}:`))
  return line!.split(/\s+/).slice(1).filter(Boolean)
}

/** Waits until something holds that nothing tells of; at most 10 s. */
export async function eventually(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !holds(); i++) await new Promise(resolve => setTimeout(resolve, 50))
  if (!holds()) throw new Error('waited in vain')
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
