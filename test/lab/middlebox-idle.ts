/** Devices that forget a silent connection, and the endpoints they are mistaken for. */
import type { Rule, Verdict } from './middlebox-label.ts'
import type { Path, PathOptions, Place } from './middlebox-net.ts'
import type { Scenario } from './middlebox.ts'
import {
  aftermath,
  chain,
  CLIENT,
  dial,
  exchange,
  fetch,
  forgedRule,
  genuine,
  get,
  listen,
  open,
  recv,
  send,
  SERVER,
  sleep,
} from './middlebox-common.ts'

/** A stateful firewall that forgets after `seconds` and resets whoever speaks on a connection it does not know. */
export async function statefulFirewall(lab: Path, place: Place, seconds: number) {
  const rules = chain('forward', [
    'ct state established,related accept',
    'tcp flags & (syn|ack|rst|fin) == syn accept',
    'tcp flags & rst == 0 meta l4proto tcp reject with tcp reset',
  ])
  await lab.sysctl(place, 'netfilter/nf_conntrack_tcp_loose', 0)
  await lab.sysctl(place, 'netfilter/nf_conntrack_tcp_timeout_established', seconds)
  await lab.nft(place, rules)
}

const timedOut = (impact: string, more: Partial<Verdict> = {}): Verdict => ({
  origin: 'middlebox',
  cause: 'idle-timeout',
  acceptable: ['nat-state-loss'],
  impact,
  ...more,
})
const device = (sender: Rule['sender'], files: string[], verdict: Verdict): Rule => ({
  name: `device ${sender}`,
  sender,
  who: 'device',
  in: files,
  verdict,
})
const pushed = { impactAcceptable: ['request-lost', 'unknown'] }

interface Forgetful {
  name: string
  about: string
  path: PathOptions
  at: Place
  timeout: number
  gap: number
  port?: number
  verdict?: Partial<Verdict>
  clock?: Record<string, number>
}
/** The client asks, is silent for `gap` ms, and asks again through a firewall that has forgotten. */
const clientSpeaks = ({
  name,
  about,
  path,
  at,
  timeout,
  gap,
  port = 80,
  verdict,
  clock,
}: Forgetful): Scenario => ({
  name,
  about,
  path,
  ...(clock && { clock }),
  run: async lab => {
    await statefulFirewall(lab, at, timeout)
    await listen(lab, { port })
    await dial(lab, 'a', { port })
    await fetch(lab)
    await sleep(gap / 4)
    await fetch(lab)
    await sleep(gap)
    await fetch(lab)
    await sleep(100)
  },
  rules: [
    device('server', [CLIENT], timedOut('request-lost', verdict)),
    aftermath('client'),
    aftermath('server'),
  ],
})

