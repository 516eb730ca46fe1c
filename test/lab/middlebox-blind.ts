/**
 * Devices on the path, made and labelled by the contract alone after the rules were written, and never studied: see
 * endpoint-blind.ts. All are marked blind at the end.
 */
import {
  aftermath,
  alone,
  chain,
  CLIENT,
  dial,
  exchange,
  fetch,
  forgedRule,
  genuine,
  get,
  goodVisit,
  injected,
  listen,
  recv,
  send,
  SERVER,
  sleep,
} from './middlebox-common.ts'
import { askForBanned } from './middlebox-dpi.ts'
import { abort, askServer, both } from './middlebox-genuine.ts'
import { statefulFirewall, timedOut } from './middlebox-idle.ts'
import type { Rule, Verdict } from './middlebox-label.ts'
import type { Scenario } from './middlebox.ts'

const rejectPorts = (ports: string) => chain('forward', [`tcp dport { ${ports} } reject with tcp reset`])
const byDevice = (name: string, verdict: Verdict, match?: Rule['match'], files = [CLIENT]): Rule => ({
  name,
  sender: 'server',
  who: 'device',
  in: files,
  verdict,
  ...(match && { match }),
})
const refusal: Verdict = { origin: 'middlebox', cause: 'firewall-reject', impact: 'connect-failed' }
const lossImpact = { impactAcceptable: ['transfer-cut', 'none', 'unknown'] }

const firewalls: Scenario[] = [
  {
    name: 'blind-dev-reject-amqp-v6',
    about:
      'The first router refuses two broker ports over IPv6; the web port of the same host answers from behind.',
    path: { delayMs: 29, v6: true },
    run: async lab => {
      await listen(lab)
      await lab.nft('r1', rejectPorts('5671, 15672'))
      await dial(lab, 'x', { port: 5671 })
      await goodVisit(lab)
      await dial(lab, 'y', { port: 15_672 })
    },
    rules: [byDevice('refused', refusal)],
  },
  {
    name: 'blind-dev-rule-pushed-live',
    blind: false,
    about:
      'An administrator pushes a rule that rejects port 8000 while a client is at work: its next request and its next connect are refused by the router.',
    path: { delayMs: 18 },
    run: async lab => {
      await listen(lab, { port: 8000 })
      await dial(lab, 'a', { port: 8000 })
      await fetch(lab)
      await sleep(300)
      await fetch(lab)
      await lab.nft('r1', rejectPorts('8000'))
      await sleep(200)
      await fetch(lab)
      await sleep(100)
      await dial(lab, 'b', { port: 8000 })
    },
    rules: [
      byDevice('refused connect', refusal, r => r.seq === 0),
      byDevice('live', {
        origin: 'middlebox',
        cause: 'middlebox-injection',
        // A device that lost the connection and rejects what it does not know sends the same.
        acceptable: ['nat-state-loss'],
        impact: 'request-lost',
      }),
    ],
  },
  {
    name: 'blind-dev-flush-five-sql',
    about:
      'A stateful firewall is reloaded and loses five database connections; each is reset at its next word, new ones work.',
    path: { delayMs: 24 },
    run: async lab => {
      await statefulFirewall(lab, 'r1', 3600)
      await listen(lab, { port: 5432 })
      const ids = ['a', 'b', 'c', 'd', 'e']
      for (const id of ids) {
        await dial(lab, id, { port: 5432 })
        await fetch(lab, id)
      }
      await lab.exec('r1', 'conntrack', '-F')
      for (const id of ids) {
        await send(lab, id, get('db.example', `/row/${id}`))
        await sleep(130)
      }
      await dial(lab, 'z', { port: 5432 })
      await fetch(lab, 'z')
    },
    rules: [
      byDevice('lost', {
        origin: 'middlebox',
        cause: 'nat-state-loss',
        acceptable: ['middlebox-injection'],
        impact: 'request-lost',
      }),
    ],
  },
  {
    name: 'blind-dev-idle-firewall',
    about:
      'A firewall forgets after 4 s; two clients that ask again after 7 and 8 s are reset by it at once.',
    path: { delayMs: 26 },
    run: async lab => {
      await statefulFirewall(lab, 'r1', 4)
      await listen(lab, { port: 8000 })
      for (const id of ['a', 'b']) {
        await dial(lab, id, { port: 8000 })
        await fetch(lab, id)
      }
      await sleep(7000)
      await fetch(lab, 'a')
      await sleep(1000)
      await fetch(lab, 'b')
      await sleep(100)
    },
    rules: [byDevice('forgot', timedOut('request-lost'))],
  },
]

