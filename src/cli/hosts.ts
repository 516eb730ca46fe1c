/** `--hosts FILE`: names for addresses, read before the analysis so that a wrong file name costs no time. */
import { readFile } from 'node:fs/promises'
import { type Names, parseHosts } from '../report/names.js'
import { UsageError } from './errors.js'

export async function readHosts(path: string): Promise<Names> {
  try {
    return parseHosts(await readFile(path, 'utf8'))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const known: Record<string, string> = {
      ENOENT: 'no such file',
      EISDIR: 'is a directory',
      EACCES: 'no permission',
      EPERM: 'no permission',
    }
    throw new UsageError(`--hosts ${path}: ${known[code ?? ''] ?? message}`)
  }
}
