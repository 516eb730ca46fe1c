/** Look-alikes: each looks like one cause at first sight and is another, or is one that hides its marks. Never established, and live sockets. */
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Scenario } from './scenario.ts'
import { exchange, get, more, noTimestamps, pair, plainTcp, post, refused, spoken } from './talk.ts'

const neverEstablished: Scenario[] = [
  {
    name: 'alike-closed-not-scan',
    about: 'A client tries the three usual ports of a service that is down, twice: no scan, closed ports.',
    network: { delay: 5 },
    truth: { ...refused, acceptable: ['firewall-reject', 'port-scan'], originAcceptable: ['unknown'] },
    run: async ({ client, server }) => {
      for (const port of [443, 8443, 9443, 443, 8443, 9443]) {
        await quiet(client.agent.connect(server.address, port))
        await sleep(250)
      }
    },
  },
  {
    name: 'alike-closed-loopback',
    about:
      'A program and the closed port it tries are on one host: captured on all its interfaces, over loopback.',
    heldOut: true,
    vantages: ['server-any'],
    truth: refused,
    run: async ({ server }) => {
      for (let i = 0; i < 3; i++) {
        await quiet(server.agent.connect('127.0.0.1', 9200 + i * 11))
        await quiet(server.agent.connect('::1', 9200 + i * 11))
        await sleep(100)
      }
    },
  },
  {
    name: 'alike-abort-not-probe',
    about:
      'A client takes the banner of a server and aborts, four times without any rhythm, having sent a command each time.',
    heldOut: true,
    network: { delay: 3 },
    truth: {
      cause: 'abortive-close',
      impact: 'request-lost',
      acceptable: ['health-check-probe', 'unread-data-close'],
      impactAcceptable: ['none'],
    },
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(110)
      for (const pause of [300, 1900, 700, 50]) {
        const near = await client.agent.connect(server.address, 110)
        const far = await listener.accept()
        await far.send('+OK POP3 ready\r\n')
        await near.recv()
        await near.send('STAT\r\n')
        await far.recv()
        await near.abort()
        await sleep(pause)
      }
    },
  },
  {
    name: 'alike-probe-refused',
    about: 'A monitor looks every 0.6 s whether a service is up; it is down: each probe is refused.',
    truth: {
      ...refused,
      acceptable: ['health-check-probe', 'firewall-reject'],
      originAcceptable: ['unknown'],
      impactAcceptable: ['none'],
    },
    run: async ({ client, server }) => {
      for (let i = 0; i < 7; i++) {
        await quiet(client.agent.connect(server.address, 8086))
        await sleep(600)
      }
    },
  },
]

const abort: Truth = { cause: 'abortive-close', impact: 'request-lost' }

