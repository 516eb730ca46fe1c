/** The second set of blind scenarios (see exam-servers.ts): timers of kernels, servers and proxies. */
import { examined } from './studied.ts'
import { quiet, sleep } from './proc.ts'
import type { Scenario } from './scenario.ts'
import { haproxy, node } from './servers.ts'
import { get, noTimestamps, pair, spoken } from './talk.ts'

const line = spoken('STATUS 17\r\n', '+OK 17 ready\r\n')

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
    about:
      'A reader hangs with its window closed; the sender, 400 ms of round trip away, aborts after 6 s. No timestamps.',
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
    about:
      'A SIP proxy ends three idle connections by RST 9 s after their last word; server port and one client port are 5060.',
    network: { delay: 26, hops: 6 },
    vantages: ['client', 'server:96'],
    truth: { cause: 'idle-timeout', impact: 'none' },
    run: async lab => {
      const listener = await lab.server.agent.listen(5060)
      const register =
        'REGISTER sip:lab.example SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.1\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n'
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
    about:
      'HAProxy in TCP mode (timeout client 4 s) has ended two idle broker connections by FIN when their owners publish 3 s later; a busy one lives.',
    network: { delay: 17 },
    vantages: ['client:256', 'server:110'],
    truth: { cause: 'keep-alive-race', impact: 'request-lost' },
    run: async ({ client, server }) => {
      await node(
        server,
        `require('net').createServer(s => { s.on('data', d => s.write('OK\\r\\n')); s.on('error', () => {}) }).listen(8700, '127.0.0.1')`,
        8700,
      )
      const sections = [
        'listen f',
        '  mode tcp',
        `  bind ${server.address}:61613`,
        '  timeout client 4s',
        '  server s 127.0.0.1:8700',
      ]
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
    about:
      'A Node server ends each connection 5 s after it began with resetAndDestroy, however busy; four clients ask every 0.3 s or so.',
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

export const examTimers: Scenario[] = timers.map(examined)
