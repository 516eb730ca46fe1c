/** More second takes: probes, refusals, races, floods of clients that hang up. Those looked at since are no longer held out. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { python } from './endpoint-second.ts'
import type { Judge, Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { haproxy, nginx, node, redis } from './servers.ts'
import { get, noTimestamps, post, refused } from './talk.ts'

const probe: Truth = { cause: 'health-check-probe', impact: 'none' }
const probeOrRefused: Judge = r => (r.sender === 'client' ? probe : refused)

const probes: Scenario[] = [
  {
    name: 'probe-two-services',
    about: 'HAProxy checks two ports of a host every 0.45 s and 0.7 s; no timestamps.',
    heldOut: true,
    network: { delay: 4, settings: noTimestamps },
    vantages: ['client:74', 'server'],
    truth: probe,
    run: async ({ client, server }) => {
      await server.agent.listen(5672)
      await server.agent.listen(15672)
      const file = join(client.directory, 'watch.cfg')
      writeFileSync(
        file,
        `defaults
  mode tcp
  timeout connect 1s
  timeout client 5s
  timeout server 5s
backend watched
  server one ${server.bracketed}:5672 check inter 450ms
  server two ${server.bracketed}:15672 check inter 700ms
listen entry
  bind 127.0.0.1:7999
  server none 127.0.0.1:7998
`,
      )
      await client.program('haproxy', ['-f', file, '-db', '-q'], 7999)
      await sleep(4600)
    },
  },
  {
    name: 'probe-node-v6',
    about: 'A Node monitor opens a connection every 0.65 s and destroys it by RST as soon as it is open.',
    heldOut: true,
    network: { v6: true, delay: 7, hops: 2 },
    vantages: ['client', 'router:100'],
    truth: probe,
    run: async ({ client, server }) => {
      await server.agent.listen(8443)
      await node(
        client,
        `const net = require('net'); setInterval(() => { const s = net.connect(8443, '${server.address}', () => s.resetAndDestroy()); s.on('error', () => {}) }, 650)`,
      )
      await sleep(5400)
    },
  },
  {
    name: 'probe-then-down',
    about:
      'A Python monitor connects every second and hangs up by RST; the service stops meanwhile and refuses.',
    heldOut: true,
    vantages: ['client', 'server:80'],
    truth: probeOrRefused,
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(9092)
      await python(
        client,
        `
import socket, struct, time
for i in range(9):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    try: s.connect(('${server.address}', 9092))
    except OSError: pass
    s.close()
    time.sleep(1)
`,
      )
      await sleep(6300)
      await quiet(listener.close())
      await sleep(2500)
    },
  },
]

const reject: Truth = {
  cause: 'application-reject',
  impact: 'transfer-cut',
  impactAcceptable: ['none', 'request-lost', 'connect-failed'],
}
/** Where the refused client goes away by itself, its own reset tells of the refusal as well as of its haste. */
const rejectEither: Judge = r =>
  r.sender === 'server' ? reject : { ...reject, acceptable: ['abortive-close', 'unread-data-close'] }

/** Uploads without listening, one after the other. */
async function uploads(lab: Lab, port: number, heads: string[], piece = 2500, every = 0.006) {
  for (const head of heads) {
    const near = await lab.client.agent.connect(lab.server.address, port)
    await near.send(head)
    await quiet(near.stream(piece, every, 0.3))
    await quiet(near.close())
    await sleep(250)
  }
}

