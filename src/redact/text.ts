/** Sentences without addresses and names: each becomes its alias, the rest stays as it was. */
import { isIP } from 'node:net'
import type { Aliases } from './aliases.js'
import { isProtocolWord } from './vocabulary.js'

/** What stands for words that were taken out. */
export const GONE = '…'

const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)/g
/** Anything with two colons, also behind a word and a colon; whether an address is in it is asked of the parser. */
const IPV6 = /(?:(?<![\w:.])|(?<=\w)(?=:))(?=[0-9a-f.]*:[0-9a-f.]*:)[0-9a-f:.]+(?:%[\w.-]+)?/gi
const MAC = /(?<![0-9a-z:-])[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![0-9a-z:-])/gi
const HOST_NAME = /^(?=.{4,253}$)[a-z0-9_*](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]+\.?$/i

/** Replaces every IP and MAC address in a text. */
export function redactAddresses(text: string, aliases: Aliases): string {
  if (!/\d\.\d|:/.test(text) && !/-[0-9a-f]{2}-/i.test(text)) return text
  return text
    .replace(MAC, mac => macText(aliases.mac(Number.parseInt(mac.replace(/[:-]/g, ''), 16)), mac[2]))
    .replace(IPV6, candidate => redactCandidate(candidate, aliases))
    .replace(IPV4, candidate => aliases.address(candidate) ?? candidate)
}

/** Punctuation of the sentence may cling to an address: "client fd00::1: a timeout", "to:fd00::1". */
function redactCandidate(candidate: string, aliases: Aliases): string {
  for (const before of [0, 1]) {
    for (const after of [0, 1, 2]) {
      const alias = aliases.address(candidate.slice(before, candidate.length - after))
      if (alias !== undefined)
        return candidate.slice(0, before) + alias + candidate.slice(candidate.length - after)
    }
  }
  return candidate
}

/**
 * What was taken from a payload: words of protocols stay, hosts become aliases, everything else becomes "…".
 * @param done addresses in the text are aliases already
 */
export function redactWords(text: string, aliases: Aliases, done = false): string {
  const kept: string[] = []
  for (const word of text.split(/\s+/)) {
    const [, before, core, after] = /^([("'[]*)(.*?)([)"'\],;:!]*)$/s.exec(word)!
    const safe = safeWord(core, aliases, done)
    if (safe !== GONE) kept.push(before + safe + after)
    else if (kept.at(-1) !== GONE) kept.push(GONE)
  }
  return kept.join(' ')
}

function safeWord(word: string, aliases: Aliases, done: boolean): string {
  if (word === '' || isProtocolWord(word)) return word
  const [, host, port] = /^(.*?)(:\d{1,5})?$/s.exec(word)!
  if (HOST_NAME.test(host)) return aliases.name(host) + (port ?? '')
  if (done && (isIP(word) > 0 || isIP(host) > 0)) return word
  const alias = aliases.address(word)
  if (alias !== undefined) return alias
  const hostAlias = aliases.address(host)
  return hostAlias === undefined ? GONE : hostAlias + (port ?? '')
}

/** A sentence of ours that quotes a payload in double quotes: from the first to the last one, since the payload may hold some too. */
export function redactQuotes(sentence: string, aliases: Aliases): string {
  return sentence.replace(/"(.*)"/s, (_all, quoted: string) => `"${redactWords(quoted, aliases, true)}"`)
}

function macText(mac: number, separator: string): string {
  return mac.toString(16).padStart(12, '0').match(/../g)!.join(separator)
}
