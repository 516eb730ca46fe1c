/** The last of the blind scenarios (see endpoint-blind.ts): refusals, harmless ends, and what nobody can tell. */
import { RST, SYN } from './capture.ts'
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { haproxy, node, redis } from './servers.ts'
import {
  ACK,
  answer,
  get,
  mss,
  noTimestamps,
  pair,
  post,
  spoken,
  SYN as SYNFLAG,
  SYNACK,
  unknown,
} from './talk.ts'

const reject: Truth = { cause: 'application-reject', impact: 'request-lost' }

/** A raw client whose last ACK of the handshake acknowledges what was never sent. */
async function wrongAck({ client, server }: Lab, port: number, offs: number[]) {
  await server.agent.listen(port)
  const rule = 'add rule ip lab out tcp flags rst meta mark != 7 drop'
  await client.sh(
    `nft 'add table ip lab; add chain ip lab out { type filter hook output priority 0; }; ${rule}'`,
  )
  const raw = await client.agent.raw()
  for (const [i, off] of offs.entries()) {
    const ends = { host: server.address, sport: 52_100 + i * 13, dport: port }
    const reply = raw.recv(port, ends.sport, SYNACK)
    await raw.send({ ...ends, seq: 7_000_000 * (i + 1), flags: SYNFLAG, options: mss })
    const { seq } = await reply
    await raw.send({ ...ends, seq: 7_000_000 * (i + 1) + 1, ack: (seq + 1 + off) >>> 0, flags: ACK })
    await sleep(250)
  }
}

