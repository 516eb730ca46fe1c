/** Devices that forget a silent connection, and the endpoints they are mistaken for. */
import {
  aftermath,
  chain,
  CLIENT,
  dial,
  exchange,
  fetch,
  genuine,
  listen,
  open,
  SERVER,
  sleep,
} from './middlebox-common.ts'
import type { Rule, Verdict } from './middlebox-label.ts'
import type { Path, PathOptions, Place } from './middlebox-net.ts'
import type { Scenario } from './middlebox.ts'

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

export const timedOut = (impact: string, more: Partial<Verdict> = {}): Verdict => ({
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
  endpointTimer('trap-idle-endpoint', 8070, { delayMs: 21 }),
  endpointTimer('trap-idle-endpoint-v6', 20_040, { delayMs: 14, v6: true }),
  endpointTimer('trap-idle-endpoint-ttl128', 12_010, { delayMs: 18, serverTtl: 128 }),
]
