/** The outside world as the commands see it, so that tests can stand in for it. */
import type { Analysis } from '../model.js'
import type { CauseTexts } from '../report/explain.js'

export interface AnalyzeOptions {
  hosts?: string[]
  ports?: number[]
  nets?: string[]
  keepGoing?: boolean
  memoryBytes?: number
  jobs?: number
  /** Names by the user. */
  hostNames?: ReadonlyMap<string, string>
  /** The reports that are asked for tell every reset in words. */
  tellAll?: boolean
  /** Aborted by Ctrl-C: reading stops. */
  signal?: AbortSignal
  onProgress?: (done: number, total: number | undefined) => void
  onWarning?: (line: string) => void
}

export type Analyze = (paths: string[], options?: AnalyzeOptions) => Promise<Analysis>

/** A terminal, file or pipe to write to. */
export interface Output {
  readonly isTTY: boolean
  readonly columns: number | undefined
  readonly hasColors: boolean
  /** Resolves when more may be written; false once the reader has gone away. Rejects when the device refuses. */
  write(text: string): Promise<boolean>
}

export interface Io {
  stdout: Output
  stderr: Output
  env: Record<string, string | undefined>
  /** Calls back at SIGINT or SIGTERM; returns how to stop listening. */
  onInterrupt(callback: () => void): () => void
  analyze: Analyze
  causes(): Promise<ReadonlyMap<string, CauseTexts>>
}

/** The real process. */
export function processIo(): Io {
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    env: process.env,
    onInterrupt,
    analyze: async (paths, options) => (await import('../analyze.js')).analyzeCaptures(paths, options),
    causes: async () => (await import('../causes/index.js')).CAUSES,
  }
}

function onInterrupt(callback: () => void): () => void {
  let seen = 0
  const listener = () => {
    // A second Ctrl-C means now.
    if (++seen > 1) process.exit(130)
    callback()
  }
  process.on('SIGINT', listener)
  process.on('SIGTERM', listener)
  return () => {
    process.off('SIGINT', listener)
    process.off('SIGTERM', listener)
  }
}

function outputOf(stream: NodeJS.WriteStream): Output {
  let failure: NodeJS.ErrnoException | undefined
  // Without a listener a closed pipe would end the process with a stack trace.
  stream.on('error', error => {
    failure = error
  })
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns
    },
    hasColors: stream.isTTY === true && stream.hasColors(),
    write: text =>
      new Promise((resolve, reject) => {
        const settle = () => {
          if (!failure) resolve(true)
          else if (failure.code === 'EPIPE') resolve(false)
          else reject(failure)
        }
        if (failure) return settle()
        stream.write(text, error => {
          failure ??= error ?? undefined
          settle()
        })
      }),
  }
}
