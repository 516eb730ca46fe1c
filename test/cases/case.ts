/** A hand-written case, read. */
import type { CauseId, Impact, Origin, Side } from '../../src/model.js'
import type { Stack } from './stacks.js'

export interface Host {
  name: string
  address: string
  port: number
  stack: Stack
  hops: number
}

/** A forger: what it sets on its packets. */
export interface Device {
  name: string
  options: Map<string, string>
}

export interface PacketLine {
  line: number
  timeNs: number
  seen: boolean
  action: 'send' | 'again' | 'copy'
  from: { host: string; port?: number }
  to: { host: string; port?: number }
  flags: string
  length: number
  payload: string | undefined
  /** key → value; words without value → ''. */
  options: Map<string, string>
  device: string | undefined
  /** What `repeat` adds to the client's port, the server's port, the server's last address byte, the client's last address byte. */
  shift: [number, number, number, number]
}

export interface Expectation {
  line: number
  first: number
  last: number
  sender: Side
  causes: CauseId[]
  origins: Origin[]
  impacts: Impact[]
  /** Words that some sentence of the evidence contains, and words that none does. */
  says: string[]
  silentOf: string[]
  knownWrong: string | undefined
}

export interface Case {
  title: string
  prose: string
  hosts: Map<string, Host>
  devices: Map<string, Device>
  startSeconds: number
  packets: PacketLine[]
  expectations: Expectation[]
}

export interface Line {
  number: number
  text: string
}

export class NotationError extends Error {
  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`)
  }
}
