/** Second takes of causes that were judged worst: other programs, ports, roles and timing. All are held out. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Judge, Truth } from './labels.ts'
import type { Host } from './host.ts'
import { collision, stray } from './endpoint-reuse.ts'
import { lifetime } from './endpoint-lifetime.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { node } from './servers.ts'
import { ACK, exchange, get, mss, noTimestamps, pair, PSHACK, SYN, SYNACK } from './talk.ts'

/** A Python program in the host's namespace, given time to end by itself. */
export async function python(host: Host, code: string, port?: number) {
  return host.program('/usr/bin/python3', ['-B', '-c', code], port)
}

const mangled: Truth = {
  cause: 'desynchronized',
  impact: 'connect-failed',
  impactAcceptable: ['none', 'ignored'],
}

/** Handshakes whose last segment acknowledges `off` bytes too much (or too little), one per source port. */
async function badLastAcks(
  { client, server }: Lab,
  port: number,
  offs: number[],
  family: 'ip' | 'ip6',
  data = '',
) {
  await server.agent.listen(port)
  await client.sh(
    `nft 'add table ${family} lab; add chain ${family} lab out { type filter hook output priority 0; }; add rule ${family} lab out tcp flags rst meta mark != 7 drop'`,
  )
  const raw = await client.agent.raw()
  for (const [i, off] of offs.entries()) {
    const sport = 42000 + i * 7
    const reply = raw.recv(port, sport, SYNACK)
    await raw.send({
      host: server.address,
      sport,
      dport: port,
      seq: 90_000 * (i + 1),
      flags: SYN,
      options: mss,
    })
    const { seq } = await reply
    await raw.send({
      host: server.address,
      sport,
      dport: port,
      seq: 90_000 * (i + 1) + 1,
      ack: (seq + 1 + off) >>> 0,
      flags: data ? PSHACK : ACK,
      data,
    })
    await sleep(120 + i * 30)
  }
}

const desyncs: Scenario[] = [
  {
    name: 'desync-many-acks',
    about: 'Six handshakes whose last ACK is off by 1 to 2 million bytes in either direction.',
    heldOut: true,
    network: { delay: 3, hops: 3 },
    vantages: ['client:80', 'server', 'router'],
    truth: mangled,
    run: lab => badLastAcks(lab, 5060, [1, 300, 70_000, -5, -1400, 2_000_000], 'ip'),
  },
  {
    name: 'desync-data-v6',
    about: 'Handshakes over IPv6 that end in a data segment with a foreign ACK number.',
    heldOut: true,
    network: { v6: true, delay: 6 },
    vantages: ['client', 'server:100'],
    truth: mangled,
    run: lab => badLastAcks(lab, 8883, [40_000, -9000, 123], 'ip6', 'CONNECT\r\n'),
  },
  {
    name: 'desync-stray-acks',
    about: 'Pure ACKs and data of connections that nobody knows reach an open and a closed port.',
    heldOut: true,
    network: { delay: 2 },
    vantages: ['client', 'server:66'],
    truth: { ...stray, acceptable: [...stray.acceptable!, 'port-scan', 'idle-timeout'] },
    run: async ({ client, server }) => {
      await server.agent.listen(7000)
      const raw = await client.agent.raw()
      for (const [i, dport] of [7000, 7001, 7000].entries()) {
        const segment = { host: server.address, sport: 45000 + i, dport, seq: 777 * i + 1, ack: 888 * i + 5 }
        await raw.send({ ...segment, flags: i === 0 ? ACK : PSHACK, data: i === 0 ? '' : 'tail\n' })
        await sleep(400)
      }
    },
  },
  {
    name: 'reuse-three-ports',
    about: 'A client that forgot three connections uses their ports again, 0.3 to 2 s later.',
    heldOut: true,
    network: { delay: 12, hops: 2, settings: noTimestamps },
    vantages: ['client:80', 'server'],
    truth: collision,
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(27017)
      for (const [i, local] of [36001, 36002, 36003].entries()) {
        const old = await client.agent.connect(server.address, 27017, { local })
        await exchange(old, await listener.accept())
        await old.forget()
        await sleep(300 + 800 * i)
        const near = await client.agent.connect(server.address, 27017, { local })
        await exchange(near, await listener.accept())
        await near.close()
      }
    },
  },
]

/** A client that asks every `every` seconds on `count` connections until each is gone. */
const steadyClients = (address: string, port: number, count: number, every: number, seconds: number) => `
import socket, threading, time
def one(i):
    time.sleep(i * 0.55)
    s = socket.create_connection(('${address}', ${port}))
    s.settimeout(2)
    end = time.time() + ${seconds}
    try:
        while time.time() < end:
            s.sendall(b'GET /%d HTTP/1.1\\r\\nHost: lab.example\\r\\n\\r\\n' % i)
            if not s.recv(4096): break
            time.sleep(${every} * (1 + 0.37 * i))
    except OSError: pass
threads = [threading.Thread(target=one, args=(i,)) for i in range(${count})]
[t.start() for t in threads]
[t.join() for t in threads]
`

const agedServer = (address: string, port: number, ms: number) => `
import asyncio, socket, struct
async def one(reader, writer):
    writer.get_extra_info('socket').setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    asyncio.get_running_loop().call_later(${ms / 1000}, writer.transport.abort)
    while await reader.read(4096):
        writer.write(b'HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nok\\n')
async def main():
    server = await asyncio.start_server(one, '${address}', ${port})
    await server.serve_forever()
asyncio.run(main())
`

