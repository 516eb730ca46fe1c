/** The second set of blind scenarios (see exam-servers.ts): what sockets do of themselves. */
import { examined } from './studied.ts'
import { quiet, run, sleep } from './proc.ts'
import type { Scenario } from './scenario.ts'
import { exchange, get, more, noTimestamps, pair, streaming } from './talk.ts'

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
    about:
      'A client shuts both directions of a running stream down and keeps the socket: the next data is answered by RST. IPv6.',
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
    about:
      'A terminal client sends a command and an urgent interrupt; the server closes without having read either. Port 23.',
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
    about:
      'Links of 9,000 bytes and segmentation offload: a server closes with most of a 400 KB upload unread. Frames cut at 68 bytes.',
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
    about:
      'A client half-closes after its request, as nc does; the server aborts in the middle of the answer (linger 0).',
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

export const examSockets: Scenario[] = sockets.map(examined)
