/** Connections that never came about: nothing listens, the queue is full, the caller goes away. */
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import type { Truth } from './labels.ts'
import { answer, exchange, get, refused } from './talk.ts'

/** One refused SYN and nothing else of that host: a device may have answered. */
const lonelyRefused: Truth = {
  ...refused,
  acceptable: ['firewall-reject', 'unknown'],
  originAcceptable: ['unknown'],
}
const closed: Scenario[] = [
  {
    name: 'closed-lonely',
    about: 'One connect to a port where nothing listens; nothing else of that host is in the capture.',
    vantages: ['client', 'server:54', 'router:68'],
    truth: reset => (reset.vantage === 'server' ? refused : lonelyRefused),
    run: async ({ client, server }) => {
      await quiet(client.agent.connect(server.address, 8080))
    },
  },
  {
    name: 'closed-retries',
    about: 'A client retries a closed port six times while another port of the same host answers.',
    network: { delay: 8, hops: 3 },
    vantages: ['client', 'server:96', 'router:128'],
    truth: refused,
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(8000)
      for (let i = 0; i < 6; i++) {
        const good = await client.agent.connect(server.address, 8000)
        const peer = await listener.accept()
        await exchange(good, peer, `/${i}`)
        await quiet(client.agent.connect(server.address, 9000))
        await good.close()
        await peer.recv()
        await peer.close()
        await sleep(200)
      }
    },
  },
  {
    name: 'closed-v6-https',
    about: 'Three connects over IPv6 to port 443 of a host that serves only port 80.',
    heldOut: true,
    network: { v6: true, delay: 15, hops: 6 },
    vantages: ['client.ng', 'server:96'],
    truth: refused,
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(80)
      const near = await client.agent.connect(server.address, 80)
      const far = await listener.accept()
      await exchange(near, far)
      for (let i = 0; i < 3; i++) await quiet(client.agent.connect(server.address, 443))
      await near.close()
      await far.close()
    },
  },
  {
    name: 'closed-then-up',
    about:
      'The service is not up yet: two refused connects, then it starts and the third succeeds 0.8 s later.',
    heldOut: true,
    network: { delay: 3 },
    vantages: ['client', 'router:64'],
    // Another attempt of the same connect succeeded within 3 s.
    truth: { ...refused, impact: 'none', impactAcceptable: ['connect-failed'] },
    run: async ({ client, server }) => {
      await quiet(client.agent.connect(server.address, 5432))
      await sleep(400)
      await quiet(client.agent.connect(server.address, 5432))
      await sleep(400)
      const listener = await server.agent.listen(5432)
      const near = await client.agent.connect(server.address, 5432)
      await exchange(near, await listener.accept())
      await near.close()
    },
  },
  {
    name: 'closed-after-stop',
    about:
      'A service ends in good order (FIN on its connection, listener closed); later connects are refused.',
    network: { v6: true },
    truth: refused,
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(8080)
      const near = await client.agent.connect(server.address, 8080)
      const far = await listener.accept()
      await exchange(near, far)
      await listener.close()
      await far.close()
      await near.recv()
      await near.close()
      for (let i = 0; i < 4; i++) {
        await sleep(300)
        await quiet(client.agent.connect(server.address, 8080))
      }
    },
  },
  {
    name: 'closed-backoff-redis',
    about: 'A client with growing pauses tries a database that is down; it is the only port it knows.',
    network: { delay: 1 },
    vantages: ['client:128', 'server:54'],
    truth: lonelyRefused,
    run: async ({ client, server }) => {
      for (const pause of [50, 100, 200, 400, 800, 1600]) {
        await quiet(client.agent.connect(server.address, 6379))
        await sleep(pause)
      }
    },
  },
  {
    name: 'closed-from-pool',
    about:
      'A pool opens five connections at once to port 3306, which is closed; port 22 of the host gives its banner.',
    heldOut: true,
    vantages: ['server-any:96', 'client.nano'],
    truth: refused,
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(22)
      const near = await client.agent.connect(server.address, 22)
      const far = await listener.accept()
      await far.send('SSH-2.0-OpenSSH_9.2p1\r\n')
      await near.recv()
      await Promise.all([1, 2, 3, 4, 5].map(() => quiet(client.agent.connect(server.address, 3306))))
      await near.send('SSH-2.0-lab\r\n')
      await far.recv()
      await near.close()
      await far.close()
    },
  },
]

/**
 * Fills the queue of a listener that never accepts to one place, then starts `count` connects at once: their SYNs still
 * find room, their last ACKs do not. (A SYN that finds the queue full already is dropped, not reset.)
 */
export async function overflow(
  { client, server }: Lab,
  port: number,
  count: number,
  data: string | null,
  ready = false,
) {
  await server.sysctl('ipv4/tcp_abort_on_overflow', 1)
  if (!ready) await server.agent.listen(port, { backlog: 4 })
  for (let i = 0; i < 4; i++) await client.agent.connect(server.address, port)
  const connects = Array.from({ length: count }, () => client.agent.connect(server.address, port))
  for (const one of connects) if (data) await quiet(one.then(near => near.send(data)))
  await Promise.allSettled(connects)
  await sleep(300)
}

export const full: Truth = {
  cause: 'accept-queue-overflow',
  impact: 'connect-failed',
  impactAcceptable: ['request-lost'],
}

