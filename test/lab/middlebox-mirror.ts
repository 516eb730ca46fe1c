/** Captures from inside the path: mirror ports with tunnels, a router's -i any with every packet twice. */
import type { CaptureSpec, Scenario } from './middlebox.ts'
import type { PathOptions } from './middlebox-net.ts'
import {
  aftermath,
  ANY,
  CLIENT,
  dial,
  exchange,
  fetch,
  forgedRule,
  genuine,
  get,
  injected,
  listen,
  open,
  recv,
  ROUTER,
  send,
  SERVER,
  sleep,
} from './middlebox-common.ts'

const ends: CaptureSpec[] = [
  { file: CLIENT, place: 'client', vantage: 'client' },
  { file: SERVER, place: 'server', vantage: 'server' },
]
const mirror: CaptureSpec = { file: ROUTER, place: 'tap', device: 'tap0', vantage: 'router', filter: '' }

/** Next to the client: its TTL 127 is as many hops away as the server's 63 seems to be. */
const nextToClient = [
  { to: 'client', flags: 'RA', ttl: 127, ipid: 'random', win: 0 },
  { to: 'server', flags: 'RA', ttl: 127, ipid: 'random', win: 0 },
]

interface Wrapped {
  kinds: string[]
  words: string
  path?: PathOptions
}
/** One forged reset (port 80) and one genuine one (port 8000), seen inside a tunnel. */
const encap = ({ kinds, words, path }: Wrapped, k: number): Scenario => ({
  name: `encap-${[...kinds].reverse().join('-in-')}${path?.v6 ? '-v6' : ''}`.replace(/-in-/g, '-'),
  about: `A mirror port in the middle of the path shows ${words}: a reset forged by an injector (TTL from 128) on port 80, and a genuine abort of the server on port 8000.`,
  path: {
    delayMs: 12 + 2 * k,
    wrap: kinds,
    hops: 0,
    position: 0.1,
    devices: [
      {
        type: 'inject',
        position: 0.1,
        trigger: { on: 'payload', dir: 'client', contains: 'Host: banned.example' },
        shapes: nextToClient,
      },
    ],
    ...path,
  },
  // Only one in four keeps the captures of the two ends: they look alike.
  captures: k % 4 === 0 ? [mirror, ...ends] : [mirror],
  run: async lab => {
    await listen(lab)
    await listen(lab, { port: 8000, mode: 'manual' })
    await dial(lab, 'ok')
    await fetch(lab, 'ok')
    await dial(lab)
    await send(lab, 'a', get('banned.example'))
    await recv(lab, 'a', 600, 1)
    await open(lab, 'b', { port: 8000 })
    await exchange(lab, 'b')
    await lab.ask('server', { do: 'abort', id: 'sb', afterMs: 70 })
    await sleep(120)
  },
  rules: [
    { ...forgedRule('server', [ROUTER], injected('request-lost')), port: 80 },
    {
      ...forgedRule(
        'client',
        [ROUTER],
        injected('request-lost', { impactAcceptable: ['transfer-cut', 'none', 'unknown'] }),
      ),
      port: 80,
    },
    {
      ...genuine('server', 'abortive-close', 'none', { acceptable: ['benign-teardown'] }),
      port: 8000,
      in: [ROUTER],
    },
    aftermath('client'),
    aftermath('server'),
  ],
})

const tunnels: Scenario[] = [
  { kinds: ['vlan12'], words: 'VLAN tags' },
  { kinds: ['vlan12', 'svlan300'], words: 'two VLAN tags (QinQ)' },
  { kinds: ['pppoe'], words: 'PPPoE sessions' },
  { kinds: ['mpls'], words: 'two MPLS labels' },
  { kinds: ['vxlan'], words: 'VXLAN' },
  { kinds: ['vlan7', 'geneve'], words: 'GENEVE with a VLAN tag inside' },
  { kinds: ['gre'], words: 'GRE' },
  { kinds: ['gretap'], words: 'Ethernet over GRE with a key' },
  { kinds: ['erspan'], words: 'ERSPAN' },
  { kinds: ['gtpu'], words: 'GTP-U' },
  { kinds: ['ipip'], words: 'IP in IP' },
  { kinds: ['ipip'], words: 'IPv6 in IPv4', path: { v6: true } },
  { kinds: ['vlan12', 'vxlan', 'vlan40'], words: 'VXLAN with VLAN tags inside and outside' },
].map(encap)

