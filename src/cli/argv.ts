/**
 * Which command is meant, wherever its options stand, and `-r`/`-i` as tcpdump users type them. Only this file knows
 * that a word like `live` may be preceded by options and their values; commander sees the rest.
 */
import { UsageError } from './errors.js'
import { takesValue } from './options.js'

const COMMAND_NAMES = ['live', 'compare', 'explain'] as const
export type CommandName = 'analyze' | (typeof COMMAND_NAMES)[number]

/** A command and its arguments, options among them in any order. */
export interface Invocation {
  command: CommandName
  args: string[]
}

interface Words {
  /** Options with their values, in order. */
  options: string[]
  positionals: string[]
  /** True when the first positional stood before any `--`: only then can it name a command. */
  firstMayBeCommand: boolean
  files: string[]
  interfaces: string[]
}

/** Splits a command line. Throws UsageError on contradictory `-r`/`-i`. */
export function readInvocation(argv: string[]): Invocation {
  const words = sortWords(argv)
  const named = words.firstMayBeCommand
    ? COMMAND_NAMES.find(name => name === words.positionals[0])
    : undefined
  const rest = named ? words.positionals.slice(1) : words.positionals
  if (words.interfaces.length > 0) return onInterface(words, named, rest)
  if (words.files.length > 0) return onFiles(words, named, rest)
  return { command: named ?? 'analyze', args: join(words.options, rest) }
}

function onInterface(words: Words, named: CommandName | undefined, filter: string[]): Invocation {
  if (words.files.length > 0)
    throw new UsageError('-r reads a file and -i listens on an interface: choose one')
  if (words.interfaces.length > 1) throw new UsageError('-i is given twice: one interface at a time')
  if (named && named !== 'live') throw new UsageError(`-i means live, it does not go with ${named}`)
  const options = filter.length > 0 ? [...words.options, `--filter=${filter.join(' ')}`] : words.options
  return { command: 'live', args: join(options, words.interfaces) }
}

function onFiles(words: Words, named: CommandName | undefined, rest: string[]): Invocation {
  const extra = named ? [named, ...rest] : rest
  if (extra.length > 0) {
    throw new UsageError(
      `"${extra.join(' ')}" after -r FILE: a file is narrowed by --host, --port or --net, not by a BPF filter`,
    )
  }
  return { command: 'analyze', args: join(words.options, words.files) }
}

function join(options: string[], positionals: string[]): string[] {
  return positionals.length > 0 ? [...options, '--', ...positionals] : options
}

function sortWords(argv: string[]): Words {
  const words: Words = { options: [], positionals: [], firstMayBeCommand: false, files: [], interfaces: [] }
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]
    if (word === '--') {
      words.positionals.push(...argv.slice(index + 1))
      break
    }
    if (word === '-' || !word.startsWith('-')) {
      if (words.positionals.length === 0) words.firstMayBeCommand = true
      words.positionals.push(word)
      continue
    }
    const tcpdump = /^-([ri])(.*)$/s.exec(word)
    if (tcpdump) {
      const value = tcpdump[2] || argv[++index]
      if (!value)
        throw new UsageError(`-${tcpdump[1]} needs ${tcpdump[1] === 'r' ? 'a file' : 'an interface'}`)
      ;(tcpdump[1] === 'r' ? words.files : words.interfaces).push(value)
      continue
    }
    words.options.push(word)
    if (!takesValue(word)) continue
    if (index + 1 >= argv.length || argv[index + 1] === '--') throw new UsageError(`${word} needs a value`)
    words.options.push(argv[++index])
  }
  return words
}
