/** State lost in other ways than in middlebox-state-loss.ts, refusals behind translations, and genuine resets on paths that mislead. */
import {
  aftermath,
  chain,
  CLIENT,
  dial,
  exchange,
  fetch,
  genuine,
  get,
  goodVisit,
  listen,
  open,
  recv,
  send,
  SERVER,
  sleep,
} from './middlebox-common.ts'
import { abort, askServer, both } from './middlebox-genuine.ts'
import { statefulFirewall } from './middlebox-idle.ts'
import type { Rule, Verdict } from './middlebox-label.ts'
import type { Path, Place } from './middlebox-net.ts'
import type { Scenario } from './middlebox.ts'

const flush = (lab: Path, place: Place = 'r1') => lab.exec(place, 'conntrack', '-F')
const masquerade = (lab: Path) => lab.nft('r1', chain('postrouting', ['oif wan0 masquerade'], 'nat', '100'))
const virtual = (lab: Path, port = 8000) =>
  lab.nft(
    'r1',
    chain(
      'prerouting',
      [`ip daddr ${lab.v4(1, 1)} tcp dport ${port} dnat ip to ${lab.server}`],
      'nat',
      '-100',
    ),
  )

const lost = (
  sender: Rule['sender'],
  files: string[],
  impact: string,
  more: Partial<Verdict> = {},
  who: Rule['who'] = 'device',
): Rule => ({
  name: `device ${sender}`,
  sender,
  who,
  in: files,
  verdict: {
    origin: 'middlebox',
    cause: 'nat-state-loss',
    impact,
    acceptable: ['middlebox-injection'],
    impactAcceptable: ['request-lost', 'transfer-cut', 'none', 'unknown'],
    kernelReason: null,
    ...more,
  },
})
const held = (s: Scenario): Scenario => ({ ...s, heldOut: true })