/** A forbidden host in a request; what the device sends to whom. */
const forbidden = (
  name: string,
  about: string,
  path: Scenario['path'],
  shapes: { to: 'client' | 'server' }[],
  rest: Partial<Scenario> = {},
): Scenario => {
  const to = (side: string) => shapes.some(s => s.to === side)
  const trigger = { on: 'payload', dir: 'client', contains: 'Host: banned.example' }
  return {
    name,
    about,
    path: { ...path, devices: [{ type: 'inject', position: 0.45, trigger, shapes }] },
    ...rest,
    run: lab => askForBanned(lab, {}, !to('client')),
    rules: [
      ...(to('client') ? [forgedRule('server', [CLIENT], injected('request-lost'))] : []),
      ...(to('server') ? [forgedRule('client', [SERVER], injected('request-lost', lossImpact))] : []),
      aftermath('client', to('server') ? undefined : alone(SERVER, 'request-lost')),
      aftermath('server', to('client') ? undefined : alone(CLIENT, 'request-lost')),
    ],
  }
}
const forger = (to: 'client' | 'server', more: object) => ({ to, flags: 'RA', ...more })

const injectors: Scenario[] = [
  forbidden(
    'blind-dev-proxy-one-each',
    'A web filter in the middle resets both sides once, TTL from 128, window 5840, an ID of its own.',
    { delayMs: 23 },
    [
      forger('client', { ttl: 124, win: 5840, ipid: 'random' }),
      forger('server', { ttl: 122, win: 5840, ipid: 'random' }),
    ],
  ),
  forbidden(
    'blind-dev-bare-v6-cut',
    'A filter sends the client two bare resets over IPv6, hop limit from 255; frames cut at 100 bytes.',
    { delayMs: 34, v6: true },
    [
      { to: 'client', flags: 'R', ttl: 250 } as { to: 'client' },
      { to: 'client', flags: 'R', ttl: 250, delayMs: 1 } as { to: 'client' },
    ],
    { snaplen: 100 },
  ),
  {
    name: 'blind-dev-leak-filter',
    about:
      'A data loss filter lets a download go for 6 KB, then resets both sides and drops what follows; TTLs as if from further away.',
    path: {
      delayMs: 21,
      devices: [
        {
          type: 'inject',
          position: 0.7,
          trigger: { on: 'bytes', dir: 'server', atLeast: 6000 },
          after: 'drop',
          dropTrigger: true,
          shapes: [
            forger('client', { ttl: 45, win: 0, ipid: 0 }),
            forger('server', { ttl: 45, win: 0, ipid: 0 }),
          ],
        },
      ],
    },
    run: async lab => {
      await listen(lab, { port: 8000, chunks: 14, size: 1000, everyMs: 30 })
      await dial(lab, 'a', { port: 8000 })
      await send(lab, 'a', get('files.example', '/customers.csv'))
      await recv(lab, 'a', 14_000, 1)
      await sleep(200)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('transfer-cut')),
      forgedRule('client', [SERVER], injected('transfer-cut')),
      aftermath('client'),
      aftermath('server'),
    ],
  },
]

const genuines: Scenario[] = [
  abort({
    name: 'blind-dev-genuine-jitter',
    about:
      'A server aborts while it owes an answer; the path has 20 % jitter, the clocks are 3 s apart. No device.',
    path: { delayMs: 33, jitter: 0.2, serverTtl: 128 },
    port: 9090,
    clock: { [SERVER]: 3000 },
    steps: async lab => {
      await exchange(lab)
      await exchange(lab, 'a', 'PING 2\r\n')
      await askServer(lab)
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 350 })
      await sleep(400)
    },
    rules: [genuine('server', 'abortive-close', 'request-lost', {}, both)],
  }),
  abort({
    name: 'blind-dev-genuine-client-v6',
    about:
      'A client aborts a request it does not want to wait for, over IPv6, frames cut at 90 bytes. No device.',
    path: { delayMs: 28, v6: true, jitter: 0.1 },
    port: 8888,
    snaplen: 90,
    steps: async lab => {
      await exchange(lab)
      await askServer(lab)
      await sleep(500)
      await lab.ask('client', { do: 'abort', id: 'a' })
      await sleep(100)
    },
    rules: [genuine('client', 'abortive-close', 'request-lost', {}, both)],
  }),
]

export const blindDevices: Scenario[] = [...firewalls, ...injectors, ...genuines].map(s => ({
  blind: true,
  ...s,
}))
