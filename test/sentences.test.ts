/** Sentences must fit what the capture shows, not only the cause. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { analyzeCaptures } from '../src/analyze.js'
import type { Report } from '../src/model.js'
import { analysisOf } from './analyses.js'
import { parseCase } from './cases/notation.js'
import { pcapOf } from './cases/pcap.js'

let directory: string

beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-sentences-'))
})

afterAll(() => fs.rmSync(directory, { recursive: true }))

async function told(packets: string): Promise<Report> {
  const prose = 'Written in the notation of fixtures/cases, for its sentences only.'
  const expectation = 'r1 server: unknown\n  origin: unknown\n  impact: unknown'
  const markdown = `# A\n${prose}\n\n\`\`\`packets\n${packets}\n\`\`\`\n\n\`\`\`expect\n${expectation}\n\`\`\`\n`
  const file = path.join(directory, 'case.pcap')
  fs.writeFileSync(file, pcapOf(parseCase(markdown)))
  return (await analyzeCaptures([file])).report
}

const HOSTS = 'host c = 10.0.0.5:40001 linux\nhost s = 10.0.1.9:8080 linux hops=1\n'

test('a port that refuses at first and accepts later is not said to have no listener', async () => {
  const { resets, incidents } = await told(
    `${HOSTS}c>s S\n+2ms s>c R.\n+1s c:40002>s S\n+2ms s>c:40002 R.\n+1s c:40003>s connect 2ms\nc:40003>s P. (80)\n+2ms s>c:40003 P. (200)`,
  )
  expect(resets.map(r => r.cause)).toEqual(['port-closed', 'port-closed'])
  expect(resets[0].summary).toContain('nothing listened on that port then; 2.0 s later it accepted one')
  expect(incidents[0].title).toContain('nothing listened on 10.0.1.9:8080 for a while')
  expect(incidents[0].summary).toContain('it accepted connections afterwards')
})

test('a port that only refuses has none', async () => {
  const { resets, incidents } = await told(`${HOSTS}c>s S\n+2ms s>c R.\n+1s c:40002>s S\n+2ms s>c:40002 R.`)
  for (const { summary } of [...resets, ...incidents])
    expect(summary).toContain('nothing listens on that port')
})

/** The device copies hop limit and identifications, but what it cuts at one age goes on at the other end. */
test('a lifetime that a device limits is looked for on devices, one of a server on the server', async () => {
  const lab = path.resolve(import.meta.dirname, '../fixtures/lab')
  const byDevice = (await analysisOf(path.join(lab, 'middlebox/third-dev-age-copied/client.pcap'))).report
  const device = byDevice.resets.find(r => r.cause === 'max-lifetime' && r.origin === 'middlebox')!
  expect(device.summary).toMatch(/^a device between .* ends connections at an age of/)
  expect(device.remedies.join()).toContain('A firewall, NAT or load balancer between')
  expect([...device.remedies, ...device.nextChecks].join()).not.toContain('If ')
  expect(device.remedies.join()).not.toContain('Find the limit')
  const byServer = (await analysisOf(path.join(lab, 'endpoint/lifetime-busy/client.pcap'))).report
  const server = byServer.resets.find(r => r.cause === 'max-lifetime')!
  expect(server.remedies.join()).toContain('Find the limit')
  expect(server.remedies.join()).not.toContain('A firewall, NAT or load balancer between')
})
