/** The second set of blind scenarios (see exam-servers.ts): processes and hosts that die, and what comes after. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { full, overflow } from './endpoint-connect.ts'
import { memcached } from './exam-programs.ts'
import { examined } from './studied.ts'
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Scenario } from './scenario.ts'
import { haproxy, node } from './servers.ts'
import { exchange, get, more, noTimestamps, pair, refused, spoken } from './talk.ts'

const line = spoken('STATUS 17\r\n', '+OK 17 ready\r\n')

/** Who died, by what can be seen of it: sockets with something unread at once, the others when the peer speaks again. */
const died = (impact: string): Truth => ({
  cause: 'process-crash',
  acceptable: ['data-after-close'],
  impact,
  impactAcceptable: ['request-lost', 'transfer-cut', 'none'],
})

const crashes: Scenario[] = [
  {
    name: 'exam-memcached-kill9',
    about:
      'memcached hangs (SIGSTOP) and is killed with five clients’ commands unread; two that come after are refused.',
    network: { delay: 14, hops: 4 },
    vantages: ['client', 'server:96'],
    truth: ({ kernelReason }) =>
      kernelReason === 'NO_SOCKET' ? { ...refused, acceptable: ['process-crash'] } : died('request-lost'),
    run: async ({ client, server }) => {
      const child = await memcached(server, 11211)
      const all = []
      for (let i = 0; i < 6; i++) {
        const near = await client.agent.connect(server.address, 11211)
        await near.send(`set k${i} 0 0 2\r\nok\r\n`)
        await near.recv()
        all.push(near)
      }
      child.kill('SIGSTOP')
      await sleep(200)
      for (const near of all.slice(0, 5)) await near.send('get k1 k2 k3\r\n')
      await sleep(700)
      child.kill('SIGKILL')
      await sleep(400)
      for (let i = 0; i < 2; i++) {
        await quiet(client.agent.connect(server.address, 11211))
        await sleep(300)
      }
    },
  },
  {
    name: 'exam-node-crash-h2',
    about:
      'A Node HTTP/2 server is killed while four sessions stream up to it: FIN or RST by what was unread, RST for what comes; two refusals.',
    network: { delay: 38 },
    vantages: ['client:110', 'server:110'],
    truth: ({ kernelReason }) =>
      kernelReason === 'NO_SOCKET' ? { ...refused, acceptable: ['process-crash'] } : died('transfer-cut'),
    run: async ({ client, server }) => {
      const serve = `require('http2').createServer().on('stream', s => { s.respond({ ':status': 200 }); s.on('data', d => s.write('ack')); s.on('error', () => {}) }).on('sessionError', () => {}).listen(50052, '${server.address}')`
      const child = await node(server, serve, 50052)
      const code = `
        const h2 = require('http2')
        for (let i = 0; i < 4; i++) setTimeout(() => {
          const session = h2.connect('http://${server.address}:50052').on('error', () => {})
          const stream = session.request({ ':method': 'POST', ':path': '/lab.Telemetry/Push', 'content-type': 'application/grpc' })
          stream.on('error', () => {}); stream.on('data', () => {})
          setInterval(() => { try { stream.write(Buffer.alloc(220, i)) } catch {} }, 30)
        }, i * 120)
        setTimeout(() => process.exit(), 2600)`
      const calls = await node(client, code)
      await sleep(1700)
      child.kill('SIGKILL')
      await sleep(500)
      for (let i = 0; i < 2; i++) {
        await quiet(client.agent.connect(server.address, 50052))
        await sleep(350)
      }
      calls.kill('SIGKILL')
    },
  },
  {
    name: 'exam-supervised-restart',
    about:
      'A service is killed with two of four requests unread and restarted by its supervisor 1.5 s later: RSTs, a refusal, then stale connections.',
    network: { delay: 11, hops: 2 },
    vantages: ['client', 'server:96', 'router:256'],
    truth: ({ kernelReason }) => {
      return kernelReason === 'NO_SOCKET'
        ? { ...refused, impact: 'none', impactAcceptable: ['connect-failed'], acceptable: ['process-crash'] }
        : {
            cause: 'process-crash',
            // A connection that got a FIN and is used again much later looks like any stale one.
            acceptable: kernelReason === 'TCP_ABORT_ON_CLOSE' ? [] : ['keep-alive-race', 'data-after-close'],
            impact: 'request-lost',
          }
    },
    run: async lab => {
      const { client, server } = lab
      const listener = await server.agent.listen(8900)
      const all = []
      for (let i = 0; i < 4; i++) {
        const near = await client.agent.connect(server.address, 8900)
        const far = await listener.accept()
        await exchange(near, far, `/warm/${i}`)
        all.push({ near, far })
      }
      for (const { near } of all.slice(0, 2)) await near.send(get('/work'))
      await sleep(300)
      await server.agent.kill()
      server.agent = server.newAgent()
      await sleep(700)
      await quiet(client.agent.connect(server.address, 8900))
      await sleep(800)
      const again = await server.agent.listen(8900)
      const fresh = await client.agent.connect(server.address, 8900)
      await exchange(fresh, await again.accept(), '/fresh')
      for (const { near } of all.slice(2)) {
        await quiet(near.send(get('/next')))
        await sleep(120)
      }
      await fresh.close()
    },
  },
  {
    name: 'exam-restart-client-push',
    about:
      'The client’s container is replaced without a word; the server goes on pushing to three connections it forgot: RST by the client. 200 ms, IPv6.',
    network: { v6: true, delay: 100, hops: 12 },
    vantages: ['server', 'router-server:110'],
    truth: { cause: 'post-restart', impact: 'transfer-cut', impactAcceptable: ['none', 'request-lost'] },
    run: async lab => {
      const first = await pair(lab, 5223)
      const all = [first, ...(await more(lab, first.listener, 5223, 2))]
      for (const { near, far } of all) await line(near, far)
      await lab.network.restart('c', 400)
      await Promise.all(
        all.map(async ({ far }, i) => {
          await sleep(300 + i * 250)
          await quiet(far.send(`<push id="${i}">wake up</push>`))
        }),
      )
      await sleep(1500)
    },
  },
  {
    name: 'exam-haproxy-checks-and-crash',
    about:
      'HAProxy on the client’s side checks two servers every second (connect and reset); one dies with two answers owed and is refused until it is back.',
    network: { delay: 5 },
    vantages: ['client:110', 'server:110'],
    truth: reset => {
      if (reset.sender === 'client') return { cause: 'health-check-probe', impact: 'none' }
      if (reset.kernelReason === 'NO_SOCKET')
        return {
          cause: 'port-closed',
          acceptable: ['health-check-probe', 'process-crash'],
          impact: 'none',
          impactAcceptable: ['connect-failed'],
        }
      return died('request-lost')
    },
    run: async ({ client, server }) => {
      const serve = (port: number) =>
        `require('http').createServer((q, r) => setTimeout(() => r.end('${port}\\n'), q.url === '/slow' ? 3000 : 5)).listen(${port}, '${server.address}')`
      await node(server, serve(3001), 3001)
      const second = await node(server, serve(3002), 3002)
      const sections = [
        'frontend f',
        `  bind ${client.address}:8000`,
        '  default_backend b',
        'backend b',
        '  option tcp-check',
        '  default-server inter 1s fall 2 rise 2',
        `  server a ${server.address}:3001 check`,
        `  server b ${server.address}:3002 check`,
      ]
      await haproxy(client, 8000, sections)
      await sleep(2300)
      const slow = [0, 1, 2, 3].map(() =>
        quiet(client.sh(`curl -gs -m 4 http://${client.address}:8000/slow`)),
      )
      await sleep(600)
      second.kill('SIGKILL')
      await sleep(2600)
      await node(server, serve(3002), 3002)
      await sleep(1500)
      await Promise.all(slow)
    },
  },
  {
    name: 'exam-overflow-db',
    about:
      'A database’s accept queue overflows (abort on overflow, backlog 1), clients that wait for its greeting are reset. 160 ms.',
    network: { delay: 80, settings: { ...noTimestamps } },
    vantages: ['client', 'server:68'],
    truth: full,
    run: lab => overflow(lab, 3306, 6, ''),
  },
  {
    name: 'exam-forked-child',
    about:
      'A parent hands its connections to children and dies; two of three children, later, exit with an order unread. New connects are refused.',
    network: { delay: 19, hops: 5 },
    vantages: ['client', 'server:110'],
    truth: ({ kernelReason }) =>
      kernelReason === 'NO_SOCKET'
        ? { ...refused, acceptable: ['process-crash'] }
        : {
            cause: 'unread-data-close',
            acceptable: ['process-crash', 'abortive-close'],
            impact: 'request-lost',
          },
    run: async ({ client, server, directory }) => {
      const file = join(directory, 'fork.py')
      writeFileSync(
        file,
        `
import os, socket, time
s = socket.create_server(('${server.address}', 8950))
for i in range(3):
    c, _ = s.accept()
    if os.fork() == 0:
        s.close()
        c.sendall(b'ready\\n')
        c.recv(100)
        c.sendall(b'done\\n')
        time.sleep(1.2 + i * 0.3)
        os._exit(1)
    c.close()
time.sleep(0.3)
os._exit(1)
`,
      )
      await server.program('/usr/bin/python3', [file], 8950)
      const all = []
      for (let i = 0; i < 3; i++) {
        const near = await client.agent.connect(server.address, 8950)
        await near.recv()
        await near.send('first\n')
        await near.recv()
        all.push(near)
      }
      await sleep(500)
      await quiet(client.agent.connect(server.address, 8950))
      for (const near of all.slice(0, 2)) await near.send('second order\n')
      await sleep(2000)
    },
  },
]

export const examCrashes: Scenario[] = crashes.map(examined)
