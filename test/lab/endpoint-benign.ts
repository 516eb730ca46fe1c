/** Resets after everything was said, and traffic without any reset. */
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { haproxy, keys, nginx, node } from './servers.ts'
import { answer, exchange, get, more, pair } from './talk.ts'

const benign: Truth = { cause: 'benign-teardown', impact: 'none' }
/** A client that drops its own idle connection by RST does so when some timer of its expires. */
const ownIdle: Truth = { ...benign, acceptable: ['idle-timeout'] }

/** The client ends TLS with close_notify and FIN; the server's own close_notify finds nobody. */
async function closeNotify(lab: Lab, port: number, highest: string) {
  const own = await keys(lab.directory)
  const { near, far } = await pair(lab, port)
  await Promise.all([far.tls({ server: true, ...own, highest }), near.tls({ highest })])
  await exchange(near, far)
  await near.closeNotify()
  await near.close()
  await sleep(30)
  await far.closeNotify()
  await far.close()
}

/** A pool of `count` answered connections whose client drops them by RST after `ms`, all at once. */
async function poolDrops(lab: Lab, port: number, count: number, ms: number) {
  const first = await pair(lab, port)
  const all = [first, ...(await more(lab, first.listener, port, count - 1))]
  for (const { near, far } of all) await exchange(near, far)
  await sleep(ms)
  for (const { near } of all) await near.abort()
  await sleep(100)
}

const teardowns: Scenario[] = [
  {
    name: 'benign-after-fin',
    about:
      'The server has answered and sent FIN; the client has everything and resets in place of its own FIN.',
    network: { delay: 4 },
    vantages: ['client', 'server:96'],
    truth: benign,
    run: async lab => {
      const { near, far } = await pair(lab, 8080)
      await near.send(get('/', 'lab.example', 'Connection: close\r\n'))
      await far.recv()
      await far.send(answer('all of it\n', '200 OK', 'Connection: close\r\n'))
      await far.close()
      await near.drain()
      await near.abort()
    },
  },
  {
    name: 'benign-after-client-fin-v6',
    about: 'The client has its answer and sends FIN; the server resets in place of its FIN.',
    heldOut: true,
    network: { v6: true, delay: 9, hops: 4 },
    vantages: ['client', 'router:96'],
    truth: { ...benign, acceptable: ['abortive-close'] },
    run: async lab => {
      const { near, far } = await pair(lab, 80)
      await exchange(near, far)
      await near.shutdown()
      await far.recv()
      await sleep(50)
      await far.abort()
      await sleep(50)
      await near.close()
    },
  },
  {
    name: 'benign-close-notify-13',
    about:
      'TLS 1.3: the client sends close_notify and FIN; the close_notify of the server is answered by RST.',
    network: { delay: 6 },
    vantages: ['client:160', 'server:96'],
    truth: benign,
    run: lab => closeNotify(lab, 443, '1.3'),
  },
  {
    name: 'benign-close-notify-12',
    about: 'TLS 1.2 on port 9443: the same.',
    heldOut: true,
    vantages: ['client:160', 'server'],
    truth: benign,
    run: lab => closeNotify(lab, 9443, '1.2'),
  },
  {
    name: 'benign-close-notify-v6',
    about:
      'TLS 1.3 over IPv6: close_notify against close_notify, seen in the middle and with a short snap length.',
    network: { v6: true, delay: 12, hops: 7 },
    vantages: ['client:100', 'router'],
    truth: { ...benign, acceptable: ['data-after-close'] },
    run: lab => closeNotify(lab, 443, '1.3'),
  },
  {
    name: 'benign-late-fin',
    about:
      'The client has closed long ago and forgotten; the FIN of the server comes 5 s later and is answered by RST.',
    vantages: ['client', 'server:80'],
    truth: benign,
    run: async lab => {
      await lab.client.sysctl('ipv4/tcp_fin_timeout', 2)
      const { near, far } = await pair(lab, 8080)
      await exchange(near, far)
      await near.close()
      await sleep(5200)
      await far.close()
    },
  },
  {
    name: 'benign-late-fin-v6',
    about: 'The same over IPv6, the server closes first and the client 7 s later.',
    heldOut: true,
    network: { v6: true, delay: 5 },
    vantages: ['client:96', 'server'],
    truth: benign,
    run: async lab => {
      await lab.server.sysctl('ipv4/tcp_fin_timeout', 2)
      const { near, far } = await pair(lab, 8000)
      await exchange(near, far)
      await far.close()
      await sleep(7000)
      await near.close()
    },
  },
  {
    name: 'benign-answered-abort',
    about: 'A client reads its whole answer and resets in place of closing; three times.',
    network: { delay: 2 },
    vantages: ['client', 'server:96'],
    truth: { ...benign, acceptable: ['abortive-close'] },
    run: async lab => {
      const listener = await lab.server.agent.listen(80)
      for (let i = 0; i < 3; i++) {
        const near = await lab.client.agent.connect(lab.server.address, 80)
        const far = await listener.accept()
        await exchange(near, far, `/${i}`)
        await near.abort()
        await sleep(200)
      }
    },
  },
  {
    name: 'benign-idle-client-20s',
    about: 'A client drops two idle, fully answered connections by RST after 20 s.',
    vantages: ['client:128', 'server:96'],
    truth: ownIdle,
    run: lab => poolDrops(lab, 8080, 2, 20_000),
  },
  {
    name: 'benign-browser-leaves',
    about:
      'A browser-like client drops six idle, fully answered connections at once; IPv6, port 443 without TLS.',
    heldOut: true,
    network: { v6: true, delay: 7, hops: 6 },
    vantages: ['client.ng', 'server:110'],
    truth: { ...ownIdle, acceptable: ['idle-timeout', 'process-crash', 'abortive-close'] },
    run: lab => poolDrops(lab, 443, 6, 3000),
  },
  {
    name: 'benign-node-agent',
    about: 'A Node client destroys its keep-alive sockets by resetAndDestroy when it is done.',
    heldOut: true,
    truth: ownIdle,
    vantages: ['client:160', 'server:96'],
    run: async lab => {
      await nginx(lab.server, 8088, [], { 'index.html': '<p>lab</p>\n' })
      const code = `const http = require('http'); const agent = new http.Agent({ keepAlive: true });
        const one = () => new Promise(done => http.get({ host: '${lab.server.address}', port: 8088, agent }, r => { const s = r.socket; r.resume(); r.on('end', () => done(s)) }));
        Promise.all([one(), one()]).then(list => setTimeout(() => list.forEach(s => s.resetAndDestroy()), 1500))`
      await node(lab.client, code)
      await sleep(3000)
    },
  },
  {
    name: 'benign-haproxy-server-close',
    about:
      'HAProxy has the whole answer and, by its design, resets its connection to the server (http-server-close).',
    network: { delay: 1 },
    vantages: ['client', 'server:96'],
    truth: { ...benign, acceptable: ['abortive-close'] },
    run: async lab => {
      const listener = await lab.server.agent.listen(9000)
      await haproxy(lab.client, 7000, [
        'listen entry',
        '  bind 127.0.0.1:7000',
        '  option http-server-close',
        '  option nolinger',
        `  server one ${lab.server.bracketed}:9000`,
      ])
      for (let i = 0; i < 3; i++) {
        const local = await lab.client.agent.connect('127.0.0.1', 7000)
        await local.send(get(`/${i}`))
        const far = await listener.accept()
        await far.recv()
        await far.send(answer('hello\n'))
        await local.recv()
        await local.close()
        await sleep(150)
      }
    },
  },
]

