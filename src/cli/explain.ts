/** `rst-analyze explain [cause]`: the same sentences that the analysis evaluates, for people. */
import { CAUSE_IDS } from '../model.js'
import { causeJson, causeText, type CauseTexts, listText } from '../report/explain.js'
import { EXIT, UsageError } from './errors.js'
import type { Io } from './io.js'
import { OUTPUT, RUN } from './options.js'
import { parseArguments, type Syntax } from './parse.js'
import { checkFormat, type ReportOptions, wantsColor, widthOf } from './settings.js'
import { nearest } from './values.js'

const OFFERED = ['--format', '--no-color']

export const SYNTAX: Syntax = {
  usage: 'explain [options] [cause]',
  description: 'What a cause means, how it is told apart, what to do. Without a cause: all of them.',
  options: { Output: [...OUTPUT, ...RUN].filter(spec => OFFERED.includes(spec.flags.split(' ')[0])) },
  least: 0,
  most: 1,
  noun: 'cause',
}

export async function run(args: string[], io: Io): Promise<number> {
  const parsed = parseArguments<ReportOptions>(SYNTAX, args)
  if ('print' in parsed) {
    await io.stdout.write(parsed.print)
    return EXIT.ok
  }
  const format = checkFormat(parsed.options.format ?? 'text')
  if (format === 'markdown' || format === 'html') throw new UsageError('explain writes text, json or ndjson')
  const causes = await io.causes()
  const chosen = pick(causes, parsed.operands[0])
  const style = { width: widthOf(io.stdout, io.env), color: wantsColor(parsed.options, io.stdout, io.env) }
  if (format === 'json')
    await io.stdout.write(
      `${JSON.stringify(parsed.operands[0] ? causeJson(chosen[0]) : chosen.map(causeJson), null, 2)}\n`,
    )
  else if (format === 'ndjson')
    await io.stdout.write(chosen.map(cause => `${JSON.stringify(causeJson(cause))}\n`).join(''))
  else await io.stdout.write(parsed.operands[0] ? causeText(chosen[0], style) : listText(chosen, style))
  return EXIT.ok
}

function pick(causes: ReadonlyMap<string, CauseTexts>, id: string | undefined): CauseTexts[] {
  if (id === undefined) return [...causes.values()]
  const cause = causes.get(id)
  if (cause) return [cause]
  const close = nearest(id, CAUSE_IDS)
  throw new UsageError(
    `no cause "${id}"; ${close ? `did you mean ${close}?` : 'rst-analyze explain lists them'}`,
  )
}
