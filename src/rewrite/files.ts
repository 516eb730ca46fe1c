/** Capture files being written: whole or not at all, never through a link, never over an input. */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, type FileHandle, lstat, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { visible } from '../report/escape.js'

/** A file that takes the place of another one when it is whole. */
export interface Replacement {
  /** Appends the first `length` bytes of a buffer. */
  append(buffer: Buffer, length: number): Promise<void>
  /** Puts it in place. */
  commit(): Promise<void>
  /** Removes what was written. */
  abandon(): Promise<void>
}

/** A file that cannot be written. The message is one line that names it and the reason. */
export function outputError(path: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException
  const known: Record<string, string> = {
    EACCES: 'no permission',
    EPERM: 'no permission',
    EROFS: 'read-only file system',
    ENOSPC: 'no space left',
    EDQUOT: 'quota exceeded',
    ENOENT: 'no such folder',
    ENOTDIR: 'a part of its path is no folder',
    EISDIR: 'is a directory',
    ENAMETOOLONG: 'the name is too long',
  }
  const reason = known[code ?? ''] ?? message
  return Object.assign(new Error(`${visible(path)}: cannot be written: ${visible(reason)}`), {
    name: 'OutputError',
  })
}

/** Identity of a file, whatever path leads to it; undefined when there is none. */
export async function identityOf(path: string): Promise<string | undefined> {
  const info = await stat(path, { bigint: true }).catch(() => undefined)
  return info && `${info.dev}:${info.ino}`
}

/**
 * Begins a file that the user named: a link is followed to what it names, a pipe or device is written into.
 * @param inputs files that must survive
 * @throws an error with the name "OutputError"
 */
export async function replaceFile(path: string, inputs: readonly string[]): Promise<Replacement> {
  const own = await identityOf(path)
  for (const input of inputs)
    if (own !== undefined && own === (await identityOf(input)))
      throw outputError(path, new Error('it is an input, which is never overwritten'))
  const real = await realpath(path).catch(() => path)
  const existing = await stat(real).catch(() => undefined)
  if (existing?.isDirectory()) throw outputError(path, { code: 'EISDIR' })
  if (existing && !existing.isFile()) return await device(path, real)
  return await temporary(path, real, existing?.mode)
}

/**
 * Begins a file of a name that we made up, in a folder that the user named: whoever may write there must not turn it elsewhere.
 * The final rename takes the place of a link, never of what it names.
 */
export async function replaceInFolder(folder: string, name: string): Promise<Replacement> {
  const path = join(folder, basename(name))
  const existing = await lstat(path).catch(() => undefined)
  if (existing && !existing.isFile())
    throw outputError(path, new Error('there is something else of that name'))
  return await temporary(path, path, existing?.mode, true)
}

async function device(path: string, real: string): Promise<Replacement> {
  const file = await open(real, 'w').catch(error => {
    throw outputError(path, error)
  })
  return {
    append: (buffer, length) => writeAll(file, path, buffer, length),
    commit: () => file.close(),
    abandon: () => file.close(),
  }
}

/** @param shut close the file between writes: there may be thousands */
async function temporary(
  path: string,
  real: string,
  mode: number | undefined,
  shut = false,
): Promise<Replacement> {
  const name = join(dirname(real), `.${basename(real)}.${randomBytes(6).toString('hex')}.tmp`)
  const { O_WRONLY, O_CREAT, O_EXCL, O_APPEND, O_NOFOLLOW } = constants
  const reopen = (flags: number): Promise<FileHandle> =>
    open(name, O_WRONLY | (O_NOFOLLOW ?? 0) | flags).catch(error => {
      throw outputError(path, error)
    })
  let file: FileHandle | undefined = await reopen(O_CREAT | O_EXCL)
  const close = async (): Promise<void> => {
    await file?.close()
    file = undefined
  }
  if (shut) await close()
  return {
    async append(buffer, length) {
      file ??= await reopen(O_APPEND)
      await writeAll(file, path, buffer, length)
      if (shut) await close()
    },
    async commit() {
      await close()
      try {
        if (mode !== undefined) await chmod(name, mode & 0o7777)
        await rename(name, real)
      } catch (error) {
        await rm(name, { force: true })
        throw outputError(path, error)
      }
    },
    async abandon() {
      await close()
      await rm(name, { force: true })
    },
  }
}

async function writeAll(file: FileHandle, path: string, buffer: Buffer, length: number): Promise<void> {
  try {
    for (let at = 0; at < length; ) at += (await file.write(buffer, at, length - at)).bytesWritten
  } catch (error) {
    throw outputError(path, error)
  }
}