const firewalls: Scenario[] = [
  {
    name: 'turn-flush-download',
    about:
      'A stateful firewall next to the client loses its table during a download: its resets in the name of the client end the connection at the server.',
    path: { delayMs: 20 },
    run: async lab => {
      await statefulFirewall(lab, 'r1', 3600)
      await listen(lab, { port: 8000, chunks: 20, size: 1000, everyMs: 25 })
      await dial(lab, 'a', { port: 8000 })
      await send(lab, 'a', get('files.example', '/b.iso'))
      await recv(lab, 'a', 5000, 1)
      await flush(lab)
      await sleep(400)
    },
    rules: [lost('client', [SERVER], 'transfer-cut'), aftermath('server'), aftermath('client')],
  },
  {
    name: 'turn-flush-request-v6',
    about:
      'The firewall before the server loses its table between two requests of a kept connection, over IPv6.',
    path: { delayMs: 27, v6: true },
    run: async lab => {
      await statefulFirewall(lab, 'r2', 3600)
      await listen(lab, { port: 8000 })
      await dial(lab, 'a', { port: 8000 })
      await fetch(lab)
      await sleep(200)
      await fetch(lab)
      await flush(lab, 'r2')
      await sleep(150)
      await fetch(lab)
    },
    rules: [
      lost('client', [], 'request-lost', { acceptable: ['middlebox-injection', 'post-restart', 'unknown'] }),
      lost('server', [CLIENT], 'request-lost', {
        originAcceptable: ['unknown'],
        acceptable: ['middlebox-injection', 'post-restart', 'unknown'],
      }),
    ],
  },
  {
    name: 'turn-flush-three',
    about: 'Three busy connections to two ports when the firewall fails over to a peer without its table.',
    path: { delayMs: 22 },
    clock: { [CLIENT]: 95_000 },
    run: async lab => {
      await statefulFirewall(lab, 'r1', 3600)
      for (const port of [8000, 8001]) await listen(lab, { port })
      for (const [id, port] of [
        ['a', 8000],
        ['b', 8001],
        ['c', 8001],
      ] as const) {
        await dial(lab, id, { port })
        await fetch(lab, id)
      }
      await flush(lab)
      for (const id of ['a', 'b', 'c']) await send(lab, id, get('shop.example', '/next'))
      await sleep(200)
    },
    rules: [lost('server', [CLIENT], 'request-lost')],
  },
  {
    name: 'turn-asym-v6',
    about:
      'A stateful firewall sees only the way to the server, over IPv6: it never learns of the SYN-ACK and resets the client at its first ACK.',
    path: { delayMs: 25, v6: true },
    run: async lab => {
      await lab.sysctl('r1', 'netfilter/nf_conntrack_tcp_loose', 0)
      await lab.nft('r1', chain('prerouting', ['iif wan0 notrack'], 'filter', '-300'))
      await lab.nft(
        'r1',
        chain('forward', [
          'tcp flags & rst == rst accept',
          'ct state invalid meta l4proto tcp reject with tcp reset',
        ]),
      )
      await listen(lab, { port: 8443 })
      await dial(lab, 'a', { port: 8443 })
      await send(lab, 'a', get('shop.example'))
      await sleep(1300)
    },
    rules: [
      lost('server', [CLIENT], 'connect-failed', {
        acceptable: ['middlebox-injection', 'firewall-reject'],
        impactAcceptable: ['request-lost', 'none', 'unknown'],
      }),
      genuine(
        'client',
        'reset-aftermath',
        'none',
        { after: 'device server', impactAcceptable: ['ignored'] },
        {
          at: {
            [SERVER]: {
              originAcceptable: ['unknown'],
              acceptable: ['handshake-aborted', 'nat-state-loss', 'unknown'],
              impact: 'connect-failed',
              impactAcceptable: ['none'],
            },
          },
        },
      ),
    ],
  },
  {
    name: 'turn-vip-failover',
    about:
      'A load balancer (DNAT on its own address) loses its table: the next request finds no translation, and the balancer itself answers that it knows no such connection.',
    path: { delayMs: 19 },
    run: async lab => {
      await lab.sysctl('r1', 'netfilter/nf_conntrack_tcp_loose', 0)
      await virtual(lab)
      await listen(lab, { port: 8000 })
      const options = { host: lab.v4(1, 1), port: 8000 }
      await dial(lab, 'a', options)
      await fetch(lab)
      await sleep(150)
      await fetch(lab)
      await flush(lab)
      await fetch(lab)
      await dial(lab, 'b', options)
      await fetch(lab, 'b')
    },
    rules: [lost('server', [CLIENT], 'request-lost', {}, 'any')],
  },
  {
    name: 'turn-vip-failover-burst',
    about: 'As turn-vip-failover with five connections that speak within 100 ms.',
    path: { delayMs: 30 },
    run: async lab => {
      await lab.sysctl('r1', 'netfilter/nf_conntrack_tcp_loose', 0)
      await virtual(lab)
      await listen(lab, { port: 8000 })
      const ids = ['a', 'b', 'c', 'd', 'e']
      for (const id of ids) {
        await dial(lab, id, { host: lab.v4(1, 1), port: 8000 })
        await fetch(lab, id)
      }
      await flush(lab)
      for (const id of ids) await send(lab, id, get('shop.example', '/next'))
      await sleep(200)
    },
    rules: [lost('server', [CLIENT], 'request-lost', {}, 'any')],
  },
  {
    name: 'turn-vip-failover-uploads',
    about:
      'As turn-vip-failover: four clients with TTL 128 are sending their requests in two pieces when the balancer loses its table.',
    path: { delayMs: 26, clientTtl: 128 },
    clock: { [SERVER]: -61_000 },
    run: async lab => {
      await lab.sysctl('r1', 'netfilter/nf_conntrack_tcp_loose', 0)
      await virtual(lab)
      await listen(lab, { port: 8000 })
      const ids = ['a', 'b', 'c', 'd']
      for (const id of ids) {
        await dial(lab, id, { host: lab.v4(1, 1), port: 8000 })
        await fetch(lab, id)
        await send(lab, id, 'POST /orders HTTP/1.1\r\nHost: shop.example\r\n')
      }
      await sleep(120)
      await flush(lab)
      for (const id of ids) await send(lab, id, 'Content-Length: 2\r\n\r\n{}')
      await sleep(200)
    },
    rules: [lost('server', [CLIENT], 'request-lost', {}, 'any')],
  },
  {
    name: 'turn-snat-push',
    about:
      'A source NAT loses its table; the server pushes to its address, and the NAT device answers that it knows no such connection.',
    path: { delayMs: 23 },
    run: async lab => {
      await lab.sysctl('r1', 'netfilter/nf_conntrack_tcp_loose', 0)
      await lab.nft(
        'r1',
        chain('postrouting', [`oif wan0 ip protocol tcp snat to ${lab.v4(2, 1)}`], 'nat', '100'),
      )
      await listen(lab, { mode: 'manual', port: 7000 })
      await open(lab, 'a', { port: 7000 })
      await exchange(lab)
      await exchange(lab, 'a', 'PING 2\r\n', 600)
      await flush(lab)
      await lab.ask('server', { do: 'send', id: 'sa', data: 'EVENT order 1881 paid\r\n' })
      await sleep(200)
    },
    rules: [
      {
        name: 'answer to the leak',
        sender: 'server',
        who: 'kernel',
        verdict: {
          origin: 'endpoint',
          originAcceptable: ['unknown'],
          cause: 'nat-state-loss',
          acceptable: ['post-restart', 'desynchronized', 'unknown', 'reset-aftermath'],
          impact: 'transfer-cut',
          impactAcceptable: ['none', 'unknown', 'ignored', 'connect-failed', 'request-lost'],
        },
      },
      lost(
        'client',
        [SERVER],
        'transfer-cut',
        {
          originAcceptable: ['unknown'],
          acceptable: ['post-restart', 'unknown', 'middlebox-injection', 'process-crash'],
        },
        'any',
      ),
    ],
  },
  {
    name: 'turn-reject-nat',
    about: 'The client is behind a masquerading router, the router before the server refuses one port.',
    path: { delayMs: 18 },
    run: async lab => {
      await masquerade(lab)
      await listen(lab)
      await lab.nft('r2', chain('forward', ['tcp dport 8443 reject with tcp reset']))
      await goodVisit(lab)
      for (const id of ['x', 'y']) await dial(lab, id, { port: 8443 })
    },
    rules: [
      {
        name: 'refused',
        sender: 'server',
        who: 'device',
        in: [CLIENT],
        verdict: {
          origin: 'middlebox',
          originAcceptable: ['unknown'],
          cause: 'firewall-reject',
          acceptable: ['port-closed'],
          impact: 'connect-failed',
        },
      },
    ],
  },
  {
    name: 'turn-reject-lifted-v6',
    about:
      'The first router refuses a port until the rule is removed: the third attempt gets through, over IPv6.',
    path: { delayMs: 24, v6: true },
    run: async lab => {
      await listen(lab, { port: 8443 })
      await lab.nft('r1', chain('forward', ['tcp dport 8443 reject with tcp reset']))
      await dial(lab, 'x', { port: 8443 })
      await sleep(3200)
      await dial(lab, 'y', { port: 8443 })
      await lab.exec('r1', 'nft', 'flush', 'ruleset')
      await sleep(3200)
      await dial(lab, 'a', { port: 8443 })
      await fetch(lab)
    },
    rules: [
      {
        name: 'refused',
        sender: 'server',
        who: 'device',
        in: [CLIENT],
        verdict: {
          origin: 'middlebox',
          originAcceptable: ['unknown'],
          cause: 'firewall-reject',
          acceptable: ['port-closed'],
          impact: 'connect-failed',
          impactAcceptable: ['none'],
        },
      },
    ],
  },
]

