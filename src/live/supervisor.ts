/**
 * The process that may be root. It starts the analyser (which becomes somebody without privileges), opens the engine for it, and writes the
 * files that the command line named. It never looks at a packet: the engine writes them into a pipe that the analyser reads.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { close, closeSync, write } from 'node:fs'
import { type EngineProcess, killEngines, startEngine } from './engine.js'
import type { EngineName } from './engine-names.js'
import { type EngineRequest, explainEnd } from './engines.js'
import {
  type Account,
  type LinkSettings,
  orderOf,
  SETTINGS,
  type SocketOwner,
  type ToAnalyser,
  type ToSupervisor,
} from './link.js'
import { makePipe, type Pipe } from './pipe.js'
import type { Trace } from './trace.js'
import { Watchdog } from './watchdog.js'

export interface SupervisorOptions {
  /** How to start the analyser: a program, its arguments. */
  analyser: string[]
  /** Undefined: the analyser reads standard input. */
  engine: { name: EngineName; request: EngineRequest } | undefined
  account: Account | undefined
  trace: Trace | undefined
  /** Who owns a socket of this host. */
  ownerOf?: ((local: string, remote: string) => SocketOwner | undefined) | undefined
  /** Memory for the analyser, in bytes. */
  memoryBytes: number
  /** Writes a piece of a file that the command line named; `undefined` = that was all. Rejects when it cannot be written. */
  write: (file: number, text: string | undefined) => Promise<void>
}

export interface AnalyserEnd {
  code: number | null
  /** Which signal ended it. */
  signal: string | null
  /** Why it could not be started. */
  failure?: string
}

/** Bytes that no capture holds by chance. */
const MARKER_BYTES = 24

export class Supervisor {
  /** Exit code of the analyser; null with the signal that ended it. */
  readonly ended: Promise<AnalyserEnd>
  private readonly marker = randomBytes(MARKER_BYTES)
  private readonly packets: Pipe | undefined
  private readonly analyser: ChildProcess
  private readonly watchdog: Watchdog
  private engine: EngineProcess | undefined

  constructor(private readonly options: SupervisorOptions) {
    const { engine, trace } = options
    this.watchdog = new Watchdog(trace?.instance)
    const [program, ...args] = options.analyser
    this.packets = engine && makePipe()
    this.analyser = spawn(program, args, {
      stdio: [
        'inherit',
        'inherit',
        'inherit',
        this.packets?.readFd ?? 'ignore',
        trace?.fd ?? 'ignore',
        'ipc',
      ],
      env: { ...process.env, [SETTINGS]: JSON.stringify(this.settings()) },
    })
    this.analyser.on('message', message => this.obey(orderOf(message)))
    // Once the analyser is gone, nobody may seem to read.
    if (this.packets) closeSync(this.packets.readFd)
    this.ended = this.untilItEnds()
    process.once('exit', this.killAll)
  }

  /** Asks the analyser to conclude: a signal came that it may not have got. */
  stop(): void {
    this.tell({ type: 'stop' })
  }

  private settings(): LinkSettings {
    const { engine, account, trace, memoryBytes } = this.options
    const title = engine && `listening on ${engine.request.interface} with ${engine.name}`
    return {
      source: engine && { label: engine.request.interface, title: title! },
      marker: this.marker.toString('hex'),
      account,
      trace: trace && { aheadS: trace.aheadS, reasons: trace.reasons },
      memoryBytes,
    }
  }

  private async untilItEnds(): Promise<AnalyserEnd> {
    const end = await new Promise<AnalyserEnd>(resolve => {
      this.analyser.once('exit', (code, signal) => resolve({ code, signal }))
      this.analyser.once('error', error => resolve({ code: null, signal: null, failure: error.message }))
    })
    // Whatever an engine still holds, nobody reads it any more.
    killEngines()
    await this.engine?.ended
    if (this.packets) close(this.packets.writeFd, () => {})
    this.options.trace?.close()
    this.watchdog.close()
    process.off('exit', this.killAll)
    return end
  }

  /** No time for anything: the watchdog removes what this cannot. */
  private readonly killAll = (): void => {
    killEngines()
    this.analyser.kill('SIGKILL')
    this.options.trace?.close()
  }

  private obey(order: ToSupervisor | undefined): void {
    switch (order?.type) {
      case 'start':
        return void this.startEngine()
      case 'mark':
        return this.mark()
      case 'stop':
        return this.engine?.stop()
      case 'ask':
        return this.engine?.ask()
      case 'owner':
        return this.tellOwner(order.local, order.remote)
      case 'piece':
        return void this.writeFile(order.file, order.text)
      case 'finish':
        return void this.writeFile(order.file, undefined)
    }
  }

  /** May wait for the analyser to make room. */
  private mark(): void {
    if (this.packets) write(this.packets.writeFd, this.marker, () => {})
  }

  private async startEngine(): Promise<void> {
    const { engine } = this.options
    const { packets } = this
    if (!engine || !packets || this.engine) return
    const run = startEngine(engine.name, engine.request, packets.writeFd, drops =>
      this.tell({ type: 'drops', drops }),
    )
    this.engine = run
    this.watchdog.engine(run.pid)
    const end = await run.ended
    this.engine = undefined
    this.watchdog.engine(undefined)
    this.tell({ type: 'ended', end, why: explainEnd(engine.name, engine.request, end).message })
  }

  private tellOwner(local: string, remote: string): void {
    const owner = this.options.ownerOf?.(local, remote)
    if (owner) this.tell({ type: 'owner', local, remote, owner })
  }

  private async writeFile(file: number, text: string | undefined): Promise<void> {
    const error = await this.options.write(file, text).then(
      () => null,
      (reason: Error) => reason.message,
    )
    this.tell({ type: 'written', error })
  }

  private tell(message: ToAnalyser): void {
    if (this.analyser.connected) this.analyser.send(message, () => {})
  }
}
