/** Names and clocks: what only the reports for people show. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { namedEndpoint, parseHosts, shownNames, withNames } from '../../src/report/names.js'
import { select } from '../../src/report/select.js'
import { writeText } from '../../src/report/text.js'
import { localIso, parseZone, UTC, type Zone } from '../../src/report/zone.js'
import { rst } from '../cli/fake.js'
import { SCENES } from './scenes.js'

const zone = (text: string): Zone => parseZone(text) ?? expect.fail(`${text} is a zone`)

describe('zones', () => {
  it.each([
    ['UTC', '2026-11-22T08:47:03.123456789Z'],
    ['+00:00', '2026-11-22T08:47:03.123456789Z'],
    ['+02:00', '2026-11-22T10:47:03.123456789+02:00'],
    ['+0530', '2026-11-22T14:17:03.123456789+05:30'],
    ['-09', '2026-11-21T23:47:03.123456789-09:00'],
    ['Europe/Berlin', '2026-11-22T09:47:03.123456789+01:00'],
    ['america/new_york', '2026-11-22T03:47:03.123456789-05:00'],
    ['Asia/Kathmandu', '2026-11-22T14:32:03.123456789+05:45'],
  ])('%s', (name, local) => expect(localIso('2026-11-22T08:47:03.123456789Z', zone(name))).toBe(local))

  it('summer time changes within a capture', () => {
    const berlin = zone('Europe/Berlin')
    expect(localIso('2026-10-25T00:59:59Z', berlin)).toBe('2026-10-25T02:59:59+02:00')
    expect(localIso('2026-10-25T01:00:00Z', berlin)).toBe('2026-10-25T02:00:00+01:00')
  })

  it('labels say what the clock is', () => {
    expect([zone('UTC'), zone('z')]).toEqual([UTC, UTC])
    expect(zone('-03:30').label).toBe('UTC-03:30')
    expect(zone('europe/berlin').label).toBe('Europe/Berlin')
  })

  it.each(['', 'Mars/Base', '+25:00', '+01:75', '02:00', '../etc/passwd'])('%j is none', text =>
    expect(parseZone(text)).toBeUndefined(),
  )

  it('a time that is none stays what it is', () => expect(localIso('never', zone('+01:00'))).toBe('never'))
})

describe('hosts files', () => {
  const names = parseHosts(`# comment
10.0.1.9   cart-db cart-db.example # trailing
10.0.1.9 other
2001:DB8:0:0::1\tv6.example
fe80::1%eth0 link-local
127.0.0.1
not-an-address name
10.0.0.300 name
10.0.0.7 \u001b[31m\u202eevil
10.0.0.8 ${'x'.repeat(200)}
`)

  it('reads what is a line', () => {
    expect([...names.keys()]).toEqual(['10.0.1.9', '2001:db8::1', 'fe80::1', '10.0.0.7', '10.0.0.8'])
    expect(names.get('10.0.1.9')).toBe('cart-db')
  })

  it('shows hostile names harmless and short', () => {
    const shown = shownNames(names)
    expect(shown.get('10.0.0.7')).toBe('\\x1b[31m\\u202eevil')
    expect(shown.get('10.0.0.8')).toHaveLength(60)
  })

  it('names stand behind their address, once a sentence', () => {
    expect(withNames('10.0.1.9:443 and 10.0.1.9 and 10.0.1.90, 110.0.1.9', names)).toBe(
      '10.0.1.9:443 (cart-db) and 10.0.1.9 and 10.0.1.90, 110.0.1.9',
    )
    expect(withNames('[2001:db8::1]:443, 2001:db8::1.', names)).toBe(
      '[2001:db8::1]:443 (v6.example), 2001:db8::1.',
    )
    expect(withNames('from 2001:db8::1 at 14:03:07', names)).toBe('from 2001:db8::1 (v6.example) at 14:03:07')
    expect(namedEndpoint(names, { address: '2001:db8::1', port: 1 })).toBe('[2001:db8::1]:1 (v6.example)')
    expect(withNames('10.0.1.9', new Map())).toBe('10.0.1.9')
  })
})

it('the text report takes both', () => {
  const of = SCENES['checkout']()
  const text = [
    ...writeText({
      analysis: of,
      selection: select(of.report),
      width: 110,
      color: false,
      stories: 'worst',
      names: new Map([['10.0.1.9', 'cart-db']]),
      zone: zone('Europe/Berlin'),
    }),
  ].join('')
  expect(text).toContain('2026-11-22 09:47:03 Europe/Berlin')
  expect(text).toMatch(/09:48:02–09:48:27\sEurope\/Berlin\./)
  expect(text).toContain('time (Europe/Berlin)')
  expect(text).toContain('r1   10.0.0.5:41234 → 10.0.1.9:8080 (cart-db)')
  expect(text).toContain('09:47:03.123   client ── GET /cart')
  expect(text).not.toMatch(/08:4[78]:/)
})

it('the command line passes everything on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rst-analyze-people-'))
  const at = (name: string): string => join(folder, name)
  writeFileSync(at('hosts'), '10.0.1.9 cart-db\n')
  const options = `--hosts ${at('hosts')} --timezone +02:00 --max-bytes 5000`
  const { code, out, err } = await rst(
    `--format markdown ${options} -o ${at('r.html')} -o ${at('r.md')} -o ${at('r.json')} a.pcap`,
  )
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toBe(readFileSync(at('r.md'), 'utf8'))
  expect(Buffer.byteLength(out)).toBeLessThanOrEqual(5000)
  for (const text of [out, readFileSync(at('r.html'), 'utf8')]) {
    expect(text).toContain('10.0.1.9:8080 (cart-db)')
    expect(text).toContain('10:48:02')
    expect(text).toContain('UTC+02:00')
  }
  const json = readFileSync(at('r.json'), 'utf8')
  expect(json).toContain('2026-11-22T08:48:02.041000Z')
  expect(json).not.toContain('cart-db')
  rmSync(folder, { recursive: true })
})
