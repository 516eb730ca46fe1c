/** `rst-analyze compare <a> <b>`: its words are checked; comparing is not part of this version. */
import { EXIT, unavailable } from './errors.js'
import type { Io } from './io.js'
import { NARROW, OUTPUT, RUN, SHOW, STORY } from './options.js'
import { parseArguments, type Syntax } from './parse.js'

export const SYNTAX: Syntax = {
  usage: 'compare [options] <a> <b>',
  description: 'The same traffic captured at two places. Not available in this version.',
  options: { Output: OUTPUT, Connections: NARROW, Shown: SHOW, Stories: STORY, Running: RUN },
  least: 2,
  most: 2,
  noun: 'capture',
}

export async function run(args: string[], io: Io): Promise<number> {
  const parsed = parseArguments(SYNTAX, args)
  if (!('print' in parsed)) throw unavailable('compare')
  await io.stdout.write(parsed.print)
  return EXIT.ok
}
