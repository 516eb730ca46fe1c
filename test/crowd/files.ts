/** Which captures are meant: files, folders searched for captures, lists of paths. */
import fs from 'node:fs'
import path from 'node:path'

/** pcap (µs and ns, either order, modified by Kuznetzov) and pcapng, by their first four bytes. */
const MAGIC = new Set(['d4c3b2a1', 'a1b2c3d4', '4d3cb2a1', 'a1b23c4d', '34cdb2a1', 'a1b2cd34', '0a0d0d0a'])
const NAMED = /\.(pcap|pcapng|cap|ntar|snoop|erf|5vw|enc|tr1|trc)(\.(gz|xz|lz4|zst))?$/i
/** Wireshark's test captures of other formats bear many names: all of that folder count. */
const TESTS = /[\\/]test[\\/]captures[\\/]/

/**
 * @param words folders, captures, or text files with one path a line
 * @returns paths in order, each once
 */
export function capturesOf(words: string[]): string[] {
  const found = words.flatMap(word => {
    if (fs.statSync(word).isDirectory()) return within(path.resolve(word))
    return isCapture(word) ? [path.resolve(word)] : listed(word)
  })
  return [...new Set(found)].sort()
}

function within(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const at = path.join(folder, entry.name)
    if (entry.isDirectory()) return within(at)
    return entry.isFile() && isCapture(at) ? [at] : []
  })
}

function isCapture(file: string): boolean {
  return NAMED.test(file) || TESTS.test(file) || MAGIC.has(firstBytes(file).toString('hex'))
}

function firstBytes(file: string): Buffer {
  const bytes = Buffer.alloc(4)
  const handle = fs.openSync(file, 'r')
  try {
    return bytes.subarray(0, fs.readSync(handle, bytes, 0, 4, 0))
  } finally {
    fs.closeSync(handle)
  }
}

function listed(list: string): string[] {
  const lines = fs.readFileSync(list, 'utf8').split('\n')
  return lines.filter(line => line !== '').map(line => path.resolve(path.dirname(list), line))
}
