/** What verdicts and incidents say: bounded, complete, with the parties' names, and commands that can be pasted. */
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { analyzeCaptures } from '../src/analyze.js'
import { CAUSES } from '../src/causes/index.js'
import { rhythm } from '../src/incidents/words.js'
import type { Report } from '../src/model.js'

const LAB = path.resolve(import.meta.dirname, '../fixtures/lab')
const CAPTURES = [
  'endpoint/ka-node/client.pcap',
  'endpoint/ka-cross-v6/router.pcap',
  'endpoint/idle-server-7s/mid.pcap',
  'endpoint/crash-redis/client.pcap',
  'endpoint/closed-retries/client.pcap',
  'endpoint/scan-connect/client.pcap',
  'endpoint/probe-haproxy-v6/server.pcap',
  'endpoint/unknown-one-direction-v6/one-way.pcap',
  'endpoint/lifetime-busy/client.pcap',
  'middlebox/dpi-gfw-http-v6/client.pcap',
  'middlebox/ct-idle-mixed/client.pcap',
]

let reports: { name: string; report: Report }[]

beforeAll(async () => {
  reports = await Promise.all(
    CAPTURES.map(async name => ({ name, report: (await analyzeCaptures([path.join(LAB, name)])).report })),
  )
})

function report(name: string): Report {
  return reports.find(r => r.name.startsWith(name))!.report
}

describe('sentences', () => {
  it('are of a length that a ticket bears, without holes', () => {
    for (const { name, report: r } of reports) {
      expect(r.resets.length, name).toBeGreaterThan(0)
      const said = [...r.resets.map(x => x.summary), ...r.incidents.flatMap(i => [i.title, i.summary])]
      for (const text of said) {
        expect(text.length, text).toBeLessThanOrEqual(180)
        expect(text, name).not.toMatch(/undefined|NaN|[{}]| {2}|\(\)|^ | $/)
        expect(text, name).not.toMatch(/\b1 (connections|ports|hosts|clients|resets)\b/)
      }
    }
  })

  it('of advice name the parties and leave no placeholder', () => {
    for (const { report: r } of reports) {
      for (const { remedies, nextChecks } of r.resets) {
        for (const text of [...remedies, ...nextChecks]) expect(text).not.toMatch(/\{\w+\}|undefined|NaN/)
      }
    }
    const [race] = report('endpoint/ka-node').resets
    expect(race.remedies[0]).toContain(
      'On the client 10.71.75.2: drop idle connections after less than 2.0 s',
    )
  })
})

describe('incidents', () => {
  it('of several resets speak of the group', () => {
    const [race] = report('endpoint/ka-node').incidents
    expect(race.title).toBe('Keep-alive race: 10.72.75.2:3000 closes after 2.0 s, 10.71.75.2 asks later')
    expect(race.summary).toMatch(
      /^10\.72\.75\.2:3000 closed 3 idle connections after 2\.0 s; 10\.71\.75\.2 sent the next request .* later and got a reset\. The resets came within /,
    )
    const [crash] = report('endpoint/crash-redis').incidents
    expect(crash.summary).toMatch(/died: 6 connections with 10\.71\.86\.2 ended within /)
  })

  it('keep the rhythm readable', () => {
    expect(rhythm(1, 0)).toBe('')
    expect(rhythm(3, 2400)).toBe('The resets came within 2.4 s')
    expect(rhythm(26, 791_000)).toBe('A reset came every 31.6 s on average, for 13 min 11 s')
  })
})

describe('unknown', () => {
  it('says what is missing and gives commands for both ends, IPv6 addresses bare', () => {
    const [reset] = report('endpoint/unknown-one-direction-v6').resets
    expect(reset.cause).toBe('unknown')
    const { client, server } = reset.connection
    const [missing, atServer, atClient, then] = reset.nextChecks
    expect(missing).toMatch(
      /^Missing in this capture: the packets of the (client|server): only the other direction was captured/,
    )
    expect(atServer).toContain(
      `tcpdump -i any -n -s 256 -C 100 -W 10 -w server.pcap 'host ${client.address} and tcp port ${server.port}'`,
    )
    expect(atClient).toContain(`-w client.pcap 'host ${server.address} and tcp port ${server.port}'`)
    expect(then).toBe('Then: `rst-analyze compare client.pcap server.pcap`')
  })
})

describe('causes', () => {
  it('tell near pairs apart on both sides', () => {
    const oneSided: string[] = []
    for (const [id, { mistakenFor }] of CAUSES) {
      for (const near of Object.keys(mistakenFor)) {
        if (!(id in CAUSES.get(near as typeof id)!.mistakenFor))
          oneSided.push(`${near} does not mention ${id}`)
      }
    }
    expect(oneSided).toEqual([])
  })

  it('have a first remedy that stands alone, in at most 260 characters', () => {
    for (const [id, { remedies }] of CAUSES) expect(remedies[0].length, id).toBeLessThanOrEqual(260)
  })
})
