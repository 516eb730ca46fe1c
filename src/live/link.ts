/**
 * What the supervisor (which may be root) and the analyser (which looks into packets and therefore must not be) tell each other. Packets go
 * another way: the engine writes them into a pipe that the analyser reads. The supervisor takes orders from a process that strangers'
 * packets may have broken: they name nothing but what the command line already named.
 */
import type { EngineEnd } from './engine.js'

/** Where the analyser finds what it inherits. */
export const PACKETS_FD = 3
export const TRACE_FD = 4
/** Environment variable with the settings, as JSON. */
export const SETTINGS = 'RST_ANALYZE_LINK'

export interface Account {
  name: string
  uid: number
  gid: number
}

/** Told to the analyser when it is started. */
export interface LinkSettings {
  /** Undefined: it reads its standard input. */
  source: { label: string; title: string } | undefined
  /** Stands between the packets of two engine runs; hexadecimal. */
  marker: string
  /** Who it becomes before it looks at a packet. */
  account: Account | undefined
  /** The kernel's trace, when there is one. */
  trace: { aheadS: number; reasons: boolean } | undefined
  /** Memory for the analyser, in bytes. */
  memoryBytes: number
}

/** Packets that never reached the analyser, as far as the engine tells: thrown away by the kernel for want of room, or by engine or interface. */
export interface Drops {
  kernel: number
  engine: number
}

export interface SocketOwner {
  pid: number
  name: string
  /** It is only known who listens on the port. */
  listens?: boolean
}

export type ToAnalyser =
  | { type: 'stop' }
  | { type: 'ended'; end: EngineEnd; why: string }
  | { type: 'drops'; drops: Drops }
  | { type: 'owner'; local: string; remote: string; owner: SocketOwner }
  | { type: 'written'; error: string | null }

export type ToSupervisor =
  | { type: 'start' }
  | { type: 'mark' }
  | { type: 'stop' }
  | { type: 'ask' }
  | { type: 'owner'; local: string; remote: string }
  | { type: 'piece'; file: number; text: string }
  | { type: 'finish'; file: number }

/** An order of the analyser's, or undefined when it is none: whatever the other process sends, nothing else gets through. */
export function orderOf(message: unknown): ToSupervisor | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const m = message as Record<string, unknown>
  const text = (key: string, most: number) => typeof m[key] === 'string' && m[key].length <= most
  const file = () => Number.isSafeInteger(m['file']) && (m['file'] as number) >= 0
  switch (m['type']) {
    case 'start':
    case 'mark':
    case 'stop':
    case 'ask':
      return { type: m['type'] }
    case 'owner':
      return text('local', 64) && text('remote', 64) ? (m as ToSupervisor) : undefined
    case 'piece':
      return file() && typeof m['text'] === 'string' ? (m as ToSupervisor) : undefined
    case 'finish':
      return file() ? (m as ToSupervisor) : undefined
    default:
      return undefined
  }
}
