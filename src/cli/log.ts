/** Lines on standard error, each in one piece. Where systemd's journal reads them, with their priority (sd-daemon(3)). */
import { fstatSync } from 'node:fs'
import { visible } from '../report/escape.js'
import type { Io } from './io.js'

export interface Log {
  info(line: string): void
  warn(line: string): void
  /** Resolves once it is written, or cannot be. */
  error(line: string): Promise<unknown>
}

/** Priorities of syslog(3). */
export const PRIORITY = { error: 3, warning: 4, notice: 5, info: 6 } as const

export function logTo(io: Io): Log {
  const journal = isJournal(io.env, 2)
  const write = (priority: number) => (line: string) =>
    io.stderr.write(`${journal ? `<${priority}>` : ''}rst-analyze: ${visible(line)}\n`).catch(() => false)
  return {
    info: line => void write(PRIORITY.info)(line),
    warn: line => void write(PRIORITY.warning)(line),
    error: write(PRIORITY.error),
  }
}

/** Whether what is written to this file descriptor goes to the journal: systemd says which file that is, for it may have been redirected since. */
export function isJournal(env: Record<string, string | undefined>, fd: number): boolean {
  const named = env['JOURNAL_STREAM']
  if (!named) return false
  try {
    const { dev, ino } = fstatSync(fd)
    return named === `${dev}:${ino}`
  } catch {
    return false
  }
}
