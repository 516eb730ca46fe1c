/** Aliases and sentences. */
import { describe, expect, it } from 'vitest'
import { Aliases } from '../../src/redact/aliases.ts'
import { redactAddresses, redactQuotes, redactWords } from '../../src/redact/text.ts'

describe('aliases', () => {
  it('one host, one alias; roles in the address', () => {
    const aliases = new Aliases()
    expect(aliases.address('10.0.0.1', 'client')).toBe('198.18.0.1')
    expect(aliases.address('10.0.0.2', 'server')).toBe('198.19.0.1')
    expect(aliases.address('10.0.0.1')).toBe('198.18.0.1')
    expect(aliases.address('10.0.0.3')).toBe('198.18.128.1')
    expect(aliases.address('fe80::1%eth0', 'client')).toBe('2001:db8:c::1')
    expect(aliases.address('no address')).toBeUndefined()
    expect([...aliases.roles().values()]).toEqual(['client-1', 'server-1', 'host-1', 'client-2'])
  })

  it('nobody stays nobody', () => {
    const aliases = new Aliases()
    expect(['0.0.0.0', '255.255.255.255', '::'].map(a => aliases.address(a))).toEqual([
      '0.0.0.0',
      '255.255.255.255',
      '::',
    ])
    expect(aliases.mac(0xffffffffffff)).toBe(0xffffffffffff)
    expect(aliases.mac(-1)).toBe(-1)
  })

  it('never an address that the report itself holds', () => {
    const aliases = new Aliases()
    aliases.avoidAddresses(['198.18.0.1', '2001:db8:c::1'])
    expect(aliases.address('198.18.0.1', 'client')).toBe('198.18.0.2')
    expect(aliases.address('2001:db8:c::1', 'client')).toBe('2001:db8:c::2')
  })

  it('does not run out', () => {
    const aliases = new Aliases()
    const all = new Set(Array.from({ length: 40_000 }, (_, i) => aliases.ipv4(0x0a000000 + i + 1)))
    expect(all.size).toBe(40_000)
  })

  it('groups stay groups', () => {
    const aliases = new Aliases()
    expect(Math.floor(aliases.mac(0x01005e000001) / 2 ** 40) & 1).toBe(1)
    expect(Math.floor(aliases.mac(0x3c5ab4000001) / 2 ** 40) & 1).toBe(0)
  })
})

describe('sentences', () => {
  it.each([
    ['10.0.0.1:443 refused', '198.18.128.1:443 refused'],
    ['[fd00::9]:443 refused, fd00::9.', '[2001:db8::1]:443 refused, 2001:db8::1.'],
    ['host 10.0.0.1 and tcp port 80', 'host 198.18.128.1 and tcp port 80'],
    ['client fd00::9: a timeout', 'client 2001:db8::1: a timeout'],
    ['to:fd00::9, fd00::', 'to:2001:db8::1, 2001:db8::2'],
    ["10.0.0.1's other connections (44)", "198.18.128.1's other connections (44)"],
    ['::ffff:10.0.0.1 called', '2001:db8::1 called'],
    ['card 3c:5a:b4:00:00:01, 3C-5A-B4-00-00-01', 'card 02:a1:1a:50:00:01, 02-a1-1a-50-00-01'],
    ['at 2026-11-22T08:47:03.123456789Z', 'at 2026-11-22T08:47:03.123456789Z'],
    ['at 08:47:03, version 1.2.3, std::string, 5 : 3', 'at 08:47:03, version 1.2.3, std::string, 5 : 3'],
  ])('%s', (before, after) => {
    expect(redactAddresses(before, new Aliases())).toBe(after)
  })

  it.each([
    ['GET /cart?user=ada', 'GET …'],
    ['ClientHello api.example.com', 'ClientHello host-1.example'],
    ['HTTP api.example.com:8080', 'HTTP host-1.example:8080'],
    ['HTTP 10.1.2.3:8080', 'HTTP 198.18.128.1:8080'],
    ['421 Too many connections from Ada on shop', '421 Too many connections …'],
    ['alert: handshake failure', 'alert: handshake failure'],
    ['TLS', 'TLS'],
    ['SECRET TOKEN', '…'],
    ['', ''],
  ])('%s', (before, after) => {
    expect(redactWords(before, new Aliases())).toBe(after)
  })

  it('a payload cannot end its own quotes', () => {
    const redacted = redactQuotes('it said ("no" to "ada"), then reset', new Aliases())
    expect(redacted).toBe('it said ("no" …"), then reset')
  })
})
