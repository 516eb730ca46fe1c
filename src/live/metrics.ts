/**
 * `--metrics`: what a running capture has seen, as Prometheus text (exposition format 0.0.4). Counters never go down, and the number of series
 * is bounded, whatever the traffic: causes × origins, and a fixed number of listeners.
 */
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type * as Prometheus from 'prom-client'
import { CaptureError } from '../capture/error.js'
import type { Reset } from '../model.js'
import { endpoint } from '../units.js'

/** What the capture knows of itself. Counts are over the whole run. */
export interface Figures {
  packets: number
  segments: number
  drops: { kernel: number; engine: number; analyser: number }
  engineRestarts: number
  /** Reset connections that were counted and not judged; verdicts and evidence that could not be written. */
  unjudged: number
  unwritten: { verdicts: number; evidence: number }
  evicted: number
  memoryAlarms: number
  /** Now. */
  connections: number
  waiting: number
  lagSeconds: number
}

/** Listeners with a series of their own; all others share one. */
const MOST_LISTENERS = 50
/** A listener gets its own series with this reset: a scan of many ports must not use them all up. */
const NAMED_FROM = 3
/** Listeners whose first resets are counted. */
const MOST_CANDIDATES = 4096
const OTHER = 'other'
/** Scrapers are few. */
const MOST_CLIENTS = 16
const PATIENCE_MS = 5000

/** Whose address is not given is asked by programs on this host only. */
const HERE = '127.0.0.1'

export class Metrics {
  private figures: (() => Figures) | undefined
  private readonly byCause = new Map<string, { labels: Record<string, string>; count: number }>()
  private readonly byListener = new Map<string, number>()
  private readonly candidates = new Map<string, number>()

  private constructor(
    private readonly server: Server,
    private readonly client: typeof Prometheus,
  ) {}

  /**
   * Listens; what is served before `watch` is empty.
   * @param where "127.0.0.1:9464", "[::1]:9464" or a port of 127.0.0.1
   * @throws CaptureError when it cannot listen there
   */
  static async open(where: string): Promise<Metrics> {
    // Only who asks for it pays for it.
    const client = createRequire(import.meta.url)('prom-client') as typeof Prometheus
    const server = createServer({ requestTimeout: PATIENCE_MS, headersTimeout: PATIENCE_MS })
    server.maxConnections = MOST_CLIENTS
    const [, host, port] = /^(?:(.*):)?(\d+)$/.exec(where)!
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(refusal(where, error)))
      server.listen(Number(port), host?.replace(/^\[|\]$/g, '') || HERE, resolve)
    })
    const metrics = new Metrics(server, client)
    server.on('request', (request, response) => {
      const path = request.url?.split('?')[0]
      if (request.method !== 'GET' && request.method !== 'HEAD') response.writeHead(405).end()
      else if (path !== '/metrics') response.writeHead(404).end('see /metrics\n')
      else {
        // Whatever a scrape meets, the capture goes on.
        metrics.answer().then(
          text => response.writeHead(200, { 'Content-Type': TEXT }).end(text),
          () => response.writeHead(500).end(),
        )
      }
    })
    server.on('error', () => {})
    return metrics
  }

  /** From now on these are served. */
  watch(figures: () => Figures): void {
    this.figures = figures
  }

  /** A verdict was reached. */
  note({ cause, origin, impact, connection }: Reset): void {
    const key = `${cause} ${origin} ${impact}`
    const entry = this.byCause.get(key)
    if (entry) entry.count++
    else this.byCause.set(key, { labels: { cause, origin, impact }, count: 1 })
    const listener = this.labelOf(endpoint(connection.server))
    this.byListener.set(listener, (this.byListener.get(listener) ?? 0) + 1)
  }

  close(): void {
    this.server.close()
    this.server.closeAllConnections()
  }

  private labelOf(listener: string): string {
    if (this.byListener.has(listener)) return listener
    const seen = (this.candidates.get(listener) ?? 0) + 1
    if (seen < NAMED_FROM) {
      if (this.candidates.size < MOST_CANDIDATES || seen > 1) this.candidates.set(listener, seen)
      return OTHER
    }
    const named = this.byListener.size - Number(this.byListener.has(OTHER))
    return named < MOST_LISTENERS ? listener : OTHER
  }

  private async answer(): Promise<string> {
    const registry = new this.client.Registry()
    this.addResets(registry)
    const figures = this.figures?.()
    if (figures) this.addFigures(registry, figures)
    return registry.metrics()
  }

  private addResets(registry: Prometheus.Registry): void {
    const registers = [registry]
    const { Counter } = this.client
    const resets = new Counter({
      name: 'rst_analyze_resets_total',
      help: 'Resets judged, by cause, origin (endpoint, middlebox, unknown) and impact',
      labelNames: ['cause', 'origin', 'impact'],
      registers,
    })
    for (const { labels, count } of this.byCause.values()) resets.inc(labels, count)
    const listeners = new Counter({
      name: 'rst_analyze_listener_resets_total',
      help: `Resets judged, by listener; the first ${MOST_LISTENERS} with ${NAMED_FROM} resets by name`,
      labelNames: ['listener'],
      registers,
    })
    for (const [listener, count] of this.byListener) listeners.inc({ listener }, count)
  }

  private addFigures(registry: Prometheus.Registry, f: Figures): void {
    const registers = [registry]
    const { Counter, Gauge } = this.client
    const counter = (name: string, help: string, value: number) =>
      new Counter({ name: `rst_analyze_${name}_total`, help, registers }).inc(value)
    const gauge = (name: string, help: string, value: number) =>
      new Gauge({ name: `rst_analyze_${name}`, help, registers }).set(value)
    counter('packets', 'Packets looked at', f.packets)
    counter('segments', 'TCP segments among them', f.segments)
    const drops = new Counter({
      name: 'rst_analyze_drops_total',
      help: 'Packets lost: by the kernel for want of room, by engine or interface, by the analyser as unreadable',
      labelNames: ['by'],
      registers,
    })
    for (const [by, count] of Object.entries(f.drops)) drops.inc({ by }, count)
    counter('engine_restarts', 'Times the engine had to be started again', f.engineRestarts)
    counter('resets_unjudged', 'Reset connections counted and not judged: too many at once', f.unjudged)
    counter('verdicts_unwritten', 'Verdicts not written: standard output was not read', f.unwritten.verdicts)
    counter('evidence_unwritten', 'Evidence files not written', f.unwritten.evidence)
    counter('connections_evicted', 'Connections forgotten to stay within the memory limit', f.evicted)
    counter('memory_alarms', 'Times that memory was shorter than estimated', f.memoryAlarms)
    gauge('connections', 'Connections tracked now', f.connections)
    gauge('resets_waiting', 'Reset connections that wait to settle', f.waiting)
    gauge('lag_seconds', 'How long ago the packets looked at last were captured', f.lagSeconds)
    gauge('memory_bytes', 'Resident memory of the analyser', process.memoryUsage.rss())
  }
}

const TEXT = 'text/plain; version=0.0.4; charset=utf-8'

function refusal(where: string, { code, message }: NodeJS.ErrnoException): CaptureError {
  const known: Record<string, string> = {
    EADDRINUSE: 'another program has this port: name another one',
    EADDRNOTAVAIL: 'this host has no such address',
    EACCES: 'no permission: ports below 1024 take root',
    ENOTFOUND: 'there is no such host',
  }
  return new CaptureError(`--metrics ${where}: ${known[code ?? ''] ?? message}`)
}