const conntrack: Scenario[] = [
  clientSpeaks({
    name: 'ct-idle-client-speaks',
    about:
      'A stateful firewall next to the client forgets after 6 s; after 9 s of silence the next request of the client is reset at once in the name of the server.',
    path: { delayMs: 17 },
    at: 'r1',
    timeout: 6,
    gap: 9000,
  }),
  clientSpeaks({
    name: 'ct-idle-client-speaks-far',
    about:
      'The forgetful firewall is the router next to the server: its reset comes after almost a full round trip and its TTL is one off.',
    path: { delayMs: 21 },
    at: 'r2',
    timeout: 8,
    gap: 11_000,
    verdict: { originAcceptable: ['unknown'], acceptable: ['nat-state-loss', 'post-restart'] },
    clock: { [SERVER]: 1700 },
  }),
  clientSpeaks({
    name: 'ct-idle-client-speaks-v6',
    about: 'As ct-idle-client-speaks over IPv6, with 31 s of silence against a timer of 30 s.',
    path: { delayMs: 13, v6: true },
    at: 'r1',
    timeout: 30,
    gap: 31_000,
    port: 8080,
  }),
  clientSpeaks({
    name: 'ct-idle-minute',
    about: 'A firewall timer of 60 s, a pooled connection that was silent for 66 s.',
    path: { delayMs: 26 },
    at: 'r1',
    timeout: 60,
    gap: 66_000,
    port: 5432,
  }),
  {
    name: 'ct-idle-server-speaks',
    about:
      'A stateful firewall next to the client forgets after 5 s; after 8 s of silence the server pushes an event and is reset in the name of the client, which knows nothing.',
    path: { delayMs: 18 },
    run: async lab => {
      await statefulFirewall(lab, 'r1', 5)
      await listen(lab, { mode: 'manual' })
      await open(lab)
      await exchange(lab, 'a', 'SUBSCRIBE orders\r\n', 24)
      await sleep(8000)
      await lab.ask('server', { do: 'send', id: 'sa', data: 'EVENT order 1881 paid\r\n' })
      await sleep(200)
    },
    rules: [
      device(
        'client',
        [SERVER],
        timedOut('transfer-cut', {
          originAcceptable: ['unknown'],
          acceptable: ['nat-state-loss', 'post-restart'],
          ...pushed,
        }),
      ),
    ],
  },
  {
    name: 'ct-idle-mixed',
    about:
      'One firewall timer of 6 s and four connections that were silent for 2, 4, 8 and 11 s: the first two live on, the others are reset when they speak.',
    path: { delayMs: 20 },
    run: async lab => {
      await statefulFirewall(lab, 'r1', 6)
      await listen(lab, { port: 8000 })
      for (const id of ['a', 'b', 'c', 'd']) {
        await dial(lab, id, { port: 8000 })
        await fetch(lab, id)
      }
      for (const [id, wait] of [
        ['a', 2000],
        ['b', 2000],
        ['c', 4000],
        ['d', 3000],
      ] as const) {
        await sleep(wait)
        await fetch(lab, id)
      }
      await sleep(100)
    },
    rules: [device('server', [CLIENT], timedOut('request-lost'))],
  },
  {
    name: 'ct-idle-nat',
    about:
      'A masquerading router forgets after 5 s; after 9 s the server pushes data to the address of the router, whose own kernel answers that it has no such socket.',
    path: { delayMs: 22 },
    run: async lab => {
      await lab.sysctl('r1', 'netfilter/nf_conntrack_tcp_loose', 0)
      await lab.sysctl('r1', 'netfilter/nf_conntrack_tcp_timeout_established', 5)
      await lab.nft('r1', chain('postrouting', ['oif wan0 masquerade'], 'nat', '100'))
      await listen(lab, { mode: 'manual', port: 5222 })
      await open(lab, 'a', { port: 5222 })
      await exchange(lab)
      await sleep(9000)
      await lab.ask('server', { do: 'send', id: 'sa', data: 'EVENT order 1881 paid\r\n' })
      await sleep(200)
    },
    rules: [
      {
        ...device(
          'client',
          [SERVER],
          timedOut('transfer-cut', {
            originAcceptable: ['unknown'],
            acceptable: ['nat-state-loss', 'post-restart'],
            kernelReason: null,
            ...pushed,
          }),
        ),
        who: 'any',
      },
    ],
  },
]

interface Timer {
  name: string
  about: string
  path: PathOptions
  device: object
  gap: number
  port?: number
  rules: Rule[]
  clock?: Record<string, number>
}
/** A load balancer with an idle timer, played by the forwarder. */
const timer = ({ name, about, path, device: spec, gap, port = 443, rules, clock }: Timer): Scenario => ({
  name,
  about,
  path: { ...path, devices: [{ type: 'idle', position: 0.15, ...spec }] },
  ...(clock && { clock }),
  run: async lab => {
    await listen(lab, { port })
    await dial(lab, 'a', { port })
    await fetch(lab)
    await sleep(gap)
    await send(lab, 'a', get('shop.example', '/items?page=3'))
    await recv(lab, 'a', 600, 1)
    await sleep(100)
  },
  rules,
})

