/** Look-alikes: each looks like one cause at first sight and is another, or is one that hides its marks. */
import type { Socket } from './host.ts'
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { nginx, node } from './servers.ts'
import { answer, exchange, get, more, pair, post, refused, spoken } from './talk.ts'

const noTimestamps = { 'ipv4/tcp_timestamps': 0 }
const plainTcp = { ...noTimestamps, 'ipv4/tcp_sack': 0, 'ipv4/tcp_window_scaling': 0 }

/** Connections to one listener, each used once. */
async function used(lab: Lab, port: number, count: number): Promise<{ near: Socket; far: Socket }[]> {
  const first = await pair(lab, port)
  const all = [first, ...(await more(lab, first.listener, port, count - 1))]
  for (const { near, far } of all) await exchange(near, far)
  return all
}

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
        await one!.near.send(get('/think'))
        await one!.far.recv()
        await sleep(pause)
        await one!.far.abort()
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
      await spoken('SELECT 1;\n', '1\n')(next!.near, next!.far)
      await next!.near.close()
    },
  },
  {
    name: 'alike-sessions-killed-v6',
    about: 'A server resets its seven sessions in a burst, over IPv6, and serves new clients at once.',
    heldOut: true,
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

const restart: Truth = { cause: 'post-restart', impact: 'request-lost' }

const passives: Scenario[] = [
  {
    name: 'alike-restart-found-by-probe',
    about:
      'The server host restarts; the keepalive probe of an idle client finds out: it is answered by RST, no timeout.',
    network: { delay: 2 },
    vantages: ['client', 'router'],
    truth: {
      ...restart,
      impact: 'none',
      acceptable: ['idle-timeout', 'nat-state-loss', 'keepalive-timeout'],
      originAcceptable: ['unknown'],
    },
    run: async lab => {
      const { near, far } = await pair(lab, 8883, {
        near: { SO_KEEPALIVE: 1, TCP_KEEPIDLE: 3, TCP_KEEPINTVL: 2 },
      })
      await exchange(near, far)
      await sleep(500)
      await lab.network.restart('s', 500)
      await sleep(4000)
    },
  },
  {
    name: 'alike-restart-during-retransmit',
    about:
      'The server host is away for 2.5 s while two clients repeat their requests; back again, it answers them by RST.',
    heldOut: true,
    network: { v6: true, delay: 4 },
    vantages: ['client', 'router:96'],
    truth: { ...restart, acceptable: ['nat-state-loss', 'retransmission-timeout'] },
    run: async lab => {
      const all = await used(lab, 8080, 2)
      const back = lab.network.restart('s', 2500)
      await sleep(700)
      for (const { near } of all) await near.send(get('/now'))
      await back
      await sleep(4500)
    },
  },
  {
    name: 'alike-restart-after-long-silence',
    about:
      'Three connections of different age and silence meet a restarted host: what they share is the moment, not the gap.',
    heldOut: true,
    vantages: ['client', 'any:100'],
    truth: restart,
    run: async lab => {
      const all = await used(lab, 5000, 3)
      await sleep(4000)
      await spoken('job\n', 'done\n')(all[1]!.near, all[1]!.far)
      await sleep(3000)
      await spoken('job\n', 'done\n')(all[2]!.near, all[2]!.far)
      await sleep(500)
      await lab.network.restart('s', 600)
      await lab.server.agent.listen(5000)
      for (const { near } of all) await quiet(near.send('job\n'))
      await sleep(300)
      const near = await lab.client.agent.connect(lab.server.address, 5000)
      await near.send('job\n')
      await sleep(100)
    },
  },
  {
    name: 'alike-restart-no-timestamps',
    about: 'A restarted host answers four old connections by RST; no timestamps to compare.',
    network: { settings: plainTcp, delay: 7 },
    vantages: ['client:64', 'router'],
    truth: restart,
    run: async lab => {
      const all = await used(lab, 8080, 4)
      await lab.network.restart('s', 300)
      const listener = await lab.server.agent.listen(8080)
      for (const { near } of all) {
        await quiet(near.send(get('/again')))
        await sleep(300)
      }
      const near = await lab.client.agent.connect(lab.server.address, 8080)
      await exchange(near, await listener.accept())
      await near.close()
    },
  },
  {
    name: 'alike-forgot-v6',
    about:
      'One idle connection of two is silently dropped by the server after 15 s; its next request is answered by RST with another flow label.',
    heldOut: true,
    network: { v6: true, delay: 3 },
    vantages: ['client', 'server'],
    truth: {
      cause: 'idle-timeout',
      impact: 'request-lost',
      acceptable: ['post-restart', 'nat-state-loss'],
      originAcceptable: ['unknown'],
    },
    run: async lab => {
      const [idle, busy] = await used(lab, 8443, 2)
      for (let i = 0; i < 5; i++) {
        await sleep(3000)
        await exchange(busy!.near, busy!.far)
      }
      await idle!.far.forget()
      await sleep(2500)
      await idle!.near.send(get('/back'))
      await sleep(100)
      await exchange(busy!.near, busy!.far)
      await busy!.near.close()
    },
  },
  {
    name: 'alike-race-no-gap',
    about:
      'The server closes right after its answer (Connection: close) and the client, not looking, sends another request 20 ms later.',
    network: { delay: 5 },
    vantages: ['client', 'server:96'],
    truth: { cause: 'keep-alive-race', impact: 'request-lost', acceptable: ['data-after-close'] },
    run: async lab => {
      const { near, far } = await pair(lab, 80)
      await near.send(get('/1'))
      await far.recv()
      await far.send(answer('one\n', '200 OK', 'Connection: close\r\n'))
      await far.close()
      await near.recv()
      await sleep(20)
      await near.send(get('/2'))
      await sleep(100)
      await near.close()
    },
  },
  {
    name: 'alike-race-loopback',
    about:
      'A keep-alive race inside one host: a proxy and its Node server on loopback, captured on all interfaces.',
    heldOut: true,
    vantages: ['server-any:160'],
    truth: { cause: 'keep-alive-race', impact: 'request-lost' },
    run: async ({ server }) => {
      await node(
        server,
        "require('http').createServer({ keepAliveTimeout: 1000 }, (q, s) => s.end('ok\\n')).listen(3001, '127.0.0.1')",
        3001,
      )
      await Promise.all(
        [2800, 4100].map(async gap => {
          const near = await server.agent.connect('127.0.0.1', 3001)
          await near.send(get('/'))
          await near.recv()
          await sleep(gap)
          await near.send(get('/'))
          await sleep(100)
          await near.close()
        }),
      )
    },
  },
  {
    name: 'alike-late-body-not-race',
    about:
      'nginx times a stalled upload out and closes; the client sends the rest of its body 6 s later: the same request, not a new one.',
    heldOut: true,
    network: { delay: 4 },
    vantages: ['client:160', 'server:128'],
    truth: {
      cause: 'data-after-close',
      impact: 'transfer-cut',
      impactAcceptable: ['request-lost'],
      acceptable: ['idle-timeout', 'application-reject'],
    },
    run: async lab => {
      await nginx(lab.server, 8080, [
        'location / { dav_methods PUT; client_body_timeout 2s; lingering_close off; }',
      ])
      const near = await lab.client.agent.connect(lab.server.address, 8080)
      await near.send(post('/upload', 6000).replace('POST', 'PUT'))
      await near.sendBytes(2000)
      await sleep(6000)
      await near.sendBytes(4000)
      await sleep(100)
      await near.close()
    },
  },
]

export const alikeScenarios: Scenario[] = [...neverEstablished, ...actives, ...passives]
