/**
 * A capturing program as a child process. All engines end in the same thing: a pcap or pcapng stream on standard output, words on
 * standard error. What differs between them stands in engines.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import type { Readable } from 'node:stream'
import type { EngineName } from './engine-names.js'
import { ENGINES, type EngineRequest, programFolders } from './engines.js'
import type { Drops } from './link.js'

/** How an engine ended. */
export interface EngineEnd {
  /** Exit code; null when a signal ended it. */
  code: number | null
  signal: string | null
  /** Its last words, line by line, bounded. */
  said: string[]
}

/** An engine at work, as a child of this process. */
export interface EngineProcess {
  /** Undefined when it could not be started. */
  pid: number | undefined
  /** Resolves once it is gone and its last words are known; never rejects. */
  ended: Promise<EngineEnd>
  /** Asks it to end; what it still holds is written before. One that does not obey is killed. */
  stop(): void
  /** Asks for drop counts, where it can tell them. */
  ask(): void
}

/** Lines remembered of an engine's standard error: errors come last. */
const SAID_LINES = 20
const LINE_CHARACTERS = 400

/** Time for an engine to hand over what it holds. */
const OBEDIENCE_MS = 2000

/** Engines still running. */
const running = new Set<ChildProcess>()

/**
 * Starts an engine, without a shell. A program that cannot be started is an end, not an exception.
 * @param packetsFd where it writes what it captures
 * @param onDrops told whenever it says how many packets were lost
 */
export function startEngine(
  name: EngineName,
  request: EngineRequest,
  packetsFd: number,
  onDrops: (drops: Drops) => void,
): EngineProcess {
  const engine = ENGINES[name]
  const { program, args } = engine.command(request)
  // C locale: its words are read by programs.
  const child = spawn(program, args, {
    stdio: ['pipe', packetsFd, 'pipe'],
    env: { ...process.env, LC_ALL: 'C', PATH: programFolders().join(delimiter) },
  })
  running.add(child)
  // Its standard input says nothing; that it ends tells an engine of ours that this process is gone.
  child.stdin!.on('error', () => {})
  const said: string[] = []
  const drops: Drops = { kernel: 0, engine: 0 }
  hear(child.stderr!, line => {
    const told = engine.drops(line)
    if (told !== undefined) onDrops({ ...Object.assign(drops, told) })
    else if (said.push(line) > SAID_LINES) said.shift()
  })
  let impatience: NodeJS.Timeout | undefined
  const ended = new Promise<EngineEnd>(resolve => {
    child.on('error', error => {
      running.delete(child)
      resolve({ code: -1, signal: null, said: [error.message] })
    })
    child.on('close', (code, signal) => {
      clearTimeout(impatience)
      running.delete(child)
      resolve({ code, signal, said })
    })
  })
  return {
    pid: child.pid,
    ended,
    stop: () => {
      child.kill('SIGINT')
      impatience ??= setTimeout(() => child.kill('SIGKILL'), OBEDIENCE_MS)
    },
    ask: () => void (engine.asks && child.kill('SIGUSR1')),
  }
}

/** Ends all engines at once: the way out when there is no time. */
export function killEngines(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** Calls back for each line of a child's words, whatever it writes; long lines are cut. */
function hear(stream: Readable, onLine: (line: string) => void): void {
  let rest = ''
  const tell = (line: string) => {
    if (line.trim() !== '') onLine(line.trimEnd().slice(0, LINE_CHARACTERS))
  }
  stream.setEncoding('utf8')
  stream.on('data', (piece: string) => {
    const lines = (rest + piece).split('\n')
    rest = lines.pop()!.slice(0, LINE_CHARACTERS)
    lines.forEach(tell)
  })
  stream.on('end', () => tell(rest))
  stream.on('error', () => {})
}