const clean: Scenario[] = [
  {
    name: 'clean-http',
    about: 'Requests and answers on two connections, closed in good order.',
    run: async lab => {
      const { near, far, listener } = await pair(lab, 8080)
      for (let i = 0; i < 3; i++) await exchange(near, far)
      await near.close()
      await far.recv()
      await far.close()
      const [second] = await more(lab, listener, 8080, 1)
      await exchange(second.near, second.far)
      await second.far.close()
      await second.near.recv()
      await second.near.close()
    },
  },
  {
    name: 'clean-tls-v6',
    about: 'TLS over IPv6, close_notify on both sides, FIN on both sides.',
    heldOut: true,
    network: { v6: true, delay: 5 },
    vantages: ['client.ng', 'server:96'],
    run: async lab => {
      const own = await keys(lab.directory)
      const { near, far } = await pair(lab, 443)
      await Promise.all([far.tls({ server: true, ...own }), near.tls()])
      await exchange(near, far)
      await near.closeNotify()
      await far.drain()
      await far.closeNotify()
      await near.drain()
      await near.close()
      await sleep(50)
      await far.close()
    },
  },
  {
    name: 'clean-odd',
    about:
      'Answered keepalive probes, a window that closes and opens again, a path that fails for a second: no reset.',
    network: { delay: 3 },
    vantages: ['client:96', 'server:96'],
    run: async lab => {
      const probing = { SO_KEEPALIVE: 1, TCP_KEEPIDLE: 1, TCP_KEEPINTVL: 1 }
      const { near, far } = await pair(lab, 8080, {
        near: { ...probing, SO_RCVBUF: 4096 },
        far: { SO_SNDBUF: 8192 },
      })
      await exchange(near, far)
      await sleep(2500)
      await far.trySend(6000)
      await sleep(900)
      await near.readFor(0.6)
      await lab.network.change({ dropTo: 'server' })
      await near.send('x')
      await sleep(900)
      await lab.network.change({ dropTo: null })
      await sleep(1200)
      await near.close()
      await sleep(50)
      await far.readFor(0.1)
      await far.close()
    },
  },
  {
    name: 'clean-half-close-v6',
    about: 'The client shuts its sending side and still gets a long answer; then both are closed.',
    heldOut: true,
    network: { v6: true },
    run: async lab => {
      const { near, far } = await pair(lab, 9000)
      await near.send('all rows, please\n')
      await near.shutdown()
      await far.drain()
      await far.sendBytes(9000)
      await far.close()
      await near.drain()
      await quiet(near.close())
    },
  },
]

export const benignScenarios: Scenario[] = [...teardowns, ...clean]