const lifetimes: Scenario[] = [
  {
    name: 'lifetime-node-server',
    about: 'A Node server destroys each connection by RST at the age of 4.5 s; four clients keep asking.',
    heldOut: true,
    network: { delay: 3 },
    vantages: ['client:110', 'server:96'],
    truth: { ...lifetime, impactAcceptable: ['request-lost', 'transfer-cut'] },
    run: async ({ client, server }) => {
      await node(
        server,
        `require('net').createServer(s => { setTimeout(() => s.resetAndDestroy(), 4500); s.on('error', () => {}); s.on('data', () => s.write('HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nok\\n')) }).listen(8081, '${server.address}')`,
        8081,
      )
      await python(client, steadyClients(server.address, 8081, 4, 0.31, 8))
      await sleep(7800)
    },
  },
  {
    name: 'lifetime-asyncio-v6',
    about:
      'A Python asyncio server aborts transports at the age of 9 s, over IPv6, five clients at different rhythms.',
    heldOut: true,
    network: { v6: true, delay: 14, hops: 4 },
    vantages: ['client:130', 'router:110'],
    truth: { ...lifetime, impactAcceptable: ['request-lost', 'transfer-cut'] },
    run: async ({ client, server }) => {
      await python(server, agedServer(server.address, 9443, 9000), 9443)
      await python(client, steadyClients(server.address, 9443, 5, 0.83, 14))
      await sleep(13_500)
    },
  },
  {
    name: 'lifetime-client-retires',
    about: 'A client retires its connections by RST at the age of 6 s, between two requests; no timestamps.',
    heldOut: true,
    network: { settings: noTimestamps },
    vantages: ['client:96', 'server:96'],
    truth: { ...lifetime, acceptable: ['benign-teardown'] },
    run: async ({ client, server }) => {
      await node(
        server,
        `require('http').createServer((q, s) => s.end('ok')).listen(3306, '${server.address}')`,
        3306,
      )
      await node(
        client,
        `const net = require('net'); for (let i = 0; i < 4; i++) setTimeout(() => { const s = net.connect(3306, '${server.address}'); s.on('error', () => {}); s.on('data', () => {}); const t = setInterval(() => s.write('GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'), 270 + 110 * i); setTimeout(() => { clearInterval(t); setTimeout(() => s.resetAndDestroy(), 100) }, 5900) }, i * 900)`,
      )
      await sleep(10_200)
    },
  },
]

const late: Truth = { cause: 'data-after-close', impact: 'transfer-cut', impactAcceptable: ['request-lost'] }
/** Whether something lay unread when the reader closed is up to the moment; the kernel knows. */
const lateOrUnread: Judge = r =>
  r.kernelReason === 'TCP_ABORT_ON_CLOSE'
    ? {
        cause: 'unread-data-close',
        acceptable: ['data-after-close'],
        impact: 'transfer-cut',
        impactAcceptable: ['request-lost'],
      }
    : late

const lates: Scenario[] = [
  {
    name: 'late-python-downloads',
    about:
      "Three downloads from Python's http.server, through small windows, are read along for a while and closed.",
    heldOut: true,
    network: { delay: 11, hops: 3 },
    vantages: ['client:90', 'server:80'],
    truth: lateOrUnread,
    run: async ({ client, server, directory }) => {
      writeFileSync(join(directory, 'big.bin'), 'x'.repeat(4_000_000))
      await python(
        server,
        `import os; os.chdir('${directory}')
from http.server import *; from socketserver import *; ThreadingTCPServer(('${server.address}', 8088), SimpleHTTPRequestHandler).serve_forever()`,
        8088,
      )
      for (const seconds of [0.35, 0.5, 0.25]) {
        const near = await client.agent.connect(server.address, 8088, { opts: { SO_RCVBUF: 4096 } })
        await near.send(get('/big.bin'))
        await near.readThenClose(seconds)
        await sleep(900)
      }
    },
  },
  {
    name: 'late-node-stream-v6',
    about:
      'Clients of a Node event stream leave in good order; Node writes the next event to them all the same.',
    heldOut: true,
    network: { v6: true, delay: 5 },
    vantages: ['client', 'server:110'],
    truth: { ...late, impactAcceptable: ['none', 'request-lost'] },
    run: async ({ client, server }) => {
      await node(
        server,
        `require('net').createServer({ allowHalfOpen: true }, s => { s.on('error', () => clearInterval(t)); s.resume(); s.write('HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n\\r\\n'); const t = setInterval(() => s.write('data: tick\\n\\n'), 310) }).listen(4000, '${server.address}')`,
        4000,
      )
      for (const seconds of [0.7, 1.1, 1.5]) {
        const near = await client.agent.connect(server.address, 4000)
        await near.send(get('/events'))
        await near.readThenClose(seconds)
        await sleep(700)
      }
    },
  },
  {
    name: 'late-upload-python',
    about:
      'A Python server reads the head of an upload and closes; three clients push on. No timestamps, port 9100.',
    heldOut: true,
    network: { delay: 17, settings: noTimestamps },
    vantages: ['client:80', 'router:80'],
    truth: lateOrUnread,
    run: async lab => {
      for (const port of [9100, 9101, 9102]) {
        const { near, far } = await pair(lab, port)
        await near.send('PUT job\n')
        const stream = near.stream(900, 0.05, 0.8)
        await far.readThenClose(0.3)
        await quiet(stream)
      }
    },
  },
]

export const secondScenarios: Scenario[] = [...desyncs, ...lifetimes, ...lates]
