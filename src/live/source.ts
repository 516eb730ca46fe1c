/** Where a live capture's bytes come from: an engine that can be started again, or a stream that comes once. */
import type { Readable } from 'node:stream'
import type { Drops } from './link.js'

/** One run of an engine, or the stream that comes once. */
export interface SourceRun {
  /** What it captures. */
  stream: Readable
  /** Resolves once it is gone, with the one line that says why; never rejects. */
  ended: Promise<string | undefined>
  /** Asks it to end; what it still holds comes before the stream ends. */
  stop(): void
  /** Asks for drop counts; they appear in `drops`. */
  ask(): void
  /** Packets lost before they came here, as last told; undefined when never told. */
  drops(): Drops | undefined
}

export interface Source {
  /** What the report calls the capture. */
  label: string
  /** One line for standard error: what captures. */
  title: string
  /** Whether `start` may be called again. */
  restartable: boolean
  start(): SourceRun
}

/** Standard input: `ssh host tcpdump -U -w - | rst-analyze live -`. */
export function streamSource(stream: NodeJS.ReadStream): Source {
  return {
    label: 'standard input',
    title: 'reading a capture from standard input as it comes',
    restartable: false,
    start: () => ({
      stream,
      ended: new Promise(resolve => stream.once('close', () => resolve(undefined))),
      // Whoever sends it usually got the same Ctrl-C, and may still flush what it holds.
      stop: () => {},
      ask: () => {},
      drops: () => undefined,
    }),
  }
}
