/** Which timer: candidates by value, kind and place; all that fit are named, none is claimed. */
import { describe, expect, it } from 'vitest'
import { KNOWN_LIFETIMES, lifetimeAdvice } from '../src/verdict/lifetimes.js'
import { candidateTimers, KNOWN_TIMERS, type Silence, timerAdvice } from '../src/verdict/timers.js'

function products(silence: Silence): string[] {
  return candidateTimers(silence).map(t => `${t.product} ${t.setting}`)
}

describe('the table', () => {
  it('is ordered by value, and every row names its source', () => {
    const seconds = KNOWN_TIMERS.map(t => t.seconds)
    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b))
    for (const t of KNOWN_TIMERS) expect(t.source.length, t.product).toBeGreaterThan(3)
  })

  it('holds each setting once', () => {
    const names = KNOWN_TIMERS.map(t => `${t.product} ${t.setting}`)
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('a timer that fired by itself', () => {
  const fired = (seconds: number, over: Partial<Silence> = {}) =>
    products({ ms: seconds * 1000, firedByItself: true, side: 'server', byDevice: false, ...over })

  it('equals its value, a little late at most', () => {
    expect(fired(75.02)).toEqual(['nginx keepalive_timeout'])
    expect(fired(74.5)).toEqual([])
    expect(fired(78)).toEqual([])
  })

  it('is Node with its buffer of a second, but not others, after 6 s', () => {
    expect(fired(6.003)).toEqual(['Node.js http server.keepAliveTimeout'])
    expect(fired(5.01)).toEqual(
      expect.arrayContaining(['Node.js http server.keepAliveTimeout', 'Apache httpd 2.4 KeepAliveTimeout']),
    )
  })

  it('belongs to the side that closed', () => {
    expect(fired(90, { side: 'client' })).toEqual(['Go net/http Transport.IdleConnTimeout'])
    expect(fired(90)).toEqual([])
  })

  it('is no device that waits for the next packet or forgets in silence', () => {
    const byDevice = fired(350, { byDevice: true })
    expect(byDevice).toEqual([])
    expect(fired(240.05, { byDevice: true })).toEqual([
      'Azure Load Balancer with TCP Reset idleTimeoutInMinutes',
    ])
  })

  it('is no device when the host itself sent the reset', () => {
    expect(fired(240.05)).toEqual([])
    expect(fired(60.05)).toEqual(['AWS Application Load Balancer idle_timeout.timeout_seconds'])
  })
})

describe('a timer that showed at the next packet', () => {
  const met = (ms: number, survivedMs: number) =>
    products({ ms, survivedMs, firedByItself: false, byDevice: true })

  it('lies between the longest silence that was survived and this one', () => {
    expect(met(400_000, 300_000)).toEqual(
      expect.arrayContaining([
        'AWS Network Load Balancer tcp.idle_timeout.seconds',
        'AWS NAT gateway fixed idle timeout',
      ]),
    )
    expect(met(400_000, 360_000)).not.toContain('AWS NAT gateway fixed idle timeout')
  })

  it('is anything at all without a lower bound, so nothing is named', () => {
    expect(met(4_000_000, 0)).toEqual([])
  })
})

describe('the sentence', () => {
  it('lists all that fit and claims none', () => {
    const said = timerAdvice(
      { ms: 5020, firedByItself: true, side: 'server', byDevice: false },
      '10.0.1.9 and in front of it',
    )
    expect(said).toBe(
      'Which timer: it fired after 5.0 s. Defaults that fit: Node.js http server.keepAliveTimeout (5 s), uvicorn timeout_keep_alive (5 s), Apache httpd 2.4 KeepAliveTimeout (5 s); none is proven, any value can be configured',
    )
  })

  it('says where to look when nothing fits', () => {
    const said = timerAdvice(
      { ms: 7006, firedByItself: true, side: 'server', byDevice: false },
      '10.0.1.9 and in front of it',
    )
    expect(said).toBe(
      'Which timer: it fired after 7.0 s. No default known here fits: look for a configured value on 10.0.1.9 and in front of it',
    )
  })

  it('gives the bracket', () => {
    const said = timerAdvice(
      { ms: 400_000, survivedMs: 300_000, firedByItself: false, byDevice: true },
      'the devices between',
    )
    expect(said).toMatch(
      /^Which timer: a silence of 5 min 00 s was survived, one of 6 min 40 s was not, so its value lies between\. Defaults that fit: /,
    )
  })

  it('asks for the missing bound', () => {
    const said = timerAdvice({ ms: 61_000, firedByItself: false }, '10.0.1.9 and in front of it')
    expect(said).toBe(
      'Which timer: it is at most 61.0 s. Find the longest silence that other connections survive: the value lies between',
    )
  })
})

describe('known lifetimes', () => {
  it('are named where the age fits, and only there', () => {
    expect(lifetimeAdvice(1_797_000, 'x')).toContain('HikariCP maxLifetime (1800 s = 30 min 00 s)')
    expect(lifetimeAdvice(3_612_000, 'x')).toMatch(/PgBouncer server_lifetime .*, nginx keepalive_time/)
    expect(lifetimeAdvice(1_700_000, 'x')).toMatch(
      /No default known here fits: look for a configured value on x$/,
    )
  })

  it('are ordered, and every row names its source', () => {
    const seconds = KNOWN_LIFETIMES.map(k => k.seconds)
    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b))
    for (const k of KNOWN_LIFETIMES) expect(k.source.length).toBeGreaterThan(3)
  })
})
