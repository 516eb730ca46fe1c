/** The paragraph for people: what the comparison found out. */
import type { Comparison } from '../model.js'
import { count, plural } from '../units.js'
import type { Union } from './merge.js'
import type { Census } from './select.js'
import type { Vantage } from './types.js'

/** @param unions of the resets, for counting what was proven */
export function summaryOf(
  [a, b]: [Vantage, Vantage],
  comparison: Omit<Comparison, 'summary'>,
  unions: Union[],
  census: Census,
): string {
  const { matchedConnections, translated, related, ambiguousConnections, unmatchedResetConnections } =
    comparison
  const clock = clockSentence(a.name, b.name, comparison)
  const sentences: string[] = []
  const moved = translated.length + census.untracedTranslated
  const which = moved === matchedConnections ? '' : `${count(moved)} of them `
  const nat = moved > 0 ? `, ${which}with translated addresses` : ''
  sentences.push(
    `${census.incomplete ? 'at least ' : ''}${plural(matchedConnections, 'connection')} ${matchedConnections === 1 ? 'is' : 'are'} in both${nat}`,
  )
  sentences.push(...provenSentences(unions))
  const alone = unmatchedResetConnections[0] + unmatchedResetConnections[1]
  if (alone > 0)
    sentences.push(`${plural(alone, 'reset connection')} ${alone === 1 ? 'is' : 'are'} in one capture only`)
  if (ambiguousConnections > 0)
    sentences.push(
      `${plural(ambiguousConnections, 'connection')} fit more than one counterpart and were left out`,
    )
  if (related.length > 0)
    sentences.push(
      `${plural(related.length, 'connection')} ${related.length === 1 ? 'carries' : 'carry'} the same messages on both sides of a proxy, which ends TCP between them`,
    )
  const told = sentences.map(sentence => `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`)
  // A file name keeps its spelling.
  return [`${clock}.`, ...told].join(' ')
}

function clockSentence(
  a: string,
  b: string,
  { clockOffsetMs, clockUncertaintyMs }: Omit<Comparison, 'summary'>,
): string {
  if (clockOffsetMs === null)
    return `${a} and ${b} have no packet in common: nothing can be proven by comparing them`
  const ms = Math.abs(clockOffsetMs)
  const size = ms < 10_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(3)} s`
  const way = clockOffsetMs >= 0 ? 'ahead of' : 'behind'
  return `The clock of ${b} is ${size} ${way} that of ${a} (within ${clockUncertaintyMs!.toFixed(1)} ms); times are on the clock of ${a}`
}

function provenSentences(unions: Union[]): string[] {
  const proven = (kind: 'middlebox' | 'endpoint') =>
    unions.filter(u => u.parts.some(p => p.proven === kind)).length
  const fate = (kind: string) =>
    unions.filter(u => u.parts.some(p => [...p.fates.values()].some(f => f.kind === kind))).length
  const sentences: string[] = []
  const [made, sent, lost] = [proven('middlebox'), proven('endpoint'), fate('lost-between')]
  if (made > 0)
    sentences.push(
      `${plural(made, 'reset')} left neither end: a device between the two captures made ${made === 1 ? 'it' : 'them'}`,
    )
  if (sent > 0)
    sentences.push(
      `${plural(sent, 'reset')} really left the host whose address ${sent === 1 ? 'it bears' : 'they bear'}`,
    )
  if (lost > 0)
    sentences.push(
      `${plural(lost, 'reset')} left ${lost === 1 ? 'its' : 'their'} sender and did not, or not wholly, arrive at the other capture`,
    )
  const open = unions.length - made - sent
  if (open > 0)
    sentences.push(`for ${plural(open, 'reset')} the comparison proves nothing: one capture alone decides`)
  return sentences
}
