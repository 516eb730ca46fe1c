/** Words for reports; never called on the hot path. */
import { layerWords } from './layers.js'
import type { Segment } from './segment.js'

/**
 * The address as text: dotted decimal for IPv4, RFC 5952 for IPv6.
 * @param words four 32-bit words as in `Segment.source`
 * @param ipVersion 4 or 6
 */
export function addressText(words: Int32Array, ipVersion: number): string {
  return ipVersion === 4 ? dotted(words[3]) : ipv6Text(words)
}

/**
 * The other way round, for what `addressText` made.
 * @param words receives four words
 */
export function parseAddress(text: string, words: Int32Array): void {
  if (!text.includes(':')) {
    words.fill(0)
    words[2] = 0xffff
    words[3] = dottedWord(text)
    return
  }
  const [before, after = ''] = text.split('::')
  const head = groupsOf(before)
  const tail = groupsOf(after)
  const groups = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
  for (let i = 0; i < 4; i++) words[i] = (groups[i * 2] << 16) | groups[i * 2 + 1]
}

function groupsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap(part => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)]
    const word = dottedWord(part)
    return [word >>> 16, word & 0xffff]
  })
}

const dottedWord = (text: string): number =>
  text.split('.').reduce((word, part) => (word << 8) | Number(part), 0)

/** Encapsulation from outside in: `["vlan 12", "vxlan 100"]`. */
export function encapsulationText(segment: Segment): string[] {
  const words: string[] = []
  for (let i = 0; i < segment.layerCount; i++) {
    words.push(layerWords(segment.layers[i * 2], segment.layers[i * 2 + 1]))
  }
  return words
}

function dotted(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

function ipv6Text(words: Int32Array): string {
  // RFC 5952 §5: IPv4-mapped addresses end in dotted decimal.
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) return `::ffff:${dotted(words[3])}`
  const groups: number[] = []
  for (const word of words) groups.push(word >>> 16, word & 0xffff)
  const [start, length] = longestZeroRun(groups)
  const hex = (part: number[]) => part.map(group => group.toString(16)).join(':')
  // RFC 5952 §4.2.2: a single zero group is not shortened.
  if (length < 2) return hex(groups)
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

/** First longest run of zero groups (RFC 5952 §4.2.3): [start, length]. */
function longestZeroRun(groups: number[]): [number, number] {
  let best: [number, number] = [0, 0]
  for (let i = 0; i < groups.length; i++) {
    let j = i
    while (j < groups.length && groups[j] === 0) j++
    if (j - i > best[1]) best = [i, j - i]
    if (j > i) i = j
  }
  return best
}