const twice = (name: string, about: string, rules: Scenario['rules'], forged: boolean): Scenario => ({
  name,
  about,
  path: {
    delayMs: 18,
    devices: forged
      ? [
          {
            type: 'inject',
            position: 0.4,
            trigger: { on: 'payload', dir: 'client', contains: 'Host: banned.example' },
            shapes: [
              { to: 'client', flags: 'RA', ttl: 128, ipid: 'random', win: 0 },
              { to: 'server', flags: 'RA', ttl: 128, ipid: 'random', win: 0 },
            ],
          },
        ]
      : [],
  },
  captures: [
    { file: ANY, place: 'r1', device: 'any', vantage: 'any' },
    { file: 'any-sll1.pcap', place: 'r1', device: 'any', vantage: 'any', options: ['-y', 'LINUX_SLL'] },
    ...ends,
  ],
  run: async lab => {
    await listen(lab, { mode: 'manual' })
    await listen(lab, { port: 8000 })
    if (forged) {
      await dial(lab, 'a', { port: 8000 })
      await fetch(lab)
      await send(lab, 'a', get('banned.example'))
      await recv(lab, 'a', 600, 1)
    } else {
      await open(lab)
      await exchange(lab)
      await exchange(lab, 'a', 'PING 2\r\n', 800)
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 60 })
    }
    await sleep(120)
  },
  rules,
})

const doubled: Scenario[] = [
  twice(
    'dup-any-router',
    'The server aborts; a router captures on all its interfaces, so that every packet is there twice, one hop apart.',
    [
      genuine(
        'server',
        'abortive-close',
        'none',
        { acceptable: ['benign-teardown'] },
        { in: [ANY, 'any-sll1.pcap', CLIENT, SERVER] },
      ),
    ],
    false,
  ),
  twice(
    'dup-any-router-forged',
    'A forged reset, captured on all interfaces of a router: every packet twice.',
    [
      forgedRule('server', [CLIENT, ANY], injected('request-lost')),
      forgedRule(
        'client',
        [SERVER],
        injected('request-lost', { impactAcceptable: ['transfer-cut', 'none', 'unknown'] }),
      ),
      aftermath('client'),
      aftermath('server'),
    ],
    true,
  ),
]

interface Blind {
  name: string
  about: string
  path: PathOptions
  target: 'client' | 'server'
  sweep: object
  hit: boolean
}
/** An attacker elsewhere who knows the addresses and ports and tries sequence numbers. */
const blind = ({ name, about, path, target, sweep, hit }: Blind): Scenario => ({
  name,
  about,
  path,
  run: async lab => {
    await listen(lab, { mode: 'manual', port: 6667 })
    await open(lab, 'a', { port: 6667 })
    await exchange(lab)
    await exchange(lab, 'a', 'PING 2\r\n')
    await sleep(150)
    await lab.mid({ cmd: 'blind', port: 6667, ...sweep })
    await sleep(900)
    if (target === 'client') await lab.ask('server', { do: 'send', id: 'sa', size: 120 })
    else await send(lab, 'a', 'PING 3\r\n')
    await sleep(150)
    if (!hit) await exchange(lab, 'a', 'PING 4\r\n')
  },
  rules: [
    forgedRule(target === 'client' ? 'server' : 'client', [target === 'client' ? CLIENT : SERVER], {
      origin: 'middlebox',
      cause: 'blind-reset-attack',
      acceptable: ['middlebox-injection'],
      impact: hit ? 'transfer-cut' : 'ignored',
      impactAcceptable: hit ? ['none', 'request-lost', 'unknown'] : [],
    }),
    aftermath(target, {
      [target === 'client' ? SERVER : CLIENT]: {
        originAcceptable: ['unknown'],
        acceptable: [
          'post-restart',
          'data-after-close',
          'nat-state-loss',
          'desynchronized',
          'unknown',
          'idle-timeout',
        ],
        impact: 'transfer-cut',
        impactAcceptable: ['none', 'request-lost', 'unknown'],
      },
    }),
  ],
})

const attacks: Scenario[] = [
  blind({
    name: 'blind-reset-success',
    about:
      'An attacker sweeps 271 sequence numbers; most are ignored, some draw challenge ACKs, one hits and kills the connection at the client.',
    path: { delayMs: 20 },
    target: 'client',
    hit: true,
    sweep: {
      count: 271,
      from: -250 * 128,
      step: 128,
      everyMs: 2,
      shape: { to: 'client', flags: 'R', ttl: 63, ipid: 'random' },
    },
  }),
  blind({
    name: 'blind-reset-fail',
    about: 'An attacker sweeps 300 sequence numbers, none of them exact; the connection lives on.',
    path: { delayMs: 23 },
    target: 'client',
    hit: false,
    sweep: {
      count: 300,
      from: -601_003,
      step: 4096,
      everyMs: 2,
      shape: { to: 'client', flags: 'R', ttl: 254, ipid: 'random', win: 'random' },
    },
  }),
  blind({
    name: 'blind-reset-success-v6',
    about: 'As blind-reset-success over IPv6 against the server, fewer attempts.',
    path: { delayMs: 16, v6: true },
    target: 'server',
    hit: true,
    sweep: {
      count: 90,
      from: -60 * 997,
      step: 997,
      everyMs: 3,
      shape: { to: 'server', flags: 'R', ttl: 57 },
    },
  }),
]

export const mirrored: Scenario[] = [...tunnels, ...doubled]
export const blindAttacks: Scenario[] = attacks
