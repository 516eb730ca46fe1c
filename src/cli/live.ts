/** `rst-analyze live <interface|->`: its words are checked; capturing is not part of this version. */
import { EXIT, unavailable } from './errors.js'
import type { Io } from './io.js'
import { LIVE, NARROW, OUTPUT, RUN, SHOW } from './options.js'
import { parseArguments, type Syntax } from './parse.js'

export const SYNTAX: Syntax = {
  usage: 'live [options] <interface|->',
  description: 'Listens on an interface and judges each reset as it settles. Not available in this version.',
  options: { Live: LIVE, Output: OUTPUT, Connections: NARROW, Shown: SHOW, Running: RUN },
  least: 0,
  most: 1,
  noun: 'interface',
}

export async function run(args: string[], io: Io): Promise<number> {
  const parsed = parseArguments(SYNTAX, args)
  if (!('print' in parsed)) throw unavailable('live')
  await io.stdout.write(parsed.print)
  return EXIT.ok
}
