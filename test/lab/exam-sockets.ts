/** The second set of blind scenarios (see exam-servers.ts): what sockets, processes and hosts do of themselves. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { full, overflow } from './endpoint-connect.ts'
import { memcached } from './exam-programs.ts'
import type { Truth } from './labels.ts'
import { quiet, run, sleep } from './proc.ts'
import type { Scenario } from './scenario.ts'
import { haproxy, node } from './servers.ts'
import { exchange, get, more, noTimestamps, pair, refused, spoken, streaming } from './talk.ts'

const line = spoken('STATUS 17\r\n', '+OK 17 ready\r\n')

const sockets: Scenario[] = [
  {
    name: 'exam-linger2',
    about:
      'A server answers, shuts down its side, and closes with TCP_LINGER2 -1: instead of FIN_WAIT2 a reset, everything delivered.',
    network: { delay: 13 },
    vantages: ['client', 'server:96'],
    truth: { cause: 'benign-teardown', acceptable: ['abortive-close'], impact: 'none' },
    run: async lab => {
      const first = await pair(lab, 8600)
      for (const { near, far } of [first, ...(await more(lab, first.listener, 8600, 1))]) {
        await exchange(near, far)
        await far.option({ TCP_LINGER2: -1 })
        await far.shutdown()
        await sleep(150)
        await far.close()
        await sleep(200)
      }
    },
  },
  {
    name: 'exam-shutdown-both',
    about: 'A client shuts both directions of a running stream down and keeps the socket: the next data is answered by RST. IPv6.',
    network: { v6: true, delay: 32, hops: 6 },
    vantages: ['client:96', 'server'],
    truth: { cause: 'data-after-close', impact: 'transfer-cut' },
    run: async lab => {
      const first = await pair(lab, 8601)
      await Promise.all(
        [first, ...(await more(lab, first.listener, 8601, 2))].map(async ({ near, far }, i) => {
          await near.send(get('/events'))
          await far.recv()
          await far.send(streaming)
          const sent = far.stream(500, 0.08, 2)
          await near.readFor(0.6 + i / 5)
          await near.shutdown(true)
          await sent
        }),
      )
    },
  },
  {
    name: 'exam-urgent-unread',
    about: 'A terminal client sends a command and an urgent interrupt; the server closes without having read either. Port 23.',
    network: { delay: 15, settings: noTimestamps },
    vantages: ['client', 'server:68'],
    truth: { cause: 'unread-data-close', acceptable: ['abortive-close'], impact: 'request-lost' },
    run: async lab => {
      const first = await pair(lab, 23)
      for (const { near, far } of [first, ...(await more(lab, first.listener, 23, 1))]) {
        await far.send('login: ')
        await near.recv()
        await near.send('lab\r\n')
        await far.recv()
        await far.send('$ ')
        await near.recv()
        await near.send('cat /var/log/syslog\r\n')
        await near.sendUrgent('\xf4')
        await sleep(500)
        await far.close()
        await sleep(150)
      }
    },
  },
  {
    name: 'exam-jumbo-unread',
    about: 'Links of 9,000 bytes and segmentation offload: a server closes with most of a 400 KB upload unread. Frames cut at 68 bytes.',
    network: { mtu: 9000 },
    vantages: ['client:68', 'server:68'],
    truth: { cause: 'unread-data-close', impact: 'transfer-cut', impactAcceptable: ['request-lost'] },
    run: async lab => {
      const { near, far } = await pair(lab, 9000, { far: { SO_RCVBUF: 200_000 } })
      await near.send('PUT /backup HTTP/1.1\r\nHost: lab.example\r\nContent-Length: 400000\r\n\r\n')
      await far.recv()
      const pushed = near.trySend(400_000)
      await far.drain(30_000)
      await sleep(400)
      await pushed
      await far.close()
      await quiet(near.trySend(50_000))
      await sleep(200)
    },
  },
  {
    name: 'exam-ss-kill',
    about: 'An administrator kills two of a client’s three streams with ss -K on the client.',
    network: { delay: 21 },
    vantages: ['client', 'server:110'],
    truth: { cause: 'abortive-close', acceptable: ['unread-data-close'], impact: 'transfer-cut' },
    run: async lab => {
      const first = await pair(lab, 8602)
      const all = [first, ...(await more(lab, first.listener, 8602, 2))]
      const sent = all.map(async ({ near, far }) => {
        await near.send(get('/feed'))
        await far.recv()
        await far.send(streaming)
        const reading = near.readFor(2.2)
        await quiet(far.stream(300, 0.12, 1.6))
        await quiet(reading)
      })
      await sleep(900)
      for (const { near } of all.slice(0, 2)) {
        const port = await near.localPort()
        await lab.client.sh(`ss -K -t state established sport = :${port} >/dev/null`)
      }
      await Promise.all(sent)
      await all[2].near.close()
      await all[2].far.close()
    },
  },
  {
    name: 'exam-half-closed-answer',
    about: 'A client half-closes after its request, as nc does; the server aborts in the middle of the answer (linger 0).',
    network: { delay: 29, hops: 10 },
    vantages: ['client:110', 'router'],
    truth: { cause: 'abortive-close', impact: 'transfer-cut' },
    run: async lab => {
      const first = await pair(lab, 7070)
      for (const { near, far } of [first, ...(await more(lab, first.listener, 7070, 1))]) {
        await near.send('GET /export\r\n')
        await near.shutdown()
        await far.drain()
        await far.send('HTTP/1.0 200 OK\r\nContent-Length: 90000\r\n\r\n')
        for (let i = 0; i < 4; i++) {
          await far.sendBytes(2000)
          await sleep(90)
        }
        await sleep(120)
        await far.abort()
        await quiet(near.drain())
      }
    },
  },
  {
    name: 'exam-nat-view',
    about: 'A server aborts two requests; both sides of the router that masquerades the client are captured.',
    vantages: ['router:96', 'router-server:96'],
    truth: { cause: 'abortive-close', acceptable: ['unread-data-close'], impact: 'request-lost' },
    run: async lab => {
      const rule = `table ip nat { chain p { type nat hook postrouting priority 100; oifname "rs" masquerade random; }; }`
      await run('ip', ['netns', 'exec', lab.network.router, 'nft', '-f', '-'], rule)
      const first = await pair(lab, 8603)
      for (const { near, far } of [first, ...(await more(lab, first.listener, 8603, 1))]) {
        await exchange(near, far)
        await near.send(get('/report'))
        await far.recv()
        await sleep(700)
        await far.abort()
        await quiet(near.recv())
      }
    },
  },
]

const timers: Scenario[] = [
  {
    name: 'exam-keepalive-both',
    about:
      'Both ends of two idle connections probe, at different rates; the path is cut both ways. Each end resets into the void.',
    network: { delay: 60, hops: 3 },
    vantages: ['client', 'server:96'],
    truth: { cause: 'keepalive-timeout', impact: 'none', impactAcceptable: ['ignored'] },
    run: async lab => {
      const near = { SO_KEEPALIVE: 1, TCP_KEEPIDLE: 2, TCP_KEEPINTVL: 2, TCP_KEEPCNT: 3 }
      const far = { SO_KEEPALIVE: 1, TCP_KEEPIDLE: 3, TCP_KEEPINTVL: 1, TCP_KEEPCNT: 5 }
      const listener = await lab.server.agent.listen(5671)
      for (let i = 0; i < 2; i++) {
        const a = await lab.client.agent.connect(lab.server.address, 5671, { opts: near })
        const b = await listener.accept(far)
        await line(a, b)
        await sleep(500)
      }
      await sleep(2600)
      await lab.network.change({ dropTo: 'both' })
      await sleep(10_500)
    },
  },
  {
    name: 'exam-rto-server-push',
    about:
      'A server pushes to a client out of reach and gives up (tcp_retries2 4); the client, back again, sends its heartbeat: RST. No SACK.',
    network: { delay: 45, settings: { 'ipv4/tcp_sack': 0, 'ipv4/tcp_retries2': 4 } },
    vantages: ['server', 'client:96'],
    truth: reset => ({
      cause: 'retransmission-timeout',
      // Where nothing came through, only a server that no longer knows the connection is to be seen.
      acceptable:
        reset.vantage === 'client' ? ['post-restart', 'idle-timeout', 'nat-state-loss', 'unknown'] : [],
      originAcceptable: reset.vantage === 'client' ? ['unknown'] : [],
      impact: 'transfer-cut',
      impactAcceptable: ['request-lost', 'none', 'unknown'],
    }),
    run: async lab => {
      const { near, far } = await pair(lab, 5222)
      await line(near, far)
      await far.send('<message>one</message>')
      await near.recv()
      await lab.network.change({ dropTo: 'both' })
      await far.send('<message>two</message>'.repeat(40))
      await sleep(16_000)
      await lab.network.change({ dropTo: null })
      await quiet(near.send('<ping/>'))
      await sleep(600)
    },
  },
  {
    name: 'exam-zero-window-far',
    about: 'A reader hangs with its window closed; the sender, 400 ms of round trip away, aborts after 6 s. No timestamps.',
    network: { delay: 200, settings: noTimestamps },
    vantages: ['client:96', 'server:68'],
    truth: { cause: 'zero-window-timeout', impact: 'transfer-cut' },
    run: async lab => {
      const { near, far } = await pair(lab, 9100, { far: { SO_RCVBUF: 8192 }, near: { SO_SNDBUF: 60_000 } })
      await near.send('%!PS-Adobe-3.0\r\n')
      await far.recv()
      await near.trySend(60_000)
      await sleep(7500)
      await near.abort()
      await sleep(500)
    },
  },
  {
    name: 'exam-sip-idle',
    about: 'A SIP proxy ends three idle connections by RST 9 s after their last word; server port and one client port are 5060.',
    network: { delay: 26, hops: 6 },
    vantages: ['client', 'server:96'],
    truth: { cause: 'idle-timeout', impact: 'none' },
    run: async lab => {
      const listener = await lab.server.agent.listen(5060)
      const register = 'REGISTER sip:lab.example SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.1\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n'
      await Promise.all(
        [0, 1, 2].map(async i => {
          await sleep(i * 1100)
          const local = i === 1 ? { local: 5060 } : {}
          const near = await lab.client.agent.connect(lab.server.address, 5060, local)
          const far = await listener.accept()
          await spoken(register, 'SIP/2.0 200 OK\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n')(near, far)
          await sleep(9000)
          await far.abort()
        }),
      )
    },
  },
  {
    name: 'exam-haproxy-tcp-stale',
    about: 'HAProxy in TCP mode (timeout client 4 s) has ended two idle broker connections by FIN when their owners publish 3 s later; a busy one lives.',
    network: { delay: 17 },
    vantages: ['client:256', 'server:110'],
    truth: { cause: 'keep-alive-race', impact: 'request-lost' },
    run: async ({ client, server }) => {
      await node(server, `require('net').createServer(s => { s.on('data', d => s.write('OK\\r\\n')); s.on('error', () => {}) }).listen(8700, '127.0.0.1')`, 8700)
      const sections = ['listen f', '  mode tcp', `  bind ${server.address}:61613`, '  timeout client 4s', '  server s 127.0.0.1:8700']
      await haproxy(server, 61613, sections)
      await Promise.all(
        [0, 1, 2].map(async i => {
          await sleep(i * 400)
          const near = await client.agent.connect(server.address, 61613)
          for (let n = 0; n < (i === 2 ? 8 : 2); n++) {
            await near.send('SEND\ndestination:/queue/lab\n\nhello\0\n')
            await near.recv()
            await sleep(700)
          }
          if (i === 2) return near.close()
          await sleep(6300)
          await quiet(near.send('SEND\ndestination:/queue/lab\n\nagain\0\n'))
          await sleep(200)
        }),
      )
    },
  },
  {
    name: 'exam-lifetime-node',
    about: 'A Node server ends each connection 5 s after it began with resetAndDestroy, however busy; four clients ask every 0.3 s or so.',
    network: { delay: 9, v6: true },
    vantages: ['client:110', 'server:110'],
    truth: { cause: 'max-lifetime', impact: 'none', impactAcceptable: ['request-lost'] },
    run: async ({ client, server }) => {
      const serve = `require('http').createServer((q, r) => r.end('fine\\n')).on('connection', s => setTimeout(() => s.resetAndDestroy(), 5000)).listen(8800, '${server.address}')`
      await node(server, serve, 8800)
      await Promise.all(
        [0, 600, 1300, 2900]
          .map(async (wait, i) => {
            await sleep(wait)
            const near = await client.agent.connect(server.address, 8800)
            for (let n = 0; n < 30; n++) {
              await near.send(get(`/${n}`))
              if (!(await near.recv())) break
              await sleep(260 + 70 * i)
            }
          })
          .map(quiet),
      )
    },
  },
]

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
    about: 'memcached hangs (SIGSTOP) and is killed with five clients’ commands unread; two that come after are refused.',
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
    about: 'A Node HTTP/2 server is killed while four sessions stream up to it: FIN or RST by what was unread, RST for what comes; two refusals.',
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
      const slow = [0, 1, 2, 3].map(() => quiet(client.sh(`curl -gs -m 4 http://${client.address}:8000/slow`)))
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
    about: 'A database’s accept queue overflows (abort on overflow, backlog 1), clients that wait for its greeting are reset. 160 ms.',
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
        : { cause: 'unread-data-close', acceptable: ['process-crash', 'abortive-close'], impact: 'request-lost' },
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
export const examSockets: Scenario[] = [...sockets, ...timers, ...crashes].map(s => ({ ...s, blind: 2 }))
