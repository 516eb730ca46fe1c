/** Names for addresses, shown beside them and never instead of them: an address can be checked, a name is somebody's word. */
import ipaddr from 'ipaddr.js'
import { changing } from '../verdict/late-reset.js'
import type { Endpoint, Report } from '../model.js'
import { visible } from './escape.js'
import { clip } from './layout.js'
import { endpoint } from '../units.js'

/** Address (as the report writes it) → name. */
export type Names = ReadonlyMap<string, string>

export const NO_NAMES: Names = new Map()

const LONGEST_NAME = 60
/** Of a hosts file's name: what DNS allows (RFC 1035 §2.3.4). */
const LONGEST_KEPT = 253

/** Names as they are shown: harmless to print, of bounded length. */
export function shownNames(names: Names): Names {
  if (names.size === 0) return NO_NAMES
  return new Map([...names].map(([address, name]) => [address, clip(visible(name), LONGEST_NAME)]))
}

/** Reads a hosts file: `address name alias… # comment` a line. Lines that are none are passed over; the first name wins. */
export function parseHosts(text: string): Map<string, string> {
  const names = new Map<string, string>()
  for (const line of text.split(/\r\n|\r|\n/)) {
    const [address, name] = line.replace(/#.*/s, '').trim().split(/\s+/)
    const canonical = name ? canonicalAddress(address) : undefined
    if (canonical && !names.has(canonical)) names.set(canonical, name.slice(0, LONGEST_KEPT))
  }
  return names
}

function canonicalAddress(text: string): string | undefined {
  const plain = text.replace(/%.*$/s, '')
  if (ipaddr.IPv4.isValidFourPartDecimal(plain)) return ipaddr.IPv4.parse(plain).toString()
  return ipaddr.IPv6.isValid(plain) ? ipaddr.IPv6.parse(plain).toRFC5952String() : undefined
}

/** ` (cart-db)` behind an address that has a name, otherwise nothing. */
export function nameAfter(names: Names, address: string): string {
  const name = names.get(address)
  return name === undefined || name === address ? '' : ` (${name})`
}

/** `10.0.1.9:8080 (cart-db)` */
export function namedEndpoint(names: Names, end: Endpoint): string {
  return endpoint(end) + nameAfter(names, end.address)
}

const ADDRESS =
  /(?<![\w.:[])(?:(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?|\[([\da-f:.]{2,45})\]:\d{1,5}|([\da-f]{0,4}(?::[\da-f.]{0,15}){2,8}))(?![\w.]*[\w:])/gi

/** Puts names behind the addresses in a sentence, each at its first mention. */
export function withNames(text: string, names: Names): string {
  if (names.size === 0) return text
  const said = new Set<string>()
  return text.replace(ADDRESS, (match, v4?: string, bracketed?: string, v6?: string) => {
    const address = v4 ?? bracketed ?? v6 ?? ''
    if (said.has(address)) return match
    said.add(address)
    return match + nameAfter(names, address)
  })
}

/** A report in whose sentences the addresses bear their names; address fields stay as they are. */
export function reportWithNames(report: Report, names: Names): Report {
  if (names.size === 0) return report
  const say = (text: string): string => withNames(text, names)
  const nameReset = changing({
    whole: reset => ({
      ...reset,
      summary: say(reset.summary),
      evidence: reset.evidence.map(line => ({ ...line, statement: say(line.statement) })),
      remedies: reset.remedies.map(say),
      nextChecks: reset.nextChecks.map(say),
    }),
    time: time => time,
    connection: connection => connection,
  })
  return {
    ...report,
    resets: report.resets.map(nameReset),
    incidents: report.incidents.map(incident => ({
      ...incident,
      title: say(incident.title),
      summary: say(incident.summary),
    })),
  }
}
