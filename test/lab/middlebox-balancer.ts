/** Load balancers with an idle timer. */
import {
  CLIENT,
  dial,
  fetch,
  forgedRule,
  get,
  listen,
  recv,
  send,
  SERVER,
  sleep,
} from './middlebox-common.ts'
import { timedOut } from './middlebox-idle.ts'
import type { Rule } from './middlebox-label.ts'
import type { PathOptions } from './middlebox-net.ts'
import type { Scenario } from './middlebox.ts'

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

export const balancers: Scenario[] = [
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