const balancers: Scenario[] = [
  timer({
    name: 'lb-idle-ttl-copied',
    about:
      'A load balancer forgot the connection after 7 s and answers the next request with a bare RST; its TTL equals that of the server, but it comes after a fraction of the round trip.',
    path: { delayMs: 22 },
    device: { timeoutMs: 7000, onSpeak: [{ to: 'speaker', flags: 'R', ttl: 'copy' }] },
    gap: 9500,
    rules: [forgedRule('server', [CLIENT], timedOut('request-lost'))],
  }),
  timer({
    name: 'lb-idle-speaker-255',
    about:
      'A load balancer with a timer of 10 s resets whoever speaks after 14 s, with a TTL of its own; the other side stays half-open.',
    path: { delayMs: 19 },
    device: { timeoutMs: 10_000, onSpeak: [{ to: 'speaker', flags: 'RA', ttl: 255, win: 0 }] },
    gap: 14_000,
    rules: [forgedRule('server', [CLIENT], timedOut('request-lost'))],
    clock: { [CLIENT]: -42500 },
  }),
  timer({
    name: 'lb-idle-speaker-v6',
    about: 'As lb-idle-speaker-255 over IPv6 with bare resets and a timer of 20 s.',
    path: { delayMs: 16, v6: true },
    device: { timeoutMs: 20_000, onSpeak: [{ to: 'speaker', flags: 'R', ttl: 63 }] },
    gap: 23_000,
    rules: [forgedRule('server', [CLIENT], timedOut('request-lost'))],
  }),
  timer({
    name: 'lb-idle-both-at-expiry',
    about:
      'A load balancer resets both sides by itself the moment its timer of 12 s expires; nobody had spoken.',
    path: { delayMs: 20 },
    device: {
      timeoutMs: 12_000,
      onExpiry: [
        { to: 'client', flags: 'RA', ttl: 127, win: 0 },
        { to: 'server', flags: 'RA', ttl: 127, win: 0 },
      ],
    },
    gap: 13_000,
    rules: [
      forgedRule('server', [CLIENT], timedOut('none', { acceptable: ['middlebox-injection'] })),
      forgedRule('client', [SERVER], timedOut('none', { acceptable: ['middlebox-injection'] })),
    ],
  }),
  timer({
    name: 'lb-idle-both-on-speak',
    about: 'A firewall with a timer of 9 s resets both sides when the client speaks after 12 s.',
    path: { delayMs: 23 },
    device: {
      timeoutMs: 9000,
      onSpeak: [
        { to: 'speaker', flags: 'RA', ttl: 254, ipid: 'random' },
        { to: 'listener', flags: 'RA', ttl: 254, ipid: 'random' },
      ],
    },
    gap: 12_000,
    port: 3306,
    rules: [
      forgedRule('server', [CLIENT], timedOut('request-lost')),
      forgedRule(
        'client',
        [SERVER],
        timedOut('none', { acceptable: ['middlebox-injection', 'nat-state-loss'] }),
      ),
    ],
  }),
]

/** The endpoint's own timer: unprovoked like a load balancer's, but with the server's TTL, IP ID and timestamps. */
const endpointTimer = (name: string, gap: number, path: PathOptions): Scenario => ({
  name,
  about: `The server itself drops the silent connection after ${gap / 1000} s with a reset (linger 0).`,
  path,
  run: async lab => {
    await listen(lab, { mode: 'manual', port: 9000 })
    await open(lab, 'a', { port: 9000 })
    await exchange(lab)
    await exchange(lab, 'a', 'PING 2\r\n')
    await lab.ask('server', { do: 'abort', id: 'sa', afterMs: gap })
    await sleep(120)
  },
  rules: [
    genuine(
      'server',
      'idle-timeout',
      'none',
      { acceptable: ['abortive-close', 'benign-teardown'] },
      { in: [CLIENT, SERVER] },
    ),
  ],
})

export const idle: Scenario[] = [
  ...conntrack,
  ...balancers,
  endpointTimer('trap-idle-endpoint', 8070, { delayMs: 21 }),
  endpointTimer('trap-idle-endpoint-v6', 20_040, { delayMs: 14, v6: true }),
  endpointTimer('trap-idle-endpoint-ttl128', 12_010, { delayMs: 18, serverTtl: 128 }),
]
