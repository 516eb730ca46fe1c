/** Report files: checked before the analysis, written whole or not at all. */
import { randomBytes } from 'node:crypto'
import { chmod, type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises'
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

/** Everything that is read and must survive: captures, and the file of names. */
export function inputsOf(captures: string[], { hosts }: { hosts?: string }): string[] {
  return hosts === undefined ? captures : [...captures, hosts]
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
  const file = new TargetFile(path)
  try {
    for (const batch of batches(pieces)) await file.add(batch)
    await file.finish()
  } finally {
    await file.discard()
  }
}

/** A file that comes piece by piece and is there once it is whole. Its errors are named "OutputError". */
export class TargetFile {
  private file: FileHandle | undefined
  private real = ''
  /** Where it is written until it is whole; undefined for a named pipe or a device, which no file can replace. */
  private temporary: string | undefined
  private mode: number | undefined

  constructor(private readonly path: string) {}

  async add(text: string): Promise<void> {
    await this.orExplain(async () => {
      this.file ??= await this.open()
      await this.file.writeFile(text)
    })
  }

  /** All has come: the file takes its place. */
  async finish(): Promise<void> {
    await this.orExplain(async () => {
      this.file ??= await this.open()
      await this.file.close()
      this.file = undefined
      if (this.temporary === undefined) return
      if (this.mode !== undefined) await chmod(this.temporary, this.mode)
      await rename(this.temporary, this.real)
      this.temporary = undefined
    })
  }

  /** Nothing is left of what did not become whole; does nothing after `finish`. */
  async discard(): Promise<void> {
    await this.file?.close().catch(() => {})
    this.file = undefined
    if (this.temporary !== undefined) await rm(this.temporary, { force: true }).catch(() => {})
    this.temporary = undefined
  }

  private async open(): Promise<FileHandle> {
    this.real = await realpath(this.path).catch(() => this.path)
    const existing = await stat(this.real).catch(() => undefined)
    if (existing && !existing.isFile()) return open(this.real, 'w')
    this.mode = existing?.mode
    const name = `.${basename(this.real)}.${randomBytes(6).toString('hex')}.tmp`
    this.temporary = join(dirname(this.real), name)
    return open(this.temporary, 'wx')
  }

  private async orExplain(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      throw outputError(this.path, reason(error as NodeJS.ErrnoException))
    }
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
