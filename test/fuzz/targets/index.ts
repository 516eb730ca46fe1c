/** Everything that is fuzzed, by name: parts that take microseconds, and the whole. */
import { decodeMany } from '../frames.js'
import { inputOf } from '../mutate.js'
import { execute } from '../run.js'
import { conversation } from './conversation.js'
import { payload } from './payload.js'
import { reader } from './reader.js'
import type { Target } from './target.js'
import { writers } from './writers.js'

const decoder: Target = {
  execution: 'a damaged packet decoded and skimmed',
  size: 1000,
  run: seed => decodeMany(seed, 1000),
}

const capture: Target = {
  execution: 'a damaged capture file through everything, in two passes and in one, and its reports',
  size: 1,
  run: async seed => {
    await execute(inputOf(seed))
  },
  files: seed => inputOf(seed).files,
}

export const TARGETS: Readonly<Record<string, Target>> = {
  reader,
  decoder,
  payload,
  conversation,
  writers,
  capture,
}
