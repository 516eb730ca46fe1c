/** Look-alikes: each looks like one cause at first sight and is another, or is one that hides its marks. Where no socket answers. */
import type { Socket } from './host.ts'
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { nginx, node } from './servers.ts'
import { answer, exchange, get, more, pair, plainTcp, post, spoken } from './talk.ts'

/** Connections to one listener, each used once. */
async function used(lab: Lab, port: number, count: number): Promise<{ near: Socket; far: Socket }[]> {
  const first = await pair(lab, port)
  const all = [first, ...(await more(lab, first.listener, port, count - 1))]
  for (const { near, far } of all) await exchange(near, far)
  return all
}

const restart: Truth = { cause: 'post-restart', impact: 'request-lost' }

export const alikePassiveScenarios: Scenario[] = [
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
      await spoken('job\n', 'done\n')(all[1].near, all[1].far)
      await sleep(3000)
      await spoken('job\n', 'done\n')(all[2].near, all[2].far)
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
        await exchange(busy.near, busy.far)
      }
      await idle.far.forget()
      await sleep(2500)
      await idle.near.send(get('/back'))
      await sleep(100)
      await exchange(busy.near, busy.far)
      await busy.near.close()
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
    // Held out at first, then looked at.
    heldOut: false,
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
