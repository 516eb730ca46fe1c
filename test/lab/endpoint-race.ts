/** Keep-alive connections used again just when, or after, the other side closed its idle end. */
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { haproxy, keys, nginx, node, redis } from './servers.ts'
import { exchange, get, pair } from './talk.ts'

const race: Truth = { cause: 'keep-alive-race', impact: 'request-lost' }

/** Client connections that make a request, idle for `gap` ms and make another without looking. */
async function reuse({ client, server }: Lab, port: number, gaps: number[], request = get('/')) {
  await Promise.all(
    gaps.map(async gap => {
      const near = await client.agent.connect(server.address, port)
      await near.send(request)
      await near.recv()
      await sleep(gap)
      await quiet(near.send(request))
      await sleep(150)
      await near.close()
    }),
  )
}

const nodeServer = ({ server }: Lab, port: number, keepAlive: number) =>
  node(
    server,
    `require('http').createServer({ keepAliveTimeout: ${keepAlive} }, (q, s) => s.end('hello from node\\n')).listen(${port}, '${server.address}')`,
    port,
  )

/**
 * The server ends its idle connection while the next request is on its way: FIN and request cross on a cable of `delay`
 * ms. The agents close and send within a few ms of each other.
 */
async function cross(lab: Lab, port: number, gap: number, count = 1) {
  const listener = await lab.server.agent.listen(port)
  for (let i = 0; i < count; i++) {
    const near = await lab.client.agent.connect(lab.server.address, port)
    const far = await listener.accept()
    await exchange(near, far)
    await sleep(gap)
    await Promise.all([far.close(), near.send(get('/next'))])
    await sleep(300)
    await quiet(near.close())
  }
}

export const raceScenarios: Scenario[] = [
  {
    name: 'ka-node',
    about:
      'A Node server (keepAliveTimeout 1 s) ends idle connections by FIN; the client uses them again later.',
    truth: race,
    run: async lab => {
      await nodeServer(lab, 3000, 1000)
      await reuse(lab, 3000, [2600, 3300, 5000])
    },
  },
  {
    name: 'ka-nginx',
    about:
      'nginx (keepalive_timeout 2 s) ends idle connections by FIN; a pool of eight uses them again 0.1 to 20 s later.',
    heldOut: true,
    network: { delay: 7, hops: 3 },
    vantages: ['client:128', 'server:96', 'router:80'],
    truth: race,
    run: async lab => {
      await nginx(lab.server, 80, ['keepalive_timeout 2s;'], { 'index.html': '<p>lab</p>\n' })
      await reuse(lab, 80, [2200, 2400, 3000, 4000, 6000, 9000, 14_000, 22_000])
    },
  },
  {
    name: 'ka-nginx-cross',
    about:
      'nginx (keepalive_timeout 2 s) and a client 60 ms away that uses the connection at that very moment: request and FIN cross.',
    network: { delay: 60, hops: 10 },
    vantages: ['client', 'server:96'],
    truth: race,
    run: async lab => {
      await nginx(lab.server, 80, ['keepalive_timeout 2s;'], { 'index.html': '<p>lab</p>\n' })
      await reuse(lab, 80, [1935, 1940])
    },
  },
  {
    name: 'ka-haproxy',
    about: 'HAProxy (http-keep-alive 2 s) ends idle connections by FIN; the client uses them again.',
    network: { delay: 3 },
    truth: race,
    run: async lab => {
      const sections = [
        'frontend entry',
        `  bind ${lab.server.bracketed}:8080`,
        '  http-request return status 200 content-type text/plain string "ok"',
      ]
      await haproxy(lab.server, 8080, sections, ['  timeout http-keep-alive 2s'])
      await reuse(lab, 8080, [2600, 3500])
    },
  },
  {
    name: 'ka-redis',
    about: 'Redis (timeout 2 s) closes idle clients by FIN; the client sends its next command much later.',
    heldOut: true,
    truth: race,
    run: async lab => {
      await redis(lab.server, 6379, '--timeout', '2', '--hz', '50')
      await reuse(lab, 6379, [5200, 6500], '*1\r\n$4\r\nPING\r\n')
    },
  },
  {
    name: 'ka-https',
    about:
      'nginx with TLS (keepalive_timeout 2 s) closes with close_notify and FIN; the client sends another request.',
    heldOut: false,
    network: { delay: 5 },
    vantages: ['client:128', 'server:96'],
    truth: { ...race, impactAcceptable: ['unknown'] },
    run: async lab => {
      const { cert, key } = await keys(lab.directory)
      const ssl = `ssl_certificate ${cert}; ssl_certificate_key ${key};`
      await nginx(lab.server, 443, ['keepalive_timeout 2s;'], { 'index.html': '<p>lab</p>\n' }, ssl)
      for (const gap of [2500, 3200]) {
        const near = await lab.client.agent.connect(lab.server.address, 443)
        await near.tls()
        await near.send(get('/'))
        await near.recv()
        await sleep(gap)
        await quiet(near.send(get('/')))
        await sleep(150)
        await quiet(near.close())
      }
    },
  },
  {
    name: 'ka-cross-v6',
    about:
      'Request and FIN of an idle connection cross over IPv6, 40 ms apart; seen at both ends and in the middle.',
    network: { v6: true, delay: 40 },
    vantages: ['client:110', 'server', 'router'],
    truth: race,
    run: lab => cross(lab, 8000, 1500, 2),
  },
  {
    name: 'ka-cross-port-9443',
    about: 'Request and FIN cross on an odd port after 5 s of silence.',
    heldOut: true,
    network: { delay: 25, hops: 5 },
    vantages: ['client.ng', 'server:96'],
    truth: race,
    run: lab => cross(lab, 9443, 5000),
  },
  {
    name: 'ka-late-30s',
    about:
      'The server ends its idle side after 3 s; the client uses the connection 30 s later, its own FIN never came.',
    vantages: ['client', 'server-any:96'],
    cuts: {
      // A capture that began in the silence: the first exchange is not in it.
      'late.pcap': { of: 'client', keep: (f, all) => f.time > all[0].time + 1 },
    },
    truth: reset => (reset.file === 'late.pcap' ? { ...race, acceptable: ['data-after-close'] } : race),
    run: async lab => {
      const { near, far } = await pair(lab, 8080)
      await exchange(near, far)
      await sleep(3000)
      await far.close()
      await sleep(30_000)
      await near.send(get('/again'))
      await sleep(100)
      await near.close()
    },
  },
]
