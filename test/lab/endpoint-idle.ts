/** Silence, then the end: idle timers. */
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { haproxy, keys, nginx, node } from './servers.ts'
import { exchange, get, more, pair, post, spoken } from './talk.ts'

/** Nobody was sending: no harm. */
const idle: Truth = { cause: 'idle-timeout', impact: 'none' }
/** One connection, one gap: an abort by hand looks the same. */
const idleOnce: Truth = { ...idle, acceptable: ['abortive-close'] }

/** Connections that talk at different times and are each reset `ms` after their last word. */
async function idleServer(lab: Lab, port: number, count: number, ms: number, talk = exchange) {
  const first = await pair(lab, port)
  const all = [first, ...(await more(lab, first.listener, port, count - 1))]
  await Promise.all(
    all.map(async ({ near, far }, i) => {
      await sleep(i * 370)
      await talk(near, far)
      await sleep(ms)
      await far.abort()
      await sleep(100)
      await near.close()
    }),
  )
}

export const idleScenarios: Scenario[] = [
  {
    name: 'idle-server-7s',
    about: 'The server resets each of three connections 7 s after their last exchange.',
    network: { delay: 3, hops: 2 },
    vantages: ['client', 'server:96', 'router:80'],
    truth: idle,
    run: lab => idleServer(lab, 5432, 3, 7000, spoken('SELECT 1;\n', '1\n')),
  },
  {
    name: 'idle-server-61s',
    about: 'One connection, reset by the server after 61 s of silence.',
    vantages: ['client:96', 'server'],
    truth: idleOnce,
    run: lab => idleServer(lab, 8080, 1, 61_000),
  },
  {
    name: 'idle-server-30s-v6',
    about: 'Two connections over IPv6, reset by the server after 30 s of silence.',
    heldOut: true,
    network: { v6: true, delay: 18, hops: 7 },
    vantages: ['client', 'router:96'],
    truth: idle,
    run: lab => idleServer(lab, 636, 2, 30_000, spoken('bind\n', 'bound\n')),
  },
  {
    name: 'idle-haproxy',
    about: 'HAProxy in TCP mode with nolinger ends idle connections after 4 s: FIN and RST together.',
    truth: { ...idle, acceptable: [] },
    run: async lab => {
      const listener = await lab.server.agent.listen(9000, { host: '127.0.0.1' })
      await haproxy(lab.server, 8080, [
        'listen entry',
        '  mode tcp',
        `  bind ${lab.server.bracketed}:8080`,
        '  option nolinger',
        '  timeout client 4s',
        '  server one 127.0.0.1:9000',
      ])
      for (let i = 0; i < 2; i++) {
        const near = await lab.client.agent.connect(lab.server.address, 8080)
        const far = await listener.accept()
        await spoken('hello\n', 'welcome\n')(near, far)
        await sleep(600)
      }
      await sleep(4500)
    },
  },
  {
    name: 'idle-haproxy-backend',
    about:
      'HAProxy as the client: its timer for the server (3 s) ends a connection with nolinger on the backend.',
    heldOut: true,
    network: { delay: 2 },
    vantages: ['client:128', 'server'],
    // On this connection the proxy is the client; it waits for an answer that does not come.
    truth: { ...idle, impact: 'request-lost', acceptable: ['abortive-close'] },
    run: async lab => {
      const listener = await lab.server.agent.listen(9000)
      await haproxy(lab.client, 7000, [
        'frontend entry',
        '  bind 127.0.0.1:7000',
        '  default_backend far',
        'backend far',
        '  option nolinger',
        '  timeout server 3s',
        `  server one ${lab.server.bracketed}:9000`,
      ])
      for (let i = 0; i < 2; i++) {
        const local = await lab.client.agent.connect('127.0.0.1', 7000)
        await local.send(get(`/slow/${i}`))
        const far = await listener.accept()
        await far.recv()
        await local.drain()
        await local.close()
      }
    },
  },
  {
    name: 'idle-nginx-header',
    about: 'nginx (reset_timedout_connection) resets clients whose request header stops halfway for 3 s.',
    truth: { ...idle, impact: 'request-lost', impactAcceptable: ['none'], acceptable: [] },
    run: async lab => {
      await nginx(lab.server, 80, ['reset_timedout_connection on; client_header_timeout 3s;'])
      const half = async (ms: number) => {
        await sleep(ms)
        const near = await lab.client.agent.connect(lab.server.address, 80)
        await near.send('GET /half HTTP/1.1\r\nHost: lab')
        await quiet(near.recv())
      }
      await Promise.all([half(0), half(400), half(1100)])
    },
  },
  {
    name: 'idle-nginx-body',
    about: 'nginx (reset_timedout_connection) resets uploads that stop halfway for 5 s.',
    // Held out at first, then looked at.
    heldOut: false,
    network: { delay: 6, hops: 4 },
    vantages: ['client:128', 'router:96'],
    truth: { ...idle, impact: 'transfer-cut', impactAcceptable: ['request-lost'], acceptable: [] },
    run: async lab => {
      const dav = 'location / { dav_methods PUT; client_body_timeout 5s; }'
      await nginx(lab.server, 8080, ['reset_timedout_connection on;', dav])
      const half = async (ms: number) => {
        await sleep(ms)
        const near = await lab.client.agent.connect(lab.server.address, 8080)
        await near.send(post('/upload', 9000).replace('POST', 'PUT'))
        await near.sendBytes(3000)
        await quiet(near.recv())
      }
      await Promise.all([half(0), half(900)])
    },
  },
  {
    name: 'idle-node-settimeout',
    about: 'A Node server resets sockets after 4 s without traffic (setTimeout, resetAndDestroy).',
    network: { v6: true },
    vantages: ['client.ng', 'server:80'],
    truth: idle,
    run: async lab => {
      const code = `require('net').createServer(s => { s.setTimeout(4000, () => s.resetAndDestroy()); s.on('data', d => s.write('ok ' + d)) }).listen(7777, '${lab.server.address}')`
      await node(lab.server, code, 7777)
      const talk = async (ms: number) => {
        await sleep(ms)
        const near = await lab.client.agent.connect(lab.server.address, 7777)
        await near.send('status\n')
        await near.recv()
        await quiet(near.recv())
      }
      await Promise.all([talk(0), talk(500), talk(1300)])
    },
  },
  {
    name: 'idle-tls-v6',
    about: 'A TLS server on port 8443 resets two idle connections 9 s after the last record.',
    heldOut: true,
    network: { v6: true, delay: 5 },
    vantages: ['client:160', 'server:96'],
    truth: { ...idle, impactAcceptable: ['unknown'] },
    run: async lab => {
      const { cert, key } = await keys(lab.directory)
      await idleServer(lab, 8443, 2, 9000, async (near, far) => {
        await Promise.all([far.tls({ server: true, cert, key }), near.tls()])
        await exchange(near, far)
      })
    },
  },
  {
    name: 'idle-forgot',
    about:
      'The server drops connections without a word after 10 s of silence; the next requests meet nothing and are answered by RST.',
    network: { delay: 4 },
    vantages: ['client', 'server:96'],
    truth: {
      cause: 'idle-timeout',
      impact: 'request-lost',
      acceptable: ['post-restart', 'nat-state-loss'],
      originAcceptable: ['unknown'],
    },
    run: async lab => {
      const first = await pair(lab, 8443)
      const all = [first, ...(await more(lab, first.listener, 8443, 2))]
      await Promise.all(
        all.map(async ({ near, far }, i) => {
          await sleep(i * 800)
          await spoken('job\n', 'done\n')(near, far)
          // The third one talks often enough and lives.
          const rounds = i === 2 ? 4 : 0
          for (let t = 0; t < rounds; t++) {
            await sleep(3000)
            await spoken('job\n', 'done\n')(near, far)
          }
          if (i === 2) return near.close()
          await sleep(10_000)
          await far.forget()
          await sleep(1500 + i * 900)
          await near.send('job\n')
          await sleep(100)
          await near.close()
        }),
      )
    },
  },
  {
    name: 'idle-probed',
    about:
      'TCP keepalives are sent and answered all through an 8 s silence, then the server resets: its timer counts requests only.',
    heldOut: true,
    truth: idleOnce,
    run: async lab => {
      const { near, far } = await pair(lab, 8080, {
        near: { SO_KEEPALIVE: 1, TCP_KEEPIDLE: 2, TCP_KEEPINTVL: 2 },
      })
      await exchange(near, far)
      await sleep(8000)
      await far.abort()
      await near.close()
    },
  },
  {
    name: 'idle-client-read-timeout',
    about: 'A client waits 5 s for an answer that does not come, then aborts; three times.',
    network: { delay: 1 },
    truth: { cause: 'idle-timeout', acceptable: ['abortive-close'], impact: 'request-lost' },
    run: async lab => {
      const listener = await lab.server.agent.listen(80)
      const attempt = async (ms: number) => {
        await sleep(ms)
        const near = await lab.client.agent.connect(lab.server.address, 80)
        const far = await listener.accept()
        await near.send(get('/never'))
        await far.recv()
        await sleep(5000)
        await near.abort()
      }
      await Promise.all([attempt(0), attempt(700), attempt(1200)])
    },
  },
]