const aborted = (impact: string, acceptable: string[], at?: Rule['at']): Rule[] => [
  genuine(
    'server',
    'abortive-close',
    impact,
    { acceptable, impactAcceptable: ['none', 'unknown', 'request-lost', 'transfer-cut'] },
    { in: [CLIENT, SERVER], ...(at && { at }) },
  ),
]

const paths: Scenario[] = [
  {
    ...abort({
      name: 'turn-abort-dnat',
      about: 'The server aborts behind a virtual address while it owes an answer.',
      path: { delayMs: 21 },
      steps: askServer,
      rules: aborted('request-lost', ['unread-data-close']),
    }),
    run: async lab => {
      await virtual(lab)
      await listen(lab, { mode: 'manual', port: 8000 })
      await open(lab, 'a', { host: lab.v4(1, 1), port: 8000 })
      await exchange(lab)
      await askServer(lab)
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 60 })
      await sleep(170)
    },
  },
  {
    ...abort({
      name: 'turn-abort-twice-translated',
      about:
        'Source and destination are translated on the way; the server aborts in mid-answer, the clocks differ by four minutes.',
      path: { delayMs: 26 },
      clock: { [CLIENT]: -240_000 },
      steps: askServer,
      rules: aborted('transfer-cut', ['unread-data-close']),
    }),
    run: async lab => {
      await masquerade(lab)
      await virtual(lab)
      await listen(lab, { mode: 'manual', port: 8000 })
      await open(lab, 'a', { host: lab.v4(1, 1), port: 8000 })
      await askServer(lab)
      await lab.ask('server', { do: 'send', id: 'sa', size: 1200, times: 5, everyMs: 20 })
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 60 })
      await sleep(170)
    },
  },
  abort({
    name: 'turn-path-longer',
    about: 'The path grows by three hops right before the server aborts: only the reset shows it.',
    path: { delayMs: 20 },
    steps: async lab => {
      await exchange(lab)
      await exchange(lab, 'a', 'PING 2\r\n', 500)
      await lab.mid({ cmd: 'set', hops: 4 })
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 70 })
    },
    rules: aborted('none', ['benign-teardown'], { [CLIENT]: { originAcceptable: ['unknown'] } }),
  }),
  abort({
    name: 'turn-path-longer-v6',
    about: 'As turn-path-longer over IPv6, with one more answer on the new path before the reset.',
    path: { delayMs: 23, v6: true },
    steps: async lab => {
      await exchange(lab)
      await lab.mid({ cmd: 'set', hops: 4 })
      await exchange(lab, 'a', 'PING 2\r\n', 500)
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 70 })
    },
    rules: aborted('none', ['benign-teardown']),
  }),
  abort({
    name: 'turn-rst-lost',
    about: 'The reset of the aborting server is lost on the way: only the capture at the server has it.',
    path: { delayMs: 24, devices: [{ type: 'drop', dir: 'server', flags: 'R', count: 1 }] },
    steps: async lab => {
      await exchange(lab)
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 70 })
    },
    rules: [
      genuine(
        'server',
        'abortive-close',
        'none',
        { acceptable: ['benign-teardown'], impactAcceptable: ['unknown', 'ignored'] },
        { in: [SERVER] },
      ),
    ],
  }),
  abort({
    name: 'turn-gtsm-server',
    about:
      'Only the server sets TTL 255 on its socket; after it has closed, its kernel answers with the TTL of the system.',
    path: { delayMs: 17 },
    port: 179,
    steps: async () => {},
    rules: [
      genuine(
        'server',
        'data-after-close',
        'none',
        {
          acceptable: ['keep-alive-race', 'benign-teardown'],
          impactAcceptable: ['request-lost', 'transfer-cut', 'unknown'],
        },
        both,
      ),
    ],
  }),
  {
    name: 'turn-two-clients-one-address',
    about:
      'Two clients behind one masquerading router, one with TTL 128: both abort, and the server sees two hosts with one address.',
    path: { delayMs: 18, near: true, clientTtl: 128 },
    run: async lab => {
      await masquerade(lab)
      await listen(lab, { mode: 'manual', port: 8000 })
      for (const [place, id] of [
        ['near', 'n'],
        ['client', 'a'],
        ['near', 'm'],
      ] as const) {
        const answer = await lab.ask(place, { do: 'connect', id, host: lab.server, port: 8000 })
        await lab.ask('server', { do: 'accepted', id: `s${id}`, peer: answer.sport })
        await lab.ask(place, { do: 'send', id, data: 'PING\r\n' })
        await lab.ask('server', { do: 'recv', id: `s${id}`, bytes: 6 })
        await lab.ask('server', { do: 'send', id: `s${id}`, size: 60 })
        await lab.ask(place, { do: 'recv', id, bytes: 60 })
        await lab.ask(place, { do: 'abort', id })
        await sleep(80)
      }
    },
    rules: [
      genuine(
        'client',
        'abortive-close',
        'none',
        { acceptable: ['benign-teardown'] },
        { in: [CLIENT, SERVER] },
      ),
    ],
  },
  {
    name: 'turn-vip-far-backend',
    about:
      'Two backends behind one address, one of which is near and aborts every connection at once, the other far and healthy.',
    path: { delayMs: 21, near: true },
    run: async lab => {
      await lab.nft(
        'r1',
        chain(
          'prerouting',
          [
            `ip daddr ${lab.v4(4, 9)} tcp dport 80 dnat ip to numgen inc mod 2 map { 0 : ${lab.server}, 1 : ${lab.v4(4, 2)} }`,
          ],
          'nat',
          '-100',
        ),
      )
      await listen(lab)
      await lab.ask('near', { do: 'listen', port: 80, mode: 'abort', waitMs: 20 })
      for (const id of ['a', 'b', 'c', 'd']) {
        if (await dial(lab, id, { host: lab.v4(4, 9) })) await fetch(lab, id)
      }
    },
    rules: [
      {
        name: 'near aborts',
        sender: 'server',
        who: 'any',
        in: [CLIENT],
        verdict: {
          origin: 'endpoint',
          originAcceptable: ['unknown'],
          cause: 'abortive-close',
          acceptable: [
            'unread-data-close',
            'accept-queue-overflow',
            'application-reject',
            'unknown',
            'data-after-close',
            'health-check-probe',
            'handshake-aborted',
          ],
          impact: 'request-lost',
          impactAcceptable: ['connect-failed', 'none'],
        },
      },
      genuine('client', 'reset-aftermath', 'none', { acceptable: ['unknown'] }),
    ],
  },
  {
    name: 'turn-overlap',
    about: 'The capture begins in the middle of a kept connection, whose server then aborts, over IPv6.',
    path: { delayMs: 19, v6: true },
    snaplen: 120,
    before: async lab => {
      await listen(lab, { mode: 'manual', port: 8000 })
      await open(lab, 'a', { port: 8000 })
      await exchange(lab)
    },
    run: async lab => {
      await exchange(lab, 'a', 'PING 2\r\n', 200)
      await exchange(lab, 'a', 'PING 3\r\n', 200)
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 50 })
      await sleep(150)
    },
    rules: aborted('none', ['benign-teardown', 'unknown', 'unread-data-close']),
  },
  {
    name: 'turn-client-gives-up',
    about:
      'The client cancels a download through a masquerading router; its kernel answers what is still in flight.',
    path: { delayMs: 31 },
    run: async lab => {
      await masquerade(lab)
      await listen(lab, { mode: 'manual', port: 8000 })
      await open(lab, 'a', { port: 8000 })
      await askServer(lab)
      const sending = lab.ask('server', { do: 'send', id: 'sa', size: 1400, times: 10, everyMs: 14 })
      await lab.ask('client', { do: 'recv', id: 'a', bytes: 3000, exact: true })
      await lab.ask('client', { do: 'close', id: 'a', afterMs: 50 })
      await sending
      await sleep(150)
    },
    rules: [genuine('client', 'unread-data-close', 'transfer-cut', { acceptable: ['abortive-close'] }, both)],
  },
]

/** The routing daemon of the server alone uses TTL 255. */
const gtsm = paths.find(s => s.name === 'turn-gtsm-server')!
gtsm.run = async lab => {
  await listen(lab, { mode: 'manual', port: 179, ttl: 255 })
  await open(lab, 'a', { port: 179 })
  await exchange(lab, 'a', 'OPEN 64500\r\n')
  await lab.ask('server', { do: 'close', id: 'sa' })
  await send(lab, 'a', 'UPDATE 10.0.0.0/8\r\n')
  await sleep(150)
}

export const turns: Scenario[] = [...firewalls, ...paths].map(held)
