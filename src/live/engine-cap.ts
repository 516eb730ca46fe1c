/**
 * `--engine cap`: libpcap inside Node, in a process of its own, because what goes wrong in the native code (an interface that goes down, a
 * failed open) ends the process beyond any catch. Writes a pcap stream to standard output as tcpdump does. The module gives neither times nor
 * drop counts nor original lengths: times are taken here, the rest stays unknown.
 */
import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { EngineRequest } from './engines.js'
import { become } from './privileges.js'

/** What is used of the module; it has no types. */
interface Capture {
  open(device: string, filter: string, bufferBytes: number, packet: Buffer): string
  on(event: 'packet', listener: (bytes: number, truncated: boolean) => void): void
}

/** Slots of 64 KiB, whatever the packets: 128 MiB are 2,000 packets. */
const RING_BYTES = 128 * 2 ** 20
const LONGEST_PACKET = 65_535
const OUT_BYTES = 2 ** 20
/** Written at once when so much has come, or so much time has passed. */
const PIECE_BYTES = 2 ** 16
const DELAY_MS = 20
/** Packets between two looks at the system's clock. */
const CLOCK_EVERY = 1024
const CLOCK_STEP_MS = 5
const NS_MAGIC = 0xa1b23c4d

/** Words of the module → LINKTYPE_ numbers. */
const LINK_TYPES: Record<string, number> = {
  NULL: 0,
  ETHERNET: 1,
  RAW: 101,
  LINKTYPE_LINUX_SLL: 113,
  IEEE802_11_RADIO: 127,
}

class CapEngine {
  private readonly out = Buffer.alloc(OUT_BYTES)
  private length = 0
  private writtenAt = performance.now()
  private packets = 0
  /** Milliseconds since 1970 at the zero of `performance.now`. */
  private originMs = performance.timeOrigin
  /** Used again for every packet; must stay referenced. */
  private readonly packet = Buffer.alloc(LONGEST_PACKET)
  private readonly snaplen: number

  constructor({ interface: device, filter, snaplen }: EngineRequest) {
    this.snaplen = snaplen ?? LONGEST_PACKET
    const { Cap } = createRequire(import.meta.url)('cap') as { Cap: new () => Capture }
    const capture = new Cap()
    capture.on('packet', bytes => this.take(bytes))
    // Packets come from the event loop: not before the header.
    const linkType = capture.open(device, filter ?? '', RING_BYTES, this.packet)
    this.begin(LINK_TYPES[linkType] ?? Number(/\d+$/.exec(linkType)?.[0] ?? 1))
    setInterval(() => this.flush(), DELAY_MS)
  }

  flush(): void {
    let at = 0
    while (at < this.length) at += writeSync(1, this.out, at, this.length - at)
    this.length = 0
    this.writtenAt = performance.now()
  }

  /** The file header, version 2.4. */
  private begin(linkType: number): void {
    for (const word of [NS_MAGIC, 0x00040002, 0, 0, this.snaplen, linkType]) this.put(word)
    this.flush()
  }

  private put(word: number): void {
    this.length = this.out.writeUInt32LE(word, this.length)
  }

  private take(bytes: number): void {
    const now = performance.now()
    if (this.packets++ % CLOCK_EVERY === 0) this.followClock(now)
    const ms = this.originMs + now
    const seconds = Math.floor(ms / 1000)
    const kept = Math.min(bytes, this.snaplen)
    if (this.length + 16 + kept > OUT_BYTES) this.flush()
    this.put(seconds)
    this.put(Math.floor((ms - seconds * 1000) * 1e6))
    this.put(kept)
    this.put(bytes)
    this.packet.copy(this.out, this.length, 0, kept)
    this.length += kept
    // While packets keep coming no timer runs: the module hands over all there are before it returns.
    if (this.length > PIECE_BYTES || now - this.writtenAt > DELAY_MS) this.flush()
  }

  /** The system's clock may have been set. */
  private followClock(now: number): void {
    const behindMs = Date.now() - (this.originMs + now)
    if (Math.abs(behindMs) > CLOCK_STEP_MS) this.originMs += behindMs
  }
}

function main(): void {
  const request = JSON.parse(process.argv[2]) as EngineRequest
  const end = (engine: CapEngine) => () => {
    engine.flush()
    process.exit(0)
  }
  try {
    const engine = new CapEngine(request)
    if (request.account) become(request.account)
    process.on('SIGINT', end(engine))
    process.on('SIGTERM', end(engine))
    // Whoever started this is gone.
    process.stdin.on('end', end(engine)).resume()
  } catch (error) {
    process.stderr.write(`cap: ${(error as Error).message}\n`)
    process.exitCode = 1
  }
}

// Nobody reads any more.
process.on('uncaughtException', error => {
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== 'EPIPE') writeSync(2, `cap: ${message}\n`)
  process.exit(code === 'EPIPE' ? 0 : 1)
})
main()
