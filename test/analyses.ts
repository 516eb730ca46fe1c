/**
 * Analyses of the captures under fixtures/, each made once in a worker, whichever test asks first. For tests of what an
 * analysis says; whoever tests how it comes about makes its own. Nobody may change what is handed out.
 */
import { analyzeCaptures } from '../src/analyze.js'
import { type ComparedAnalysis, compareCaptures } from '../src/compare/index.js'
import type { Analysis } from '../src/model.js'

const analyses = new Map<string, Promise<Analysis>>()
const comparisons = new Map<string, Promise<ComparedAnalysis>>()

export function analysisOf(file: string): Promise<Analysis> {
  return once(analyses, file, () => analyzeCaptures([file]))
}

export function comparisonOf(a: string, b: string): Promise<ComparedAnalysis> {
  return once(comparisons, `${a}\n${b}`, () => compareCaptures([a, b]))
}

function once<T>(made: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let result = made.get(key)
  if (result === undefined) {
    result = make()
    made.set(key, result)
  }
  return result
}
