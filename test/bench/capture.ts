/** A large synthetic capture, written piece by piece: many connections at once, each a handshake, data both ways, FINs or a RST. The same bytes for the same arguments. */
import fs from 'node:fs'

export interface Shape {
  frames: number
  /** Connections open at any time. */
  connections: number
  snapLength: number
  /** Share of connections that end in a RST, 0..1. */
  resets: number
  /** Packets of each connection between its handshake and its end; left out: 4 to 204, few more often than many. */
  packets?: number
  /** Nothing but SYNs of one client to one port after the other, each answered by a RST. */
  scan?: boolean
}

interface Connection {
  client: number
  server: number
  clientPort: number
  serverPort: number
  /** Next sequence numbers of client and server. */
  seq: [number, number]
  step: number
  left: number
}

const RECORD = 16
const HEADERS = 14 + 20 + 32
const PIECE = 8 << 20
const PORTS = [443, 80, 5432, 6379, 8080]
const FIN = 0x01
const [SYN, SYN_ACK, ACK, PSH_ACK, FIN_ACK, RST_ACK] = [0x02, 0x12, 0x10, 0x18, 0x11, 0x14]

/** Numerical Recipes' generator: no quality needed, only the same numbers everywhere. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 4294967296
  }
}

class Writer {
  private readonly piece = Buffer.alloc(PIECE)
  private at = 24
  private us = 0
  frames = 0

  constructor(
    private readonly fd: number,
    private readonly snapLength: number,
    private readonly random: () => number,
  ) {
    this.piece.writeUInt32LE(0xa1b2c3d4, 0)
    this.piece.writeUInt32LE(0x00040002, 4)
    this.piece.writeUInt32LE(snapLength, 16)
    this.piece.writeUInt32LE(1, 20)
  }

  packet(c: Connection, from: 0 | 1, flags: number, payload: number): void {
    const total = HEADERS + payload
    const captured = Math.min(total, this.snapLength)
    if (this.at + RECORD + captured > PIECE) this.flush()
    this.us += 1 + Math.floor(this.random() * 40)
    const record = this.piece.subarray(this.at, this.at + RECORD + captured)
    record.writeUInt32LE(1_700_000_000 + Math.floor(this.us / 1e6), 0)
    record.writeUInt32LE(this.us % 1e6, 4)
    record.writeUInt32LE(captured, 8)
    record.writeUInt32LE(total, 12)
    this.headers(record.subarray(RECORD), c, from, flags, total)
    record.fill(0x61, RECORD + HEADERS)
    c.seq[from] += payload + (flags & (SYN | FIN) ? 1 : 0)
    this.at += RECORD + captured
    this.frames++
  }

  private headers(b: Buffer, c: Connection, from: 0 | 1, flags: number, total: number): void {
    const ends = [
      [c.client, c.clientPort],
      [c.server, c.serverPort],
    ]
    const [[source, sourcePort], [destination, destinationPort]] = from ? ends.reverse() : ends
    b.fill(0, 0, 12)
    b.writeUInt32BE(0x08004500, 12)
    b.writeUInt16BE(total - 14, 16)
    b.writeUInt16BE(this.frames & 0xffff, 18)
    b.writeUInt32BE(0x40000006 | ((from ? 57 : 64) << 8), 20)
    b.writeUInt16BE(0, 24)
    b.writeUInt32BE(source, 26)
    b.writeUInt32BE(destination, 30)
    b.writeUInt16BE(sourcePort, 34)
    b.writeUInt16BE(destinationPort, 36)
    b.writeUInt32BE(c.seq[from] >>> 0, 38)
    b.writeUInt32BE(c.seq[1 - from] >>> 0, 42)
    b.writeUInt16BE(0x8000 | flags, 46)
    b.writeUInt16BE(502, 48)
    b.writeUInt32BE(0, 50)
    b.writeUInt32BE(0x0101080a, 54)
    b.writeUInt32BE((this.us / 1000) >>> 0, 58)
    b.writeUInt32BE(0, 62)
  }

  flush(): void {
    fs.writeSync(this.fd, this.piece, 0, this.at)
    this.at = 0
  }
}

export function writeCapture(path: string, shape: Shape): void {
  const { frames, connections, snapLength, resets, packets } = shape
  const random = generator(12345)
  const below = (n: number) => Math.floor(random() * n)
  const fresh = (): Connection => ({
    client: 0x0a000000 + below(60_000),
    server: 0xc0a80000 + below(200),
    clientPort: 1024 + below(64_000),
    serverPort: PORTS[below(PORTS.length)],
    seq: [below(2 ** 32), below(2 ** 32)],
    step: 0,
    left: packets ?? 4 + Math.floor(random() ** 3 * 200),
  })
  const fd = fs.openSync(path, 'w')
  const writer = new Writer(fd, snapLength, random)
  if (shape.scan) scan(writer, fresh(), frames)
  const open = Array.from({ length: connections }, fresh)
  while (writer.frames < frames) {
    const place = below(connections)
    const c = open[place]
    if (c.step < 3) {
      const step = c.step++
      writer.packet(c, step === 1 ? 1 : 0, [SYN, SYN_ACK, ACK][step], 0)
    } else if (c.left-- > 0) {
      const kind = random()
      if (kind < 0.5) writer.packet(c, 1, PSH_ACK, 1448)
      else if (kind < 0.6) writer.packet(c, 0, PSH_ACK, 300 + below(600))
      else writer.packet(c, 0, ACK, 0)
    } else {
      end(writer, c, random() < resets, random() < 0.7 ? 1 : 0)
      open[place] = fresh()
    }
  }
  writer.flush()
  fs.closeSync(fd)
}

function scan(writer: Writer, c: Connection, frames: number): void {
  for (let i = 0; writer.frames < frames; i++) {
    const one: Connection = {
      ...c,
      server: c.server + Math.floor(i / 65_000),
      serverPort: 1 + (i % 65_000),
      seq: [i, -1],
    }
    writer.packet(one, 0, SYN, 0)
    one.seq[1] = 0
    writer.packet(one, 1, RST_ACK, 0)
  }
}

function end(writer: Writer, c: Connection, reset: boolean, by: 0 | 1): void {
  if (reset) return writer.packet(c, by, RST_ACK, 0)
  writer.packet(c, 0, FIN_ACK, 0)
  writer.packet(c, 1, FIN_ACK, 0)
  writer.packet(c, 0, ACK, 0)
}
