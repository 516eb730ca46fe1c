/** Genuine resets behind SYN proxies, transparent proxies and shared addresses. */
import {
  chain,
  CLIENT,
  dial,
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

import type { Scenario } from './middlebox.ts'

/** Linux' own SYN proxy on the first router. */
const synproxy = [
  chain('prerouting', ['iif lan0 tcp flags syn notrack'], 'filter', '-300'),
  chain('forward', [
    'ct state invalid,untracked meta l4proto tcp synproxy mss 1460 wscale 7 timestamp sack-perm',
    'ct state invalid drop',
  ]),
].join('')
const withSynproxy = (
  name: string,
  about: string,
  answerBytes: number,
  rules: Scenario['rules'],
): Scenario => ({
  name,
  about,
  path: { delayMs: 22 },
  snaplen: 256,
  run: async lab => {
    await lab.sysctl('r1', 'netfilter/nf_conntrack_tcp_loose', 0)
    await lab.nft('r1', synproxy)
    await listen(lab, { mode: 'manual', port: 8000 })
    await open(lab, 'a', { port: 8000 })
    await send(lab, 'a', get('shop.example'))
    await lab.ask('server', { do: 'recv', id: 'sa', bytes: 20 })
    if (answerBytes) await lab.ask('server', { do: 'send', id: 'sa', size: answerBytes })
    if (answerBytes) await recv(lab, 'a', answerBytes)
    await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 60 })
    await sleep(300)
  },
  rules,
})

export const proxyTraps: Scenario[] = [
  withSynproxy(
    'trap-synproxy',
    'A SYN proxy answers the handshake (TTL 64), everything later comes from the server (61); the server aborts before it has sent anything.',
    0,
    [
      genuine(
        'server',
        'abortive-close',
        'request-lost',
        { acceptable: ['unread-data-close'] },
        { in: [CLIENT, SERVER] },
      ),
    ],
  ),
  withSynproxy(
    'synproxy-mangles-seq',
    'The server aborts after 8 kB through a Linux SYN proxy, which rewrites the sequence number of the reset to the beginning of the connection: the client ignores it.',
    8134,
    [
      genuine(
        'server',
        'abortive-close',
        'none',
        { acceptable: ['benign-teardown'] },
        {
          in: [CLIENT, SERVER],
          at: {
            [CLIENT]: {
              originAcceptable: ['unknown'],
              impact: 'ignored',
              impactAcceptable: ['none'],
              acceptable: ['desynchronized', 'unknown', 'benign-teardown', 'reset-aftermath'],
            },
          },
        },
      ),
    ],
  ),
  {
    name: 'trap-vip-two-backends',
    about:
      'Two backends behind one address take turns: one answers from three hops away, the other, one hop away, has the port closed.',
    path: { delayMs: 15, near: true },
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
      for (const id of ['a', 'b', 'c', 'd']) {
        if (await dial(lab, id, { host: lab.v4(4, 9) })) await fetch(lab, id)
      }
    },
    rules: [
      genuine(
        'server',
        'port-closed',
        'connect-failed',
        { originAcceptable: ['unknown'], acceptable: ['firewall-reject'], impactAcceptable: ['none'] },
        { in: [CLIENT], who: 'any' },
      ),
    ],
  },
  {
    name: 'proxy-transparent',
    about:
      'The first router takes connections to port 80 into a proxy of its own, which answers in the name of the server (TTL 64) and in the end aborts; another port of that server answers from three hops away.',
    path: { delayMs: 20 },
    run: async lab => {
      await lab.nft('r1', chain('prerouting', ['iif lan0 tcp dport 80 redirect to :3128'], 'nat', '-100'))
      await lab.app('r1')
      await lab.ask('r1', { do: 'listen', port: 3128, mode: 'manual' })
      await listen(lab, { port: 8000 })
      await goodVisit(lab, { port: 8000 })
      const peer = await dial(lab)
      await lab.ask('r1', { do: 'accepted', id: 'p', peer })
      await send(lab, 'a', get('shop.example'))
      await lab.ask('r1', { do: 'recv', id: 'p', bytes: 20 })
      await lab.ask('r1', { do: 'abort', id: 'p', afterMs: 30 })
      await sleep(60)
    },
    rules: [
      genuine(
        'server',
        'abortive-close',
        'request-lost',
        { originAcceptable: ['unknown'], acceptable: ['unread-data-close'], kernelReason: 'TCP_STATE' },
        { in: [CLIENT], who: 'any' },
      ),
    ],
  },
]