const overflows: Scenario[] = [
  {
    name: 'overflow-burst',
    about:
      'Five clients at once meet an accept queue with one place left, abort on overflow set; each sends its request.',
    network: { delay: 6 },
    truth: full,
    run: lab => overflow(lab, 8080, 5, get('/')),
  },
  {
    name: 'overflow-https',
    about:
      'Accept queue full on port 443 over IPv6, seen through 10 ms of cable; the clients send a few bytes.',
    network: { v6: true, delay: 10, hops: 4 },
    vantages: ['client', 'server:96', 'router:96'],
    truth: full,
    run: lab => overflow(lab, 443, 5, '\x16\x03\x01\x00\x05hello'),
  },
  {
    name: 'overflow-silent-clients',
    about:
      'Accept queue full; the clients send nothing, so that there is one RST right after each handshake.',
    network: { delay: 20 },
    vantages: ['client:80', 'router'],
    truth: full,
    run: lab => overflow(lab, 5672, 4, null),
  },
  {
    name: 'overflow-node-blocked',
    about: 'A Node server whose event loop is blocked does not accept; its short queue overflows.',
    vantages: ['client.ng', 'server:80'],
    truth: full,
    network: { delay: 12, hops: 3 },
    run: async lab => {
      const blocked =
        'setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500), 200)'
      const code = `require('http').createServer((q, s) => s.end('late')).listen({ port: 3000, host: '${lab.server.address}', backlog: 4 }, () => ${blocked})`
      await lab.server.program('node', ['-e', code], 3000)
      await sleep(400)
      await overflow(lab, 3000, 4, get('/'), true)
    },
  },
]

const aborted: Truth = { cause: 'handshake-aborted', impact: 'connect-failed' }

const cancelled: Scenario[] = [
  {
    name: 'connect-timeout',
    about: 'The client gives a connect up after 40 ms; the SYN-ACK needs 120 ms and meets no socket.',
    network: { delay: 60, hops: 9 },
    vantages: ['client', 'server:96', 'router:80'],
    truth: aborted,
    run: async ({ client, server }) => {
      await server.agent.listen(8443)
      for (let i = 0; i < 3; i++) {
        await quiet(client.agent.connect(server.address, 8443, { timeout: 0.04 }))
        await sleep(900)
      }
    },
  },
  {
    name: 'connect-timeout-v6',
    about: 'A connect over IPv6 is cancelled before the SYN-ACK comes; once only.',
    heldOut: true,
    network: { v6: true, delay: 35 },
    vantages: ['client:96', 'server'],
    truth: aborted,
    run: async ({ client, server }) => {
      await server.agent.listen(25)
      const near = await client.agent.startConnect(server.address, 25)
      await sleep(20)
      await near.close()
      await sleep(200)
    },
  },
  {
    name: 'happy-eyeballs',
    about:
      'IPv6 and IPv4 are raced, IPv6 is slow and loses: its SYN-ACK meets no socket. The exchange goes over IPv4.',
    network: { delay: 4, delay6: 150 },
    vantages: ['client', 'server:96'],
    truth: { ...aborted, impact: 'none', impactAcceptable: ['connect-failed'] },
    run: async ({ client, server }) => {
      await server.agent.listen(443, { host: server.address6 })
      const listener = await server.agent.listen(443)
      for (let i = 0; i < 2; i++) {
        const slow = await client.agent.startConnect(server.address6, 443)
        await sleep(60)
        const near = await client.agent.connect(server.address4, 443)
        await slow.close()
        await exchange(near, await listener.accept())
        await sleep(400)
        await near.close()
      }
    },
  },
  {
    name: 'happy-eyeballs-node',
    about: 'Node races address families (autoSelectFamily); IPv6 takes 300 ms and is dropped for IPv4.',
    heldOut: true,
    network: { delay: 6, delay6: 300 },
    vantages: ['client', 'router:96'],
    truth: { ...aborted, impact: 'none', impactAcceptable: ['connect-failed'] },
    run: async ({ client, server }) => {
      await server.agent.listen(8080, { host: server.address6 })
      const listener = await server.agent.listen(8080)
      const both = JSON.stringify([
        { address: server.address6, family: 6 },
        { address: server.address4, family: 4 },
      ])
      const code = `require('http').get({ host: 'both.example', port: 8080, autoSelectFamilyAttemptTimeout: 120, lookup: (n, o, done) => done(null, ${both}) }, r => r.resume())`
      await client.program('node', ['-e', code])
      const far = await listener.accept()
      await far.recv()
      await far.send(answer('over IPv4\n', '200 OK', 'Connection: close\r\n'))
      await sleep(800)
      await far.close()
    },
  },
  {
    name: 'connect-cancelled-pool',
    about: 'A pool starts four connects and drops three of them when the first is established.',
    network: { delay: 20, hops: 2 },
    vantages: ['client:74', 'server-any:96'],
    truth: { ...aborted, impact: 'none', impactAcceptable: ['connect-failed'] },
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(27017)
      const first = await client.agent.connect(server.address, 27017)
      const rest = [1, 2, 3].map(() => client.agent.startConnect(server.address, 27017))
      await exchange(first, await listener.accept())
      for (const one of await Promise.all(rest)) await one.close()
      const late = await client.agent.startConnect(server.address, 27017)
      await late.close()
      await sleep(200)
      await first.close()
    },
  },
]

export const connectScenarios: Scenario[] = [...closed, ...overflows, ...cancelled]
