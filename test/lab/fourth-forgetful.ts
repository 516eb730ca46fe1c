/** The fourth set of blind scenarios (see fourth-servers.ts): devices that forget connections or count their age. */
import {
  aftermath,
  CLIENT,
  dial,
  exchange,
  fetch,
  forgedRule,
  get,
  listen,
  open,
  send,
  SERVER,
  sleep,
} from './middlebox-common.ts'
import { statefulFirewall } from './middlebox-idle.ts'
import type { Rule, Verdict } from './middlebox-label.ts'
import type { Path } from './middlebox-net.ts'
import type { CaptureSpec, Scenario } from './middlebox.ts'

type Side = 'client' | 'server'
/** Not forged by the forwarder, not sent by the kernel whose address it bears. */
export const byDevice = (name: string, sender: Side, files: string[], verdict: Verdict): Rule => ({
  name,
  sender,
  who: 'device',
  in: files,
  verdict,
})
export const ids = ['a', 'b', 'c']
export const atClient: CaptureSpec = { file: CLIENT, place: 'client', vantage: 'client' }
export const atServer: CaptureSpec = { file: SERVER, place: 'server', vantage: 'server' }

export const iptables = (lab: Path, place: 'r1' | 'r2', rule: string) =>
  lab.exec(place, lab.options.v6 ? 'ip6tables' : 'iptables', ...rule.split(' '))

const timed = (impact: string, more: Partial<Verdict> = {}): Verdict => ({
  origin: 'middlebox',
  cause: 'idle-timeout',
  impact,
  ...more,
})

export const forgetful: Scenario[] = [
  {
    name: 'fourth-dev-iptables-invalid',
    about:
      'The server’s edge router forgets after 5 s (conntrack) and rejects what is INVALID (iptables, tcp-reset): three clients ask after 7.5 s of silence.',
    path: { delayMs: 19 },
    captures: [atClient],
    run: async lab => {
      await lab.sysctl('r2', 'netfilter/nf_conntrack_tcp_loose', 0)
      await lab.sysctl('r2', 'netfilter/nf_conntrack_tcp_timeout_established', 5)
      await iptables(
        lab,
        'r2',
        '-A FORWARD -p tcp -m conntrack --ctstate INVALID -j REJECT --reject-with tcp-reset',
      )
      await listen(lab, { port: 5432 })
      for (const id of ids) {
        await dial(lab, id, { port: 5432 })
        await fetch(lab, id)
        await sleep(200)
        await fetch(lab, id)
      }
      await sleep(7500)
      for (const id of ids) {
        await send(lab, id, get('db.example', `/row/${id}`))
        await sleep(200)
      }
    },
    // One TTL step nearer than the server is all that tells it from a server that forgot.
    rules: [byDevice('forgot', 'server', [CLIENT], timed('request-lost', { originAcceptable: ['unknown'] }))],
  },
  {
    name: 'fourth-dev-idle-one-then-other-v6',
    about:
      'A balancer tells only the server (RST in the client’s name) when two connections expire after 4 s; the client hears it when it asks after 6 s. IPv6.',
    path: {
      delayMs: 24,
      v6: true,
      devices: [
        {
          type: 'idle',
          timeoutMs: 4000,
          onExpiry: [{ to: 'server', flags: 'RA', ttl: 128, win: 0 }],
          onSpeak: [{ to: 'speaker', flags: 'RA', ttl: 128, win: 0 }],
        },
      ],
    },
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 9443 })
      for (const id of ['a', 'b']) {
        await open(lab, id, { port: 9443 })
        await exchange(lab, id)
        await exchange(lab, id, 'PING 2\r\n')
      }
      await sleep(6000)
      for (const id of ['a', 'b']) {
        await send(lab, id, 'PING 3\r\n')
        await sleep(150)
      }
    },
    rules: [
      forgedRule('client', [SERVER], timed('none')),
      forgedRule('server', [CLIENT], timed('request-lost')),
    ],
  },
  {
    name: 'fourth-dev-flush-streams',
    about:
      'A stateful firewall next to the clients is flushed while two downloads run: it resets the server for its data, the clients for their acknowledgements.',
    path: { delayMs: 23 },
    snaplen: 120,
    run: async lab => {
      await statefulFirewall(lab, 'r1', 3600)
      await listen(lab, { port: 8082, chunks: 25, size: 700, everyMs: 60 })
      for (const id of ['a', 'b']) {
        await dial(lab, id, { port: 8082 })
        await send(lab, id, get('files.example', `/${id}.iso`))
      }
      await sleep(700)
      await lab.exec('r1', 'conntrack', '-F')
      await sleep(900)
      for (const id of ['a', 'b']) {
        await send(lab, id, get('files.example', `/${id}.sig`))
        await sleep(120)
      }
    },
    rules: [
      // One TTL step nearer than the client: a weak sign alone.
      byDevice('to the server', 'client', [SERVER], {
        origin: 'middlebox',
        originAcceptable: ['unknown'],
        cause: 'nat-state-loss',
        acceptable: ['middlebox-injection'],
        impact: 'transfer-cut',
      }),
      byDevice('to the client', 'server', [CLIENT], {
        origin: 'middlebox',
        cause: 'nat-state-loss',
        acceptable: ['middlebox-injection'],
        impact: 'transfer-cut',
        impactAcceptable: ['request-lost'],
      }),
      aftermath('client'),
      aftermath('server'),
    ],
  },
  {
    name: 'fourth-dev-standby-pushes-v6',
    about:
      'A standby firewall without the table takes over next to the server: its pushes to three clients are reset at once in their names. Over IPv6.',
    path: { delayMs: 29, v6: true },
    captures: [atServer],
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 5222 })
      for (const id of ids) {
        await open(lab, id, { port: 5222 })
        await exchange(lab, id)
      }
      for (const id of ids) await exchange(lab, id, 'PING 2\r\n')
      await sleep(300)
      await statefulFirewall(lab, 'r2', 3600)
      for (const id of ids) {
        await lab.ask('server', { do: 'send', id: `s${id}`, data: `EVENT order ${id} paid\r\n` })
        await sleep(200)
      }
    },
    rules: [
      byDevice('not in the table', 'client', [SERVER], {
        origin: 'middlebox',
        cause: 'nat-state-loss',
        acceptable: ['middlebox-injection'],
        impact: 'transfer-cut',
        impactAcceptable: ['request-lost', 'none', 'unknown'],
      }),
    ],
  },
  {
    name: 'fourth-dev-age-v6',
    about:
      'A gateway ends three downloads at an age of 4 s by a RST to the client, nothing passes after; hop limit five above the server’s. IPv6.',
    path: {
      delayMs: 20,
      v6: true,
      devices: [
        {
          type: 'lifetime',
          ms: 4000,
          after: 'drop',
          shapes: [{ to: 'client', flags: 'RA', ttl: 'copy+5', win: 0 }],
        },
      ],
    },
    snaplen: 120,
    captures: [atClient],
    run: async lab => {
      await listen(lab, { port: 8083, chunks: 25, size: 500, everyMs: 230 })
      for (const id of ids) {
        await dial(lab, id, { port: 8083 })
        await send(lab, id, get('files.example', `/${id}.iso`))
        await sleep(450)
      }
      await sleep(4300)
    },
    rules: [
      forgedRule('server', [CLIENT], {
        origin: 'middlebox',
        cause: 'max-lifetime',
        acceptable: ['middlebox-injection'],
        impact: 'transfer-cut',
      }),
      aftermath('client'),
    ],
  },
]
