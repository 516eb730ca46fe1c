/** More of the rarer causes: other ports, options, roles and places to look from. */
import { RST } from './capture.ts'
import { full, overflow } from './endpoint-connect.ts'
import { aged, lifetime } from './endpoint-lifetime.ts'
import { collision, reuse, stray } from './endpoint-reuse.ts'
import { keepalive, probing, stalled, zeroWindow } from './endpoint-timeout.ts'
import { abortWhileBusy, active, lateRequest, onlyResets, passive } from './endpoint-unknown.ts'
import { quiet, sleep } from './proc.ts'
import type { Scenario } from './scenario.ts'
import { exchange, get, more, noTimestamps, pair, plainTcp, PSHACK, spoken } from './talk.ts'

const never: Scenario[] = [
  {
    name: 'overflow-any',
    about: 'Accept queue full, connections without timestamps, captured on all interfaces of the server.',
    network: { delay: 4, settings: noTimestamps },
    vantages: ['server-any:90', 'client:60'],
    truth: full,
    run: lab => overflow(lab, 9042, 5, null),
  },
  {
    name: 'overflow-later-data',
    about:
      'Accept queue full over IPv6, nothing sent by the clients; half a second later even SYNs are dropped without answer.',
    heldOut: true,
    network: { v6: true, delay: 7 },
    vantages: ['client', 'server:110'],
    truth: full,
    run: async lab => {
      await overflow(lab, 8080, 4, null)
      await sleep(500)
      const near = await quiet(lab.client.agent.connect(lab.server.address, 8080, { timeout: 0.5 }))
      if (near) await quiet(near.send(get('/')))
    },
  },
  {
    name: 'reuse-no-timestamps',
    about: 'A source port is used again while the server still holds its old connection; no timestamps.',
    network: { settings: noTimestamps, delay: 3 },
    vantages: ['client:64', 'router'],
    truth: collision,
    run: lab => reuse(lab, 2181, 45_678, 900),
  },
  {
    name: 'reuse-twice',
    about: 'The same source port collides with its own past on two listeners of one server, 2 s apart.',
    heldOut: true,
    network: { delay: 11, hops: 2 },
    vantages: ['client', 'server:96'],
    truth: collision,
    run: async lab => {
      await reuse(lab, 8080, 40_404, 300)
      await sleep(1500)
      await reuse(lab, 9090, 40_404, 300)
    },
  },
  {
    name: 'stray-to-client',
    about:
      'Old data of a server reaches a client port that nobody uses any more: the client host resets it. No connection is in the capture.',
    heldOut: true,
    network: { delay: 2 },
    vantages: ['client', 'server'],
    // Nothing tells which side was the client: with one segment and its answer, little can be told at all.
    truth: { ...stray, acceptable: [...(stray.acceptable ?? []), 'keep-alive-race', 'idle-timeout'] },
    run: async ({ client, server }) => {
      const raw = await server.agent.raw()
      const old = { host: client.address, sport: 443, dport: 50_505, seq: 71_000, ack: 3000, flags: PSHACK }
      await raw.send({ ...old, data: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' })
      await sleep(200)
    },
  },
]

const timers: Scenario[] = [
  {
    name: 'keepalive-fast',
    about:
      'Five keepalive probes a second apart on an odd port, none answered; two connections, no timestamps.',
    network: { delay: 6, settings: plainTcp },
    vantages: ['client:60', 'router:60'],
    truth: keepalive,
    run: async lab => {
      const listener = await lab.server.agent.listen(10_050)
      for (let i = 0; i < 2; i++) {
        const near = await lab.client.agent.connect(lab.server.address, 10_050, { opts: probing(2, 1, 5) })
        await spoken('agent.ping\n', '1\n')(near, await listener.accept())
        await sleep(300)
      }
      await lab.network.change({ dropTo: 'server' })
      await sleep(8500)
    },
  },
  {
    name: 'keepalive-answered-then-not',
    about:
      'Keepalive probes are answered for 4 s, then the client host goes down; the server resets over IPv6.',
    heldOut: true,
    network: { v6: true, delay: 5 },
    vantages: ['server', 'router-server:96'],
    truth: keepalive,
    run: async lab => {
      const { near, far } = await pair(lab, 4001, { far: probing(1, 1, 3) })
      await exchange(near, far)
      await sleep(4200)
      await lab.client.sh('ip link set c0 down')
      await sleep(5500)
    },
  },
  {
    name: 'lifetime-two-listeners',
    about: 'A host resets connections of both its services at the age of 4 s, each in steady use.',
    heldOut: false,
    network: { delay: 5, settings: noTimestamps },
    vantages: ['client:90', 'router:90'],
    truth: lifetime,
    run: async lab => {
      await Promise.all([aged(lab, 8080, 2, 4000, 'far', 350), aged(lab, 9090, 2, 4000, 'far', 500)])
    },
  },
  {
    name: 'lifetime-one',
    about:
      'A single connection in steady use is reset by the server at the age of 12 s: alone it looks like any abort.',
    network: { v6: true },
    vantages: ['client', 'server:110'],
    truth: { ...lifetime, acceptable: ['abortive-close', 'benign-teardown'] },
    run: lab => aged(lab, 1935, 1, 12_000, 'far', 1000),
  },
  {
    name: 'zero-window-plain',
    about: 'A stalled reader without window scaling or timestamps; the sender aborts after 3 s.',
    heldOut: true,
    network: { delay: 9, settings: plainTcp },
    vantages: ['client:54', 'server:60'],
    truth: zeroWindow,
    run: async lab => {
      const { from } = await stalled(lab, 515, 'far')
      await sleep(3000)
      await from.abort()
    },
  },
]

const tooLittle: Scenario[] = [
  {
    name: 'unknown-many-lone',
    about: 'Of five aborted connections only the resets were captured, as a filter for RST does.',
    network: { delay: 3 },
    vantages: ['client'],
    cuts: {
      'filtered.pcap': {
        of: 'client',
        keep: onlyResets,
        truth: { ...active, acceptable: [...active.acceptable!, 'application-reject'] },
      },
    },
    truth: { cause: 'abortive-close', impact: 'request-lost', acceptable: ['unread-data-close'] },
    run: async lab => {
      const listener = await lab.server.agent.listen(8080)
      for (const { near, far } of await more(lab, listener, 8080, 5)) {
        await near.send(get('/'))
        await far.recv()
        await sleep(130)
        await near.abort()
      }
    },
  },
  {
    name: 'unknown-many-lone-passive',
    about: 'Of three connections whose server was gone only the bare resets were captured.',
    heldOut: true,
    network: { v6: true, delay: 3 },
    vantages: ['client'],
    cuts: { 'filtered.pcap': { of: 'client', keep: onlyResets, truth: passive } },
    truth: { cause: 'post-restart', impact: 'request-lost' },
    run: async lab => {
      const listener = await lab.server.agent.listen(8080)
      const all = await more(lab, listener, 8080, 3)
      for (const { near, far } of all) await exchange(near, far)
      await lab.network.restart('s', 300)
      for (const { near } of all) {
        await near.send(get('/again'))
        await sleep(300)
      }
    },
  },
  {
    name: 'unknown-far-half',
    about:
      'Only what the reset side sent before, and the reset: one way of each direction is missing where it matters.',
    vantages: ['server', 'client:80'],
    cuts: {
      // Requests are there, answers and FIN are not.
      'half.pcap': {
        of: 'server',
        keep: (f, all) =>
          (f.flags & RST) !== 0 ||
          (f.number > 3 && f.source !== all.find(x => x.flags & RST)?.source && f.length > 0),
        truth: passive,
      },
    },
    truth: { cause: 'keep-alive-race', impact: 'request-lost' },
    run: lab => lateRequest(lab, 8181),
  },
  {
    name: 'unknown-lone-any',
    about: 'Only the reset, on all interfaces of a router: the same packet twice.',
    heldOut: true,
    vantages: ['any'],
    cuts: { 'lone.pcap': { of: 'any', keep: onlyResets, truth: active } },
    truth: { cause: 'abortive-close', impact: 'request-lost', acceptable: ['unread-data-close'] },
    run: lab => abortWhileBusy(lab, 5555, 'far'),
  },
]

export const variantScenarios: Scenario[] = [...never, ...timers, ...tooLittle]
