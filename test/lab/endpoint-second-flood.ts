/** Clients of load testers that hang up by RST, and one more race. */
import { python } from './endpoint-second.ts'
import { quiet, sleep } from './proc.ts'
import type { Scenario } from './scenario.ts'
import { nginx, node } from './servers.ts'
import { get, noTimestamps } from './talk.ts'

export const secondFloodScenarios: Scenario[] = [
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
    name: 'flood-python-workers',
    about:
      'Twelve workers of a load tester each ask four times on new connections and hang up by RST, no think time.',
    heldOut: true,
    network: { delay: 8, hops: 4 },
    vantages: ['client:100', 'server:100'],
    truth: { cause: 'benign-teardown', acceptable: ['abortive-close'], impact: 'none' },
    run: async ({ client, server }) => {
      await node(
        server,
        `require('http').createServer((q, s) => s.end('ok')).listen(8181, '${server.address}')`,
        8181,
      )
      await python(
        client,
        `
import socket, struct, threading
def one(i):
    for n in range(4):
        s = socket.create_connection(('${server.address}', 8181))
        s.sendall(b'GET /%d HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' % i)
        s.recv(65536)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        s.close()
threads = [threading.Thread(target=one, args=(i,)) for i in range(12)]
[t.start() for t in threads]
[t.join() for t in threads]
`,
      )
      await sleep(2000)
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