const actives: Scenario[] = [
  {
    name: 'alike-abort-after-pause',
    about:
      'Two connections are aborted by the server 1.3 and 3.1 s after a request it never answered: no timer, a decision.',
    network: { settings: noTimestamps },
    vantages: ['client', 'server:80'],
    truth: { ...abort, acceptable: ['idle-timeout', 'unread-data-close'] },
    run: async lab => {
      const listener = await lab.server.agent.listen(7001)
      for (const pause of [1300, 3100]) {
        const [one] = await more(lab, listener, 7001, 1)
        await one.near.send(get('/think'))
        await one.far.recv()
        await sleep(pause)
        await one.far.abort()
        await sleep(100)
      }
    },
  },
  {
    name: 'alike-sessions-killed',
    about:
      'An administrator makes a server reset all its five sessions at once; it goes on and takes new ones.',
    network: { delay: 2 },
    vantages: ['client:128', 'server:96'],
    truth: { ...abort, acceptable: ['process-crash'], impact: 'none', impactAcceptable: ['transfer-cut'] },
    run: async lab => {
      const listener = await lab.server.agent.listen(5432)
      const ends = await more(lab, listener, 5432, 5)
      for (const { near, far } of ends) await spoken('SELECT 1;\n', '1\n')(near, far)
      await sleep(500)
      for (const { far } of ends) await far.abort()
      await sleep(400)
      const [next] = await more(lab, listener, 5432, 1)
      await spoken('SELECT 1;\n', '1\n')(next.near, next.far)
      await next.near.close()
    },
  },
  {
    name: 'alike-sessions-killed-v6',
    about: 'A server resets its seven sessions in a burst, over IPv6, and serves new clients at once.',
    heldOut: false,
    network: { v6: true, delay: 6 },
    vantages: ['client:110', 'router:110'],
    truth: { ...abort, acceptable: ['process-crash'], impact: 'none', impactAcceptable: ['transfer-cut'] },
    run: async lab => {
      const listener = await lab.server.agent.listen(5222)
      const ends = await more(lab, listener, 5222, 7)
      for (const { near, far } of ends) await spoken('<presence/>', '<ok/>')(near, far)
      await sleep(900)
      for (const { far } of ends) await far.abort()
      await sleep(300)
      for (const next of await more(lab, listener, 5222, 2))
        await spoken('<presence/>', '<ok/>')(next.near, next.far)
    },
  },
  {
    name: 'alike-unread-no-timestamps',
    about:
      'An upload cut by a server that closes with data unread; neither timestamps nor SACK nor window scaling.',
    heldOut: true,
    network: { delay: 6, settings: plainTcp },
    vantages: ['client:64', 'server:64'],
    truth: { cause: 'unread-data-close', impact: 'transfer-cut' },
    run: async lab => {
      const { near, far } = await pair(lab, 8080)
      await near.send(post('/backup', 3_000_000))
      const upload = near.stream(5000, 0.006, 1)
      await far.recv(3000)
      await sleep(90)
      await far.close()
      await quiet(upload)
    },
  },
  {
    name: 'alike-abort-no-timestamps',
    about:
      'A response cut by linger 0 on a connection without TCP options beyond the MSS: an active RST of 20 bytes.',
    network: { delay: 4, settings: plainTcp },
    vantages: ['client', 'server:54'],
    truth: { ...abort, impact: 'transfer-cut' },
    run: async lab => {
      const { near, far } = await pair(lab, 80)
      await near.send(get('/big'))
      await far.recv()
      await far.send(`HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n${'q'.repeat(4000)}`)
      await near.drain(4000)
      await sleep(150)
      await far.abort()
    },
  },
  {
    name: 'alike-unread-zero-window',
    about:
      'A client lets its window close, and closes the socket with the buffer full: not a timeout of the sender.',
    network: { delay: 3 },
    vantages: ['client:96', 'server:96'],
    truth: { cause: 'unread-data-close', impact: 'transfer-cut' },
    run: async lab => {
      const listener = await lab.server.agent.listen(8000)
      const near = await lab.client.agent.connect(lab.server.address, 8000, { opts: { SO_RCVBUF: 4096 } })
      const far = await listener.accept({ SO_SNDBUF: 8192 })
      await near.send(get('/stream'))
      await far.recv()
      for (let i = 0; i < 5; i++) {
        await far.trySend(20_000)
        await sleep(60)
      }
      await sleep(1500)
      await near.close()
    },
  },
  {
    name: 'alike-abort-after-answer-port-443',
    about:
      'The server answers completely and then aborts in place of closing; four connections on port 443, no TLS.',
    heldOut: true,
    network: { delay: 8, hops: 11 },
    vantages: ['client:200', 'server:90'],
    truth: { cause: 'benign-teardown', impact: 'none', acceptable: ['abortive-close'] },
    run: async lab => {
      const listener = await lab.server.agent.listen(443)
      for (const { near, far } of await more(lab, listener, 443, 4)) {
        await exchange(near, far)
        await sleep(60)
        await far.abort()
        await sleep(60)
        await near.close()
      }
    },
  },
  {
    name: 'alike-stop-with-linger',
    about:
      'A server ends by its own decision: every session reset with linger 0, the port closed afterwards.',
    vantages: ['client', 'server:96'],
    truth: reset =>
      reset.kernelReason === 'NO_SOCKET'
        ? { ...refused, acceptable: ['process-crash'] }
        : {
            cause: 'process-crash',
            acceptable: ['abortive-close'],
            impact: 'none',
            impactAcceptable: ['request-lost', 'transfer-cut'],
          },
    run: async lab => {
      const agent = lab.server.newAgent()
      const listener = await agent.listen(6380)
      for (const { near, far } of await more(lab, listener, 6380, 6)) {
        await spoken('GET key\r\n', '$5\r\nvalue\r\n')(near, far)
        await far.option({ linger0: 1 })
      }
      await sleep(300)
      await agent.kill()
      for (let i = 0; i < 2; i++) {
        await sleep(200)
        await quiet(lab.client.agent.connect(lab.server.address, 6380))
      }
    },
  },
]

export const alikeActiveScenarios: Scenario[] = [...neverEstablished, ...actives]
