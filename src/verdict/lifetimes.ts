/**
 * Known maximum lifetimes of connections, as data: only numbers that were read in a source. All of these products end a connection between two
 * requests, by FIN; a reset at such an age comes from a program that does it less gently, or from one that was configured to.
 */
import { duration } from '../units.js'

export interface KnownLifetime {
  product: string
  setting: string
  seconds: number
  source: string
}

export const KNOWN_LIFETIMES: readonly KnownLifetime[] = [
  { product: 'HikariCP', setting: 'maxLifetime', seconds: 1800, source: 'HikariConfig, MAX_LIFETIME' },
  { product: 'PgBouncer', setting: 'server_lifetime', seconds: 3600, source: 'PgBouncer configuration' },
  {
    product: 'nginx',
    setting: 'keepalive_time',
    seconds: 3600,
    source: 'nginx documentation (since 1.19.10)',
  },
]

/** Ages of connections with one limit differ by so much: the limit is checked now and then, or between requests (as facts count equal ages). */
const TOLERANCE = 0.03

/** One sentence for the checks: what age was measured, and every default that fits; none is claimed. @param ageMs since the SYN */
export function lifetimeAdvice(ageMs: number, where: string): string {
  const fits = KNOWN_LIFETIMES.filter(k => Math.abs(ageMs / 1000 / k.seconds - 1) <= TOLERANCE)
  const age = `connections end at an age of ${duration(ageMs)}`
  if (fits.length === 0)
    return `Which limit: ${age}. No default known here fits: look for a configured value on ${where}`
  const named = fits.map(k => `${k.product} ${k.setting} (${k.seconds} s = ${duration(k.seconds * 1000)})`)
  return `Which limit: ${age}. Defaults that fit: ${named.join(', ')}; none is proven, any value can be configured`
}
