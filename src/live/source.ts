/** Where a live capture's bytes come from: an engine that can be started again, or a stream that comes once. */
import { type EngineRun, startEngine } from './engine.js'
import type { EngineName } from './engine-names.js'
import { chooseEngine, type EngineRequest, explainEnd } from './engines.js'

export interface Source {
  /** What the report calls the capture. */
  label: string
  /** One line for standard error: what captures. */
  title: string
  /** Whether `start` may be called again. */
  restartable: boolean
  start(): EngineRun
  /** Why a run ended without giving a capture. */
  explain(run: EngineRun): Promise<Error | undefined>
}

/** @throws CaptureError when no such engine is installed */
export function engineSource(wanted: EngineName | 'auto', request: EngineRequest): Source {
  const name = chooseEngine(wanted)
  return {
    label: request.interface,
    title: `listening on ${request.interface} with ${name}`,
    restartable: true,
    start: () => startEngine(name, request),
    explain: async run => explainEnd(name, request, await run.ended),
  }
}

/** Standard input: `ssh host tcpdump -U -w - | rst-analyze live -`. */
export function streamSource(stream: NodeJS.ReadStream): Source {
  return {
    label: 'standard input',
    title: 'reading a capture from standard input as it comes',
    restartable: false,
    start: () => ({
      stream,
      ended: new Promise(resolve => stream.once('close', () => resolve({ code: 0, signal: null, said: [] }))),
      // Whoever sends it usually got the same Ctrl-C, and may still flush what it holds.
      stop: () => {},
      ask: () => {},
      drops: () => undefined,
    }),
    explain: async () => undefined,
  }
}