const rejects: Scenario[] = [
  {
    name: 'reject-haproxy-429',
    about: 'HAProxy denies with 429 by rule, over IPv6, while bodies still come; three uploads.',
    // Held out at first, then looked at.
    heldOut: false,
    network: { v6: true, delay: 4 },
    vantages: ['client:150', 'server:116'],
    truth: rejectEither,
    run: async lab => {
      await haproxy(lab.server, 8082, [
        'frontend entry',
        `  bind ${lab.server.bracketed}:8082`,
        '  http-request deny deny_status 429 if { path_beg /busy }',
      ])
      await uploads(lab, 8082, [post('/busy/1', 600_000), post('/busy/2', 800_000), post('/busy/3', 500_000)])
    },
  },
  {
    name: 'reject-nginx-403',
    about: 'nginx returns 403 to uploads and closes without lingering, snap length 96; no timestamps.',
    heldOut: true,
    network: { delay: 9, hops: 3, settings: noTimestamps },
    vantages: ['client:96', 'server:96'],
    truth: rejectEither,
    run: async lab => {
      await nginx(lab.server, 8085, ['lingering_close off; location /admin { return 403; }'])
      await uploads(lab, 8085, [post('/admin/a', 400_000), post('/admin/b', 400_000)], 1200, 0.01)
    },
  },
  {
    name: 'reject-python-501',
    about: "Python's http.server answers 501 to a method it does not know and closes with the body unread.",
    heldOut: true,
    vantages: ['client:120', 'server'],
    truth: rejectEither,
    run: async lab => {
      await python(
        lab.server,
        `from http.server import *; ThreadingHTTPServer(('${lab.server.address}', 8099), SimpleHTTPRequestHandler).serve_forever()`,
        8099,
      )
      await uploads(lab, 8099, [post('/x', 300_000), post('/y', 300_000), post('/z', 300_000)], 4000, 0.003)
    },
  },
  {
    name: 'reject-redis-full-v6',
    about: 'Redis with one client allowed refuses three others, which had sent or go on to send commands.',
    heldOut: true,
    network: { v6: true, delay: 2 },
    vantages: ['client', 'server:110'],
    truth: r =>
      r.sender === 'server'
        ? { ...reject, impact: 'request-lost' }
        : { cause: 'benign-teardown', acceptable: ['abortive-close', 'unread-data-close'], impact: 'none' },
    run: async ({ client, server }) => {
      await redis(server, 6379, '--maxclients', '1')
      const ping = '*1\r\n$4\r\nPING\r\n'
      const first = await client.agent.connect(server.address, 6379)
      await first.send(ping)
      await first.recv()
      for (const wait of [0, 40, 90]) {
        const near = await client.agent.connect(server.address, 6379)
        await sleep(wait)
        await quiet(near.send(ping))
        await sleep(200)
        await quiet(near.send(ping))
        await sleep(60)
        await quiet(near.close())
      }
      await first.close()
    },
  },
  {
    name: 'reject-client-hears-413',
    about:
      'A Node client uploads, hears the 413 of nginx and destroys its socket by RST in mid-upload; nginx would have swallowed the rest.',
    // Held out at first, then looked at.
    heldOut: false,
    network: { delay: 5 },
    vantages: ['client:128', 'server:110'],
    truth: rejectEither,
    run: async ({ client, server }) => {
      await nginx(server, 8086, ['client_max_body_size 1k;'])
      for (let i = 0; i < 3; i++) {
        const near = await client.agent.connect(server.address, 8086)
        await near.send(post(`/file${i}`, 2_000_000))
        await near.sendBytes(20_000 + 9000 * i)
        await near.recv()
        await near.abort()
        await sleep(200)
      }
    },
  },
]

const others: Scenario[] = [
  {
    name: 'flood-load-tester',
    about: 'A load tester keeps eight connections busy; each asks once, reads the whole answer and is reset.',
    // Held out at first, then looked at.
    heldOut: false,
    network: { delay: 2 },
    vantages: ['client:128', 'server:128'],
    truth: { cause: 'benign-teardown', acceptable: ['abortive-close'], impact: 'none' },
    run: async ({ client, server }) => {
      await nginx(server, 8087, [], { 'index.html': 'hello\n' })
      await python(
        client,
        `
import socket, struct, threading, time
def one(i):
    for n in range(4):
        s = socket.create_connection(('${server.address}', 8087))
        s.sendall(b'${get('/').replaceAll('\r\n', '\\r\\n')}')
        s.recv(65536)
        time.sleep(0.004 * i)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        s.close()
threads = [threading.Thread(target=one, args=(i,)) for i in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
`,
      )
      await sleep(1500)
    },
  },
  {
    name: 'flood-node-v6',
    about:
      'Ten clients in one Node process ask in turns, read their answers and reset, again and again, over IPv6.',
    // Held out at first, then looked at.
    heldOut: false,
    network: { v6: true, delay: 6, hops: 3 },
    vantages: ['client:96', 'server:130'],
    truth: { cause: 'benign-teardown', acceptable: ['abortive-close'], impact: 'none' },
    run: async ({ client, server }) => {
      await nginx(server, 3001, [], { 'index.html': 'hello\n' })
      await node(
        client,
        `const net = require('net'); let left = 30; const one = () => { if (left-- <= 0) return; const s = net.connect(3001, '${server.address}', () => s.write('GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n')); s.on('error', () => {}); s.on('data', () => { s.resetAndDestroy(); one() }) }; for (let i = 0; i < 10; i++) one()`,
      )
      await sleep(1500)
    },
  },
  {
    name: 'ka-node-second',
    about:
      'Node with keepAliveTimeout 1.2 s; requests come 1 to 3 s too late. IPv6, odd port, no timestamps.',
    heldOut: true,
    network: { v6: true, delay: 10, settings: noTimestamps },
    vantages: ['client:100', 'server:96'],
    truth: { cause: 'keep-alive-race', impact: 'request-lost' },
    run: async ({ client, server }) => {
      await node(
        server,
        `const s = require('http').createServer((q, a) => a.end('ok')); s.keepAliveTimeout = 1200; s.listen(31000, '${server.address}')`,
        31000,
      )
      for (const lateMs of [1300, 2200, 3100]) {
        const near = await client.agent.connect(server.address, 31000)
        await near.send(get('/first'))
        await near.recv()
        await sleep(1200 + 1000 + lateMs)
        await quiet(near.send(get('/second')))
        await sleep(200)
        await quiet(near.close())
      }
    },
  },
]

export const secondMoreScenarios: Scenario[] = [...probes, ...rejects, ...others]
