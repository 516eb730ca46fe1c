/**
 * Who owns the sockets of this host. When a reset is seen its socket is gone already, so they are looked at every few seconds, while they are
 * there; connections that are younger than that are told by who listens on their port. Linux, and it takes root to see other users' sockets.
 */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { addressText } from '../wire/text.js'
import type { SocketOwner } from './link.js'

/** Sockets are looked at this often. */
const EVERY_MS = 2000
/** Of a table with more, and of processes with more open files, only the beginning is read: this must not become the load it looks for. */
const MOST_TABLE_BYTES = 4 * 2 ** 20
const MOST_FILES = 20_000
const LISTEN = '0A'

interface Tables {
  /** "local remote" → inode. */
  connections: Map<string, string>
  /** Port → inode. */
  listeners: Map<number, string>
}

export class Sockets {
  private now: Tables = { connections: new Map(), listeners: new Map() }
  /** What was there the time before: a socket may go at any moment. */
  private before = this.now
  private owners = new Map<string, SocketOwner>()
  private timer: NodeJS.Timeout | undefined

  constructor(private readonly proc = '/proc') {}

  /** From now on. */
  watch(): this {
    this.look()
    this.timer = setInterval(() => this.look(), EVERY_MS)
    this.timer.unref()
    return this
  }

  close(): void {
    clearInterval(this.timer)
  }

  /** Looks at all sockets, once. */
  look(): void {
    this.before = this.now
    this.now = { connections: new Map(), listeners: new Map() }
    for (const name of ['tcp', 'tcp6']) this.read(beginningOf(`${this.proc}/net/${name}`))
    const wanted = [this.now, this.before].flatMap(t => [...t.connections.values(), ...t.listeners.values()])
    if (wanted.some(inode => !this.owners.has(inode))) this.owners = ownersIn(this.proc, new Set(wanted))
  }

  /**
   * @param local as text: 10.0.0.1:80 or [fd00::1]:80
   * @param remote likewise
   */
  ownerOf(local: string, remote: string): SocketOwner | undefined {
    const key = `${local} ${remote}`
    const inode = this.now.connections.get(key) ?? this.before.connections.get(key)
    const owner = inode === undefined ? undefined : this.owners.get(inode)
    if (owner) return owner
    const port = Number(/\d+$/.exec(local)?.[0])
    const listening = this.now.listeners.get(port)
    const listener = listening === undefined ? undefined : this.owners.get(listening)
    return listener && { ...listener, listens: true }
  }

  private read(table: string): void {
    for (const line of table.split('\n').slice(1)) {
      const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/)
      if (inode === undefined || inode === '0') continue
      if (state === LISTEN) this.now.listeners.set(portOf(local), inode)
      else this.now.connections.set(`${endOf(local)} ${endOf(remote)}`, inode)
    }
  }
}

/** `0100007F:0050` → 127.0.0.1:80. Each 32-bit word is in the host's byte order. */
function endOf(text: string): string {
  const hex = text.slice(0, text.indexOf(':'))
  const words = (hex.match(/.{8}/g) ?? []).map(word => Buffer.from(word, 'hex').readInt32LE(0))
  const mapped = words.length === 4 && words[0] === 0 && words[1] === 0 && words[2] === 0xffff
  if (words.length === 4 && !mapped) return `[${addressText(Int32Array.from(words), 6)}]:${portOf(text)}`
  return `${addressText(Int32Array.of(0, 0, 0xffff, words.at(-1) ?? 0), 4)}:${portOf(text)}`
}

function portOf(text: string): number {
  return Number.parseInt(text.slice(text.indexOf(':') + 1), 16)
}

function beginningOf(path: string): string {
  const fd = quietly(() => openSync(path, 'r'))
  if (fd === undefined) return ''
  const pieces: Buffer[] = []
  let bytes = 0
  while (bytes < MOST_TABLE_BYTES) {
    const piece = Buffer.alloc(1 << 16)
    const count = quietly(() => readSync(fd, piece)) ?? 0
    if (count === 0) break
    pieces.push(piece.subarray(0, count))
    bytes += count
  }
  closeSync(fd)
  return Buffer.concat(pieces).toString('latin1')
}

/** Inode → the process that has it open; the first of several. */
function ownersIn(proc: string, wanted: ReadonlySet<string>): Map<string, SocketOwner> {
  const owners = new Map<string, SocketOwner>()
  let files = 0
  for (const name of quietly(() => readdirSync(proc)) ?? []) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    for (const fd of quietly(() => readdirSync(`${proc}/${name}/fd`)) ?? []) {
      if (files++ >= MOST_FILES) return owners
      const link = quietly(() => readlinkSync(`${proc}/${name}/fd/${fd}`))
      const inode = link?.startsWith('socket:[') ? link.slice(8, -1) : undefined
      if (inode === undefined || !wanted.has(inode) || owners.has(inode)) continue
      owners.set(inode, {
        pid,
        name: (quietly(() => readFileSync(`${proc}/${name}/comm`, 'utf8')) ?? '?').trim(),
      })
    }
  }
  return owners
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