const rest: Scenario[] = [
  {
    name: 'blind-desync-wrong-ack',
    blind: false,
    about: 'Three handshakes end in an ACK of something the server never sent.',
    network: { delay: 21, hops: 9 },
    vantages: ['client', 'server:66'],
    truth: { cause: 'desynchronized', impact: 'connect-failed' },
    run: lab => wrongAck(lab, 8333, [-64_000, 17, 3_100_000]),
  },
  {
    name: 'blind-reject-imap-busy',
    blind: false,
    about: 'An IMAP server says BYE, too many connections, to two clients and resets.',
    network: { delay: 19, v6: true },
    vantages: ['client', 'server:120'],
    truth: { ...reject, impact: 'connect-failed', impactAcceptable: ['request-lost', 'none'] },
    run: async lab => {
      const listener = await lab.server.agent.listen(143)
      for (let i = 0; i < 2; i++) {
        const near = await lab.client.agent.connect(lab.server.address, 143)
        const far = await listener.accept()
        await far.send('* BYE Too many connections from your IP\r\n')
        await far.abort()
        await quiet(near.recv())
        await sleep(500)
      }
    },
  },
  {
    name: 'blind-reject-503-body',
    about: 'An overloaded server answers 503 to the head of an upload and closes with 30 KB of body unread.',
    network: { delay: 8 },
    vantages: ['client:200', 'server:200'],
    truth: { ...reject, impactAcceptable: ['transfer-cut', 'none'] },
    run: async lab => {
      const { near, far } = await pair(lab, 8099)
      await near.send(post('/import', 30_000))
      await near.sendBytes(30_000)
      await far.drain(600)
      await sleep(150)
      await far.send(
        answer('try later\n', '503 Service Unavailable', 'Retry-After: 30\r\nConnection: close\r\n'),
      )
      await far.close()
      await sleep(200)
    },
  },
  {
    name: 'blind-reject-haproxy-405-v6',
    blind: false,
    about:
      'HAProxy denies DELETE with 405 and drops the rest of a body still coming: a bare reset for what follows.',
    network: { v6: true, delay: 12 },
    vantages: ['client:220', 'router:220'],
    truth: { ...reject, impactAcceptable: ['transfer-cut', 'none'] },
    run: async lab => {
      const listen = [
        'frontend f',
        `  bind ${lab.server.address}:8090`,
        '  http-request deny deny_status 405 if { method DELETE }',
      ]
      await haproxy(lab.server, 8090, listen)
      const near = await lab.client.agent.connect(lab.server.address, 8090)
      await near.send('DELETE /batch HTTP/1.1\r\nHost: lab.example\r\nContent-Length: 40000\r\n\r\n')
      await quiet(near.stream(1500, 0.01, 0.5))
      await sleep(100)
    },
  },
  {
    name: 'blind-benign-redis-quit',
    about: 'Three clients say QUIT, read OK and reset instead of closing.',
    network: { delay: 7, settings: noTimestamps },
    vantages: ['client', 'server:80'],
    truth: { cause: 'benign-teardown', impact: 'none' },
    run: async lab => {
      await redis(lab.server, 6379)
      for (let i = 0; i < 3; i++) {
        const near = await lab.client.agent.connect(lab.server.address, 6379, { opts: { linger0: 1 } })
        await near.send(`SET k${i} v\r\n`)
        await near.recv()
        await near.send('QUIT\r\n')
        await near.drain()
        await near.close()
        await sleep(150)
      }
    },
  },
  {
    name: 'blind-benign-connection-close',
    about: 'Node answers with Connection: close and its FIN; the client has all and resets, over IPv6.',
    network: { v6: true, delay: 15, hops: 4 },
    vantages: ['client', 'server:140'],
    truth: { cause: 'benign-teardown', impact: 'none' },
    run: async lab => {
      const code = `require('http').createServer((q, r) => { r.setHeader('Connection', 'close'); r.end('all of it\\n') }).listen(4010, '${lab.server.address}')`
      await node(lab.server, code, 4010)
      for (const path of ['/a', '/b']) {
        const near = await lab.client.agent.connect(lab.server.address, 4010)
        await near.send(get(path))
        await near.drain()
        await near.abort()
        await sleep(200)
      }
    },
  },
  {
    name: 'blind-keepalive-lost-answers',
    blind: false,
    about:
      'A server probes an idle client; the client answers every probe, but the way back is cut: RST after four.',
    network: { delay: 8, hops: 2 },
    vantages: ['client', 'server:96'],
    truth: { cause: 'keepalive-timeout', impact: 'none' },
    run: async lab => {
      const far = { SO_KEEPALIVE: 1, TCP_KEEPIDLE: 3, TCP_KEEPINTVL: 1, TCP_KEEPCNT: 4 }
      const p = await pair(lab, 1521, { far })
      await spoken('\x00\x20\x00\x00\x01connect-data', '\x00\x08\x00\x00\x02ok')(p.near, p.far)
      await sleep(100)
      await lab.network.change({ dropTo: 'server' })
      await sleep(8500)
    },
  },
  {
    name: 'blind-unknown-only-the-end',
    about:
      'Of an aborted encrypted-looking connection the capture holds the reset and the two segments before it.',
    network: { delay: 10 },
    vantages: ['client'],
    cuts: {
      'end.pcap': {
        of: 'client',
        keep: (frame, all) => {
          const reset = all.find(f => f.flags & RST)?.number ?? 0
          return !(frame.flags & SYN) && frame.number >= reset - 2
        },
        truth: unknown('abortive-close', 'unread-data-close', 'benign-teardown'),
      },
    },
    truth: {
      cause: 'abortive-close',
      acceptable: ['unread-data-close'],
      impact: 'unknown',
      impactAcceptable: ['request-lost'],
    },
    run: async lab => {
      const { near, far } = await pair(lab, 7443)
      for (let i = 0; i < 3; i++) await spoken('\x91'.repeat(90), '\xe2'.repeat(200))(near, far)
      await near.send('\x93'.repeat(80))
      await far.recv()
      await sleep(400)
      await far.abort()
    },
  },
]

export const blindRestScenarios: Scenario[] = rest.map(s => ({ blind: true, ...s }))
