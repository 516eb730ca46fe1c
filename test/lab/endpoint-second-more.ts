/** More second takes: probes, refusals, Those looked at since are no longer held out. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { python } from './endpoint-second.ts'
import type { Judge, Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { haproxy, nginx, node, redis } from './servers.ts'
import { noTimestamps, post, refused } from './talk.ts'

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
  {
    name: 'reject-haproxy-503',
    about:
      'HAProxy without a server answers 503 to requests whose body still comes; snap length 100, no timestamps.',
    heldOut: true,
    network: { delay: 7, hops: 2, settings: noTimestamps },
    vantages: ['client:160', 'server:100'],
    truth: rejectEither,
    run: async lab => {
      await haproxy(lab.server, 8090, ['frontend entry', `  bind ${lab.server.bracketed}:8090`])
      await uploads(lab, 8090, [post('/a', 500_000), post('/b', 300_000)], 2000, 0.007)
    },
  },
  {
    name: 'reject-client-hears-400',
    about: 'A client uploads in chunks to Node, hears its 400 and aborts by RST in mid-body; IPv6.',
    heldOut: true,
    network: { v6: true, delay: 9 },
    vantages: ['client:130', 'server:110'],
    truth: rejectEither,
    run: async ({ client, server }) => {
      await node(
        server,
        `require('http').createServer((q, s) => { s.writeHead(400, { 'Content-Length': 3 }); s.end('no\\n'); q.resume() }).listen(3100, '${server.address}')`,
        3100,
      )
      for (let i = 0; i < 3; i++) {
        const near = await client.agent.connect(server.address, 3100)
        await near.send(post(`/part${i}`, 3_000_000))
        await near.sendBytes(12_000 + 5000 * i)
        await near.recv()
        await near.abort()
        await sleep(150)
      }
    },
  },
]

export const secondMoreScenarios: Scenario[] = [...probes, ...rejects]
