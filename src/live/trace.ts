/** A tracing instance of our own on the kernel's two events about resets, removed on every way out. Linux, root. */
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/** Where tracefs is mounted; the second on kernels before 4.1. */
const MOUNTS = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing']
const PREFIX = 'rst-analyze-'
const BUFFER_KIB = '512'

export interface Trace {
  /** Folder of the instance. */
  instance: string
  /** Open for reading, never waits; whoever inherits it needs no rights of its own. */
  fd: number
  /** Seconds that the trace's clock is ahead of UTC. */
  aheadS: number
  /** True when this kernel says why (6.10 and later). */
  reasons: boolean
  /** Removes the instance; only works when nobody has it open any more. May be called again. */
  close(): void
}

/** @throws Error that says in a few words why the kernel cannot be asked */
export function openTrace(): Trace {
  // Not by access(2), which knows nothing of the capabilities that a service was given.
  const root = MOUNTS.find(path => quietly(() => statSync(join(path, 'events'))))
  if (process.platform !== 'linux') throw new Error('only Linux can be asked')
  if (root === undefined)
    throw new Error('no tracefs here: it takes root, and mount -t tracefs nodev /sys/kernel/tracing')
  removeAbandoned(root)
  const instance = join(root, 'instances', PREFIX + process.pid)
  try {
    mkdirSync(instance)
    const { fd, aheadS } = prepare(instance)
    const format = readFileSync(join(instance, 'events/tcp/tcp_send_reset/format'), 'utf8')
    const close = () => {
      quietly(() => closeSync(fd))
      remove(instance)
    }
    return { instance, fd, aheadS, reasons: format.includes(' reason;'), close }
  } catch (error) {
    remove(instance)
    const { code, message } = error as NodeJS.ErrnoException
    throw new Error(`tracefs refuses: ${code ?? message}`, { cause: error })
  }
}

/** Turns the events on. */
function prepare(instance: string): { fd: number; aheadS: number } {
  const set = (file: string, text: string) => writeFileSync(join(instance, file), text)
  // TAI is what steps with the packets' clock; it differs from UTC by whole seconds, or not at all where nobody set it.
  set('trace_clock', 'tai')
  set('buffer_size_kb', BUFFER_KIB)
  // Newer kernels tell the process beside the thread.
  quietly(() => set('options/record-tgid', '1'))
  set('trace_marker', 'clock')
  const now = Date.now() / 1000
  const marker = /([\d.]+): tracing_mark_write: clock/.exec(readFileSync(join(instance, 'trace'), 'utf8'))
  set('events/tcp/tcp_send_reset/enable', '1')
  set('events/tcp/tcp_receive_reset/enable', '1')
  const fd = openSync(join(instance, 'trace_pipe'), constants.O_RDONLY | constants.O_NONBLOCK)
  return { fd, aheadS: marker ? Math.round(Number(marker[1]) - now) : 0 }
}

/** Instances of processes that were killed. */
function removeAbandoned(root: string): void {
  const names = quietly(() => readdirSync(join(root, 'instances'))) ?? []
  for (const name of names) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : 0
    if (pid > 0 && !existsSync(`/proc/${pid}`)) remove(join(root, 'instances', name))
  }
}

function remove(instance: string): void {
  quietly(() => writeFileSync(join(instance, 'events/enable'), '0'))
  quietly(() => rmdirSync(instance))
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
