/**
 * The analyser's end of the link to its supervisor. All engine runs write into one pipe, one after the other; a marker, asked for when a
 * run has ended, tells where its bytes end: an engine that was killed may leave half a record.
 */
import { Socket } from 'node:net'
import { Readable } from 'node:stream'
import {
  type Drops,
  type LinkSettings,
  PACKETS_FD,
  SETTINGS,
  type SocketOwner,
  type ToAnalyser,
  type ToSupervisor,
} from './link.js'
import type { Source, SourceRun } from './source.js'

/** What this process was started with, when a supervisor started it. */
export function takeSettings(): LinkSettings | undefined {
  const text = process.env[SETTINGS]
  delete process.env[SETTINGS]
  return text && process.send ? (JSON.parse(text) as LinkSettings) : undefined
}

export class Remote {
  /** Told when the supervisor wants an end, or is gone. */
  onStop: () => void = () => {}
  onOwner: (local: string, remote: string, owner: SocketOwner) => void = () => {}
  private run: RemoteRun | undefined
  private socket: Socket | undefined
  private writing: ((error: string | null) => void) | undefined

  constructor(private readonly settings: LinkSettings) {
    process.on('message', message => this.hear(message as ToAnalyser))
    process.once('disconnect', () => {
      this.writing?.('the supervisor is gone')
      this.run?.end('the supervisor is gone')
      this.onStop()
    })
  }

  /** Nothing more will be said: lets this process end. */
  close(): void {
    this.socket?.destroy()
    if (process.connected) process.disconnect()
  }

  tell(message: ToSupervisor): void {
    if (process.connected) process.send!(message, undefined, undefined, () => {})
  }

  /** The engine that the supervisor starts on request. */
  source({ label, title }: NonNullable<LinkSettings['source']>): Source {
    return { label, title, restartable: true, start: () => this.start() }
  }

  /** Has a file written that the command line named, by its place there. @throws Error with the reason */
  async write(file: number, pieces: Iterable<string>): Promise<void> {
    for (const text of pieces) await this.exchange({ type: 'piece', file, text })
    await this.exchange({ type: 'finish', file })
  }

  private async exchange(message: ToSupervisor): Promise<void> {
    const error = await new Promise<string | null>(resolve => {
      this.writing = resolve
      if (!process.connected) return resolve('the supervisor is gone')
      this.tell(message)
    })
    this.writing = undefined
    if (error !== null) throw Object.assign(new Error(error), { name: 'OutputError' })
  }

  private start(): SourceRun {
    this.socket ??= this.open()
    const run = new RemoteRun(this.socket, Buffer.from(this.settings.marker, 'hex'), message =>
      this.tell(message),
    )
    this.run = run
    this.tell({ type: 'start' })
    return run
  }

  private open(): Socket {
    const socket = new Socket({ fd: PACKETS_FD, readable: true, writable: false })
    socket.on('data', (bytes: Buffer) => this.run?.take(bytes))
    // The supervisor is gone, and every engine with it.
    socket.on('close', () => this.run?.cut())
    socket.on('error', () => {})
    return socket
  }

  private hear(message: ToAnalyser): void {
    switch (message.type) {
      case 'stop':
        return this.onStop()
      case 'ended':
        return this.run?.end(message.why)
      case 'drops':
        return this.run?.noteDrops(message.drops)
      case 'owner':
        return this.onOwner(message.local, message.remote, message.owner)
      case 'written':
        return this.writing?.(message.error)
    }
  }
}

/** One engine run, as seen from here. */
class RemoteRun implements SourceRun {
  readonly stream: Readable
  readonly ended: Promise<string | undefined>
  private resolveEnded!: (why: string | undefined) => void
  private lost: Drops | undefined
  /** Set once the engine has ended: from then on the marker is looked for. */
  private over = false
  /** The last bytes that came, when they may be the beginning of the marker. */
  private held: Buffer = Buffer.alloc(0)
  private done = false

  constructor(
    private readonly socket: Socket,
    private readonly marker: Buffer,
    private readonly tell: (message: ToSupervisor) => void,
  ) {
    this.stream = new Readable({ read: () => void socket.resume() })
    this.ended = new Promise(resolve => {
      this.resolveEnded = resolve
    })
  }

  stop(): void {
    if (!this.over) this.tell({ type: 'stop' })
  }

  ask(): void {
    this.tell({ type: 'ask' })
  }

  drops(): Drops | undefined {
    return this.lost
  }

  noteDrops(drops: Drops): void {
    this.lost = drops
  }

  /** The engine has ended; its last bytes may still be on their way. */
  end(why: string): void {
    if (this.over) return
    this.over = true
    this.resolveEnded(why)
    this.tell({ type: 'mark' })
  }

  take(bytes: Buffer): void {
    if (!this.over) return this.push(bytes)
    const all = this.held.length > 0 ? Buffer.concat([this.held, bytes]) : bytes
    const at = all.indexOf(this.marker)
    if (at >= 0) {
      this.held = Buffer.alloc(0)
      this.push(all.subarray(0, at))
      return this.cut()
    }
    const keep = Math.min(all.length, this.marker.length - 1)
    this.push(all.subarray(0, all.length - keep))
    this.held = all.subarray(all.length - keep)
  }

  /** Nothing more will come. */
  cut(): void {
    if (this.done) return
    this.push(this.held)
    this.done = true
    if (!this.stream.destroyed) this.stream.push(null)
  }

  private push(bytes: Buffer): void {
    // What a stream that was given up does not take is left out.
    if (this.done || this.stream.destroyed || bytes.length === 0) return void this.socket.resume()
    if (!this.stream.push(bytes)) this.socket.pause()
  }
}
