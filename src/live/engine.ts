/**
 * A capturing program as a child process. All engines end in the same thing: a pcap or pcapng stream on standard output, words on
 * standard error. What differs between them stands in engines.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import type { Readable } from 'node:stream'
import type { EngineName } from './engine-names.js'
import { ENGINES, type EngineRequest, programFolders } from './engines.js'

/** How an engine ended. */
export interface EngineEnd {
  /** Exit code; null when a signal ended it. */
  code: number | null
  signal: string | null
  /** Its last words, line by line, bounded. */
  said: string[]
}

/** An engine at work, here or (privileges split) in another process. */
export interface EngineRun {
  /** What it captures. */
  stream: Readable
  /** Resolves once it is gone and its last words are known; never rejects. */
  ended: Promise<EngineEnd>
  /** Asks it to end; what it still holds comes before the stream ends. */
  stop(): void
  /** Asks for drop counts; they appear in `drops`. */
  ask(): void
  /** Packets that the kernel threw away for want of room, as last told; undefined when never told. */
  drops(): number | undefined
}

/** Lines remembered of an engine's standard error: errors come last. */
const SAID_LINES = 20
const LINE_CHARACTERS = 400

/** Engines still running: none outlives this process. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts an engine, without a shell. A program that cannot be started is an end, not an exception. */
export function startEngine(name: EngineName, request: EngineRequest): EngineRun {
  const engine = ENGINES[name]
  const { program, args } = engine.command(request)
  // C locale: its words are read by programs.
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', PATH: programFolders().join(delimiter) },
  })
  running.add(child)
  const said: string[] = []
  let dropped: number | undefined
  hear(child.stderr, line => {
    const drops = engine.drops(line)
    if (drops !== undefined) dropped = drops
    else if (said.push(line) > SAID_LINES) said.shift()
  })
  const ended = new Promise<EngineEnd>(resolve => {
    child.on('error', error => {
      running.delete(child)
      resolve({ code: -1, signal: null, said: [error.message] })
    })
    child.on('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal, said })
    })
  })
  return {
    stream: child.stdout,
    ended,
    stop: () => void child.kill('SIGINT'),
    ask: () => void (engine.asks && child.kill('SIGUSR1')),
    drops: () => dropped,
  }
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
