/** Captures with tcpdump, and what tshark reads in them. */
import type { ChildProcess } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Network } from './network.ts'
import { run, says, sleep, start, stop } from './proc.ts'

export type Vantage = 'client' | 'server' | 'router' | 'any'

/**
 * Where to capture, and how: `client`, `server`, `router` (its client side), `router-server` (its server side),
 * `any` (-i any on the router), `server-any`; then `:96` for a snap length, then `.ng` (pcapng) or `.nano`.
 */
export interface Point {
  file: string
  vantage: Vantage
  snaplen: number
  namespace: string
  device: string
  format: 'pcap' | 'pcapng' | 'nano'
}

export function point(words: string, network: Network): Point {
  const found = /^(client|server|router|router-server|any|server-any)(?::(\d+))?(\.ng|\.nano)?$/.exec(words)
  if (!found) throw new Error(`no such vantage: ${words}`)
  const [, place, snaplen, suffix] = found as unknown as [string, string?, string?, string?]
  const place1 = place as string
  const namespace = place1.startsWith('client')
    ? network.client.namespace
    : place1.startsWith('server')
      ? network.server.namespace
      : network.router
  const devices: Record<string, string> = { client: 'c0', server: 's0', router: 'rc', 'router-server': 'rs' }
  return {
    file: `${place1}.${suffix === '.ng' ? 'pcapng' : 'pcap'}`,
    vantage: place1.endsWith('any') ? 'any' : (place1.split('-')[0] as Vantage),
    snaplen: Number(snaplen ?? 262144),
    namespace,
    device: devices[place1] ?? 'any',
    format: suffix === '.ng' ? 'pcapng' : suffix === '.nano' ? 'nano' : 'pcap',
  }
}

export class Capture {
  private child: ChildProcess | undefined
  constructor(
    readonly at: Point,
    readonly path: string,
  ) {}

  async start() {
    const { namespace, device, snaplen, format } = this.at
    // -U and immediate mode: every packet is in the file at once, so that stopping loses nothing.
    const args = [
      'netns',
      'exec',
      namespace,
      'tcpdump',
      '-Z',
      'root',
      '-n',
      '-U',
      '--immediate-mode',
      '-i',
      device,
    ]
    if (format === 'nano') args.push('--time-stamp-precision=nano')
    this.child = start('ip', [
      ...args,
      '-s',
      String(snaplen),
      '-w',
      this.path,
      'tcp or icmp or (icmp6 and ip6[40] < 128)',
    ])
    await says(this.child, 'listening on')
  }

  async stop() {
    if (this.child) await stop(this.child, 'SIGINT')
    if (this.at.format !== 'pcapng') return
    await run('editcap', ['-F', 'pcapng', this.path, `${this.path}.ng`])
    writeFileSync(this.path, readFileSync(`${this.path}.ng`))
  }
}

export async function startAll(captures: Capture[]) {
  await Promise.all(captures.map(c => c.start()))
  await sleep(50)
}

export interface Frame {
  number: number
  time: number
  /** As in labels: address and port. */
  source: string
  target: string
  flags: number
  seq: number
  ack: number
  length: number
}

export const FIN = 1
export const SYN = 2
export const RST = 4
export const PSH = 8
export const ACK = 16

const fields = ['frame.number', 'frame.time_epoch', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'tcp.srcport']
const moreFields = ['tcp.dstport', 'tcp.flags', 'tcp.seq_raw', 'tcp.ack_raw', 'tcp.len']

/** Every TCP frame; the TCP quoted inside ICMP errors left out. */
export async function framesOf(path: string): Promise<Frame[]> {
  const names = [...fields, ...moreFields].flatMap(name => ['-e', name])
  const text = await run('tshark', [
    '-n',
    '-r',
    path,
    '-Y',
    'tcp && !icmp && !icmpv6',
    '-T',
    'fields',
    ...names,
  ])
  return text
    .split('\n')
    .filter(Boolean)
    .map(row => {
      const v = row.split('\t')
      const end = (address4: string, address6: string, port: string) =>
        address4 ? `${address4}:${port}` : `[${address6}]:${port}`
      return {
        number: Number(v[0]),
        time: Number(v[1]),
        source: end(v[2], v[4], v[6]),
        target: end(v[3], v[5], v[7]),
        flags: Number(v[8]),
        seq: Number(v[9]),
        ack: Number(v[10]),
        length: Number(v[11]),
      }
    })
}

/** What tshark itself calls a reset: the yardstick for labels. */
export async function resetFrames(path: string): Promise<number[]> {
  const text = await run('tshark', [
    '-n',
    '-r',
    path,
    '-Y',
    'tcp.flags.reset == 1 && !icmp && !icmpv6',
    '-T',
    'fields',
    '-e',
    'frame.number',
  ])
  return text.split('\n').filter(Boolean).map(Number)
}

/** Copies the chosen records of a classic pcap file: what a capture that began later, or saw less, would hold. */
export function cutPcap(from: string, to: string, numbers: Set<number>) {
  const bytes = readFileSync(from)
  const parts = [bytes.subarray(0, 24)]
  let offset = 24
  for (let number = 1; offset + 16 <= bytes.length; number++) {
    const length = 16 + bytes.readUInt32LE(offset + 8)
    if (numbers.has(number)) parts.push(bytes.subarray(offset, offset + length))
    offset += length
  }
  writeFileSync(to, Buffer.concat(parts))
}
