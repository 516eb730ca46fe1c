/** Commander, tamed: one line per mistake, exit 2, no output of its own. */
import { Command, CommanderError, Option } from 'commander'
import { VERSION } from '../version.js'
import { unavailable, UsageError } from './errors.js'
import type { OptionGroup } from './options.js'

/** What one command accepts. */
export interface Syntax {
  /** As shown after "Usage: rst-analyze". */
  usage: string
  description: string
  /** Heading → options, in the order of the help. */
  options: Record<string, OptionGroup>
  /** How many arguments it takes. */
  least: number
  most: number
  /** What one argument is called in messages. */
  noun: string
  after?: string
}

/** Help or version was asked for: print this and end with 0. */
export interface Print {
  print: string
}

export interface Parsed<T> {
  operands: string[]
  options: T
}

/** Parses the arguments of one command. Throws UsageError. */
export function parseArguments<T>(syntax: Syntax, args: string[]): Parsed<T> | Print {
  let printed = ''
  const command = build(syntax).configureOutput({
    writeOut: text => {
      printed += text
    },
    writeErr: () => {},
    getOutHasColors: () => false,
  })
  try {
    command.parse(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { print: printed }
    throw new UsageError(oneLine(error.message))
  }
  refuseUnavailable(syntax, command.opts())
  checkOperands(syntax, command.args)
  return { operands: command.args, options: command.opts() as T }
}

/** The help text of a command, for standard error when it was called without arguments. */
export function helpOf(syntax: Syntax): string {
  let text = ''
  const command = build(syntax).configureOutput({
    writeOut: part => {
      text += part
    },
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return text
}

function build(syntax: Syntax): Command {
  const command = new Command('rst-analyze')
    .usage(syntax.usage)
    .description(syntax.description)
    .argument('[words...]')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ helpWidth: 100, visibleArguments: () => [] })
    .exitOverride()
    .allowExcessArguments(false)
  for (const [heading, group] of Object.entries(syntax.options)) {
    for (const spec of group) {
      const option = new Option(spec.flags, spec.help)
        .helpGroup(`${heading}:`)
        .hideHelp(spec.unavailable === true)
      if (spec.parse) option.argParser(spec.parse as (text: string, before: unknown) => unknown)
      command.addOption(option)
    }
  }
  if (syntax.after) command.addHelpText('after', `\n${syntax.after}`)
  return command
}

function oneLine(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace(/\s*\n\s*\((.*)\)\s*$/s, '; $1')
    .replace(/^option '(-\S+, )?(--\S+).*' argument missing$/, '$2 needs a value')
    .replace(/^option '(?:-\S, )?(--\S+)[^']*' argument '(.*)' is invalid\. /s, '$1 $2: ')
    .trim()
}

function refuseUnavailable(syntax: Syntax, options: Record<string, unknown>): void {
  for (const spec of Object.values(syntax.options).flat()) {
    const flag = /--[\w-]+/.exec(spec.flags)?.[0] as string
    const name = flag.slice(2).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    if (spec.unavailable && options[name] !== undefined) throw unavailable(flag)
  }
}

function checkOperands({ noun, least, most }: Syntax, operands: string[]): void {
  if (operands.length < least) {
    throw new UsageError(
      least === 1 ? `no ${noun} given` : `${least} ${noun}s are needed, ${operands.length} given`,
    )
  }
  if (operands.length > most)
    throw new UsageError(`"${operands[most]}": at most ${most} ${noun}${most === 1 ? '' : 's'}`)
}
