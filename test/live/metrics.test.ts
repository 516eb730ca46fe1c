/** What is served to Prometheus: bounded, monotonic, and one clear line when it cannot be served. */
import { request } from 'node:http'
import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Figures, Metrics } from '../../src/live/metrics.js'
import type { Reset } from '../../src/model.js'

const FIGURES: Figures = {
  packets: 10,
  segments: 9,
  drops: { kernel: 3, engine: 2, analyser: 1 },
  engineRestarts: 1,
  unjudged: 4,
  unwritten: { verdicts: 5, evidence: 6 },
  evicted: 7,
  memoryAlarms: 0,
  connections: 8,
  waiting: 2,
  lagSeconds: 0.5,
}

let open: Metrics | undefined
let taken: Server | undefined
afterEach(() => {
  open?.close()
  taken?.close()
})

/** A port that was free a moment ago. */
async function freePort(keep = false): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  if (keep) taken = server
  else await new Promise(resolve => server.close(resolve))
  return port
}

async function ask(
  port: number,
  path = '/metrics',
  method = 'GET',
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method }, response => {
      let text = ''
      response.on('data', piece => (text += piece))
      response.on('end', () => resolve({ status: response.statusCode!, text }))
    })
    asked.on('error', reject).end()
  })
}

function reset(port: number, cause: Reset['cause'] = 'port-closed'): Reset {
  const connection = { server: { address: '10.0.0.1', port } }
  return { cause, origin: 'endpoint', impact: 'none', connection } as Reset
}

const series = (text: string, name: string) => text.split('\n').filter(line => line.startsWith(`${name}{`))
const total = (lines: string[]) => lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)

describe('--metrics', () => {
  it('serves what was judged, seen and lost', async () => {
    const port = await freePort()
    open = await Metrics.open(`127.0.0.1:${port}`)
    open.watch(() => FIGURES)
    open.note(reset(80))
    open.note(reset(80, 'idle-timeout'))
    open.note(reset(80))
    const { status, text } = await ask(port)
    expect(status).toBe(200)
    for (const line of [
      'rst_analyze_resets_total{cause="port-closed",origin="endpoint",impact="none"} 2',
      'rst_analyze_resets_total{cause="idle-timeout",origin="endpoint",impact="none"} 1',
      'rst_analyze_listener_resets_total{listener="10.0.0.1:80"} 1',
      'rst_analyze_packets_total 10',
      'rst_analyze_drops_total{by="kernel"} 3',
      'rst_analyze_drops_total{by="engine"} 2',
      'rst_analyze_drops_total{by="analyser"} 1',
      'rst_analyze_connections 8',
      'rst_analyze_lag_seconds 0.5',
      '# TYPE rst_analyze_resets_total counter',
    ])
      expect(text.split('\n')).toContain(line)
  })

  it('names a bounded number of listeners, whatever is scanned, and never counts backwards', async () => {
    const port = await freePort()
    open = await Metrics.open(String(port))
    for (let scanned = 1; scanned <= 20_000; scanned++) open.note(reset(scanned))
    const scan = series((await ask(port)).text, 'rst_analyze_listener_resets_total')
    expect(scan).toEqual(['rst_analyze_listener_resets_total{listener="other"} 20000'])
    for (let busy = 1; busy <= 200; busy++) for (let i = 0; i < 5; i++) open.note(reset(30_000 + busy))
    const listeners = series((await ask(port)).text, 'rst_analyze_listener_resets_total')
    expect(listeners.length).toBeLessThanOrEqual(51)
    expect(total(listeners)).toBe(21_000)
    expect(total(listeners.filter(line => line.includes('other')))).toBeGreaterThanOrEqual(20_000)
  })

  it('serves nothing else', async () => {
    const port = await freePort()
    open = await Metrics.open(`127.0.0.1:${port}`)
    expect((await ask(port, '/')).status).toBe(404)
    expect((await ask(port, '/metrics', 'POST')).status).toBe(405)
  })

  it('says in a line why it cannot listen', async () => {
    const port = await freePort(true)
    await expect(Metrics.open(`127.0.0.1:${port}`)).rejects.toThrow(
      `--metrics 127.0.0.1:${port}: another program has this port: name another one`,
    )
    await expect(Metrics.open(`192.0.2.1:${port}`)).rejects.toThrow(
      `--metrics 192.0.2.1:${port}: this host has no such address`,
    )
  })
})
