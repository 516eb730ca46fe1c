/** Report files: checked before the analysis, written whole or not at all. */
import { randomBytes } from 'node:crypto'
import { chmod, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type FormatName, formatOf } from '../report/formats.js'
import { UsageError } from './errors.js'
import { checkFormat } from './settings.js'

export interface Target {
  path: string
  format: FormatName
}

/** Formats by extension; refuses unknown ones and names given twice. */
export function targetsOf(paths: string[] = []): Target[] {
  return paths.map((path, index) => {
    const format = formatOf(path)
    if (!format) {
      const hint = /\.pcap(ng)?$/i.test(path) ? '; an annotated capture is written by --annotate' : ''
      throw new UsageError(`-o ${path}: unknown extension, use .html, .md, .txt, .json or .ndjson${hint}`)
    }
    if (paths.indexOf(path) !== index) throw new UsageError(`-o ${path} is given twice`)
    return { path, format: checkFormat(format) }
  })
}

/** Finds out before a long analysis that a file cannot be written, or is one of the inputs. */
export async function checkTargets(targets: Target[], inputs: string[]): Promise<void> {
  const identities = new Map<string, string>()
  for (const input of inputs) {
    const info = input === '-' ? undefined : await stat(input, { bigint: true }).catch(() => undefined)
    if (info) identities.set(`${info.dev}:${info.ino}`, input)
  }
  for (const { path } of targets) {
    const info = await stat(path, { bigint: true }).catch(() => undefined)
    if (info && identities.has(`${info.dev}:${info.ino}`))
      throw new UsageError(`-o ${path} is an input: it is never overwritten`)
    if (info?.isDirectory()) throw outputError(path, 'is a directory')
    const folder = await stat(dirname(path)).catch(() => undefined)
    if (!folder?.isDirectory()) throw outputError(path, `there is no folder ${dirname(path)}`)
  }
}

/** Writes a file through a temporary neighbour and a rename, so that a reader never sees half of it. */
export async function writeTarget(path: string, pieces: Iterable<string>): Promise<void> {
  try {
    const real = await realpath(path).catch(() => path)
    const existing = await stat(real).catch(() => undefined)
    // A named pipe or a device cannot be replaced by a file: write into it.
    if (existing && !existing.isFile()) return await writeTo(real, 'w', pieces)
    const temporary = join(dirname(real), `.${basename(real)}.${randomBytes(6).toString('hex')}.tmp`)
    try {
      await writeTo(temporary, 'wx', pieces)
      if (existing) await chmod(temporary, existing.mode)
      await rename(temporary, real)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  } catch (error) {
    throw outputError(path, reason(error as NodeJS.ErrnoException))
  }
}

async function writeTo(path: string, flags: string, pieces: Iterable<string>): Promise<void> {
  const file = await open(path, flags)
  try {
    for (const batch of batches(pieces)) await file.writeFile(batch)
  } finally {
    await file.close()
  }
}

/** Joins small pieces: one system call per line would be slow. */
export function* batches(pieces: Iterable<string>, characters = 65_536): Generator<string> {
  let batch = ''
  for (const piece of pieces) {
    batch += piece
    if (batch.length < characters) continue
    yield batch
    batch = ''
  }
  if (batch) yield batch
}

function reason(error: NodeJS.ErrnoException): string {
  const known: Record<string, string> = {
    EACCES: 'no permission',
    EPERM: 'no permission',
    EROFS: 'read-only file system',
    ENOSPC: 'no space left',
    EDQUOT: 'quota exceeded',
    ENOENT: 'no such folder',
    ENAMETOOLONG: 'the name is too long',
  }
  return known[error.code ?? ''] ?? error.message
}

/** A report that cannot be written: exit 1. */
export function outputError(path: string, why: string): Error {
  return Object.assign(new Error(`${path}: cannot be written: ${why}`), { name: 'OutputError' })
}
