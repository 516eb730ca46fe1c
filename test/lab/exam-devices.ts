/**
 * The second set of blind scenarios (see exam-servers.ts): devices on the path, labelled by the contract alone, and
 * genuine resets on a path that looks suspicious.
 */
import { examined } from './studied.ts'
import {
  aftermath,
  alone,
  chain,
  CLIENT,
  dial,
  exchange,
  fetch,
  genuine,
  get,
  goodVisit,
  listen,
  lostConnection,
  open,
  send,
  SERVER,
  sleep,
} from './middlebox-common.ts'
import { abort, askServer, both } from './middlebox-genuine.ts'
import { statefulFirewall, timedOut } from './middlebox-idle.ts'
import type { Rule, Verdict } from './middlebox-label.ts'
import type { Scenario } from './middlebox.ts'

const byDevice = (name: string, verdict: Verdict, more: Partial<Rule> = {}): Rule => ({
  name,
  sender: 'server',
  who: 'device',
  in: [CLIENT],
  verdict,
  ...more,
})
const refusal: Verdict = { origin: 'middlebox', cause: 'firewall-reject', impact: 'connect-failed' }
const rejectPorts = (ports: string) => chain('forward', [`tcp dport { ${ports} } reject with tcp reset`])

const firewalls: Scenario[] = [
  {
    name: 'exam-dev-reject-sip',
    about:
      'The first router refuses SIP (5060, 5061) without timestamps on either host; the web port of the same host answers from behind. 25 % jitter.',
    path: { delayMs: 34, jitter: 0.25 },
    run: async lab => {
      for (const place of ['client', 'server'] as const) await lab.sysctl(place, 'ipv4/tcp_timestamps', 0)
      await listen(lab)
      await lab.nft('r1', rejectPorts('5060, 5061'))
      await goodVisit(lab)
      for (const port of [5060, 5061, 5060]) {
        await dial(lab, `p${port}`, { port })
        await sleep(300)
      }
    },
    rules: [byDevice('refused', refusal)],
  },
  {
    name: 'exam-dev-reject-far-v6',
    about:
      'The router next to the server refuses a database port over IPv6; its other port answers. Only a hop and no delay lie between.',
    path: { delayMs: 21, v6: true },
    snaplen: 110,
    run: async lab => {
      await listen(lab, { port: 443 })
      await lab.nft('r2', rejectPorts('5432'))
      await goodVisit(lab, { port: 443 })
      for (let i = 0; i < 3; i++) {
        await dial(lab, `p${i}`, { port: 5432 })
        await sleep(250)
      }
    },
    rules: [
      byDevice('refused', {
        ...refusal,
        acceptable: ['port-closed', 'unknown'],
        originAcceptable: ['unknown', 'endpoint'],
      }),
    ],
  },
  {
    name: 'exam-dev-host-firewall',
    about: 'The server host’s own packet filter rejects a port with a RST: the refusal is made by the host.',
    path: { delayMs: 19 },
    hostFilter: true,
    run: async lab => {
      await listen(lab)
      await lab.nft('server', chain('input', ['tcp dport 8443 reject with tcp reset']))
      await goodVisit(lab)
      for (let i = 0; i < 3; i++) {
        await dial(lab, `p${i}`, { port: 8443 })
        await sleep(200)
      }
    },
    rules: [
      byDevice(
        'refused',
        {
          origin: 'endpoint',
          cause: 'port-closed',
          acceptable: ['firewall-reject'],
          impact: 'connect-failed',
        },
        { in: [CLIENT, SERVER] },
      ),
    ],
  },
  {
    name: 'exam-dev-one-flow-lost',
    about:
      'conntrack -D removes one of three long-lived connections from a stateful firewall; its next request is reset, the other two go on.',
    path: { delayMs: 27 },
    run: async lab => {
      await statefulFirewall(lab, 'r1', 3600)
      await listen(lab, { port: 9200 })
      const ports = []
      for (const id of ['a', 'b', 'c']) {
        ports.push(await dial(lab, id, { port: 9200 }))
        await fetch(lab, id)
      }
      for (const id of ['a', 'b', 'c']) await fetch(lab, id)
      await lab.exec('r1', 'conntrack', '-D', '-p', 'tcp', '--sport', String(ports[1]))
      for (const id of ['a', 'b', 'c']) {
        await send(lab, id, get('search.example', `/q/${id}`))
        await sleep(160)
      }
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
    name: 'exam-dev-idle-v6',
    about:
      'A firewall forgets after 5 s, over IPv6; three clients that ask again after 7, 8 and 9 s are reset at once, a busy one is not.',
    path: { delayMs: 31, v6: true },
    run: async lab => {
      await statefulFirewall(lab, 'r1', 5)
      await listen(lab, { port: 8000 })
      for (const id of ['a', 'b', 'c', 'busy']) {
        await dial(lab, id, { port: 8000 })
        await fetch(lab, id)
      }
      for (let i = 0; i < 7; i++) {
        await sleep(1000)
        await fetch(lab, 'busy')
      }
      for (const id of ['a', 'b', 'c']) {
        await fetch(lab, id)
        await sleep(1000)
      }
    },
    rules: [byDevice('forgot', timedOut('request-lost'))],
  },
  {
    name: 'exam-dev-push-reject',
    about:
      'An administrator blocks a port while two downloads run: both are cut by the router’s resets, which answer the client’s ACKs; a new connect is refused.',
    path: { delayMs: 20 },
    run: async lab => {
      await listen(lab, { port: 8000, chunks: 30, size: 700, everyMs: 60 })
      for (const id of ['a', 'b']) {
        await dial(lab, id, { port: 8000 })
        await send(lab, id, get('files.example', `/${id}.iso`))
      }
      await sleep(600)
      await lab.nft('r1', rejectPorts('8000'))
      await sleep(500)
      await dial(lab, 'n', { port: 8000 })
      await sleep(200)
    },
    rules: [
      byDevice('refused connect', refusal, { match: r => r.seq === 0 && (r.flags & 16) !== 0 }),
      byDevice('cut', {
        origin: 'middlebox',
        cause: 'middlebox-injection',
        acceptable: ['nat-state-loss'],
        impact: 'transfer-cut',
      }),
      aftermath('client', alone(SERVER, 'transfer-cut')),
    ],
  },
]

const renumbered: Scenario[] = [
  {
    name: 'exam-dev-nat-rebinding',
    about:
      'A NAT loses its table and gives a running connection another port: the server gets data of a connection it never had and resets it; the client gets that reset through the NAT.',
    path: { delayMs: 25 },
    run: async lab => {
      await lab.sysctl('r1', 'netfilter/nf_conntrack_tcp_loose', 1)
      await lab.nft('r1', chain('postrouting', ['oif wan0 masquerade random'], 'nat', '100'))
      await listen(lab, { port: 8000 })
      for (const id of ['a', 'b']) {
        await dial(lab, id, { port: 8000 })
        await fetch(lab, id)
      }
      await lab.exec('r1', 'conntrack', '-F')
      for (const id of ['a', 'b']) {
        await send(lab, id, get('shop.example', `/again/${id}`))
        await sleep(300)
      }
    },
    rules: [
      {
        name: 'stranger',
        sender: 'server',
        who: 'any',
        in: [CLIENT, SERVER],
        verdict: {
          origin: 'endpoint',
          originAcceptable: ['unknown'],
          cause: 'nat-state-loss',
          acceptable: lostConnection,
          impact: 'request-lost',
          impactAcceptable: ['none', 'unknown'],
        },
      },
    ],
  },
]

const genuines: Scenario[] = [
  abort({
    name: 'exam-dev-genuine-pathchange',
    about:
      'The route of the server’s packets changes (TTL two lower) in mid-connection, then the server aborts while it owes an answer. No device.',
    path: { delayMs: 30, jitter: 0.12, devices: [] },
    port: 8900,
    clock: { [CLIENT]: -2200 },
    steps: async lab => {
      await exchange(lab)
      await exchange(lab, 'a', 'PING 2\r\n')
      await lab.mid({ cmd: 'set', hops: 3 })
      await sleep(300)
      await exchange(lab, 'a', 'PING 3\r\n')
      await askServer(lab)
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 400 })
      await sleep(250)
    },
    rules: [genuine('server', 'abortive-close', 'request-lost', {}, both)],
  }),
  {
    name: 'exam-dev-genuine-forgot',
    about:
      'The server loses four connections at once (no device, nothing said) and answers each next request by RST; over IPv6, frames cut at 96 bytes.',
    path: { delayMs: 26, v6: true, jitter: 0.15 },
    snaplen: 96,
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 9090 })
      const ids = ['a', 'b', 'c', 'd']
      for (const id of ids) {
        await open(lab, id, { port: 9090 })
        await exchange(lab, id)
      }
      for (const id of ids) await lab.ask('server', { do: 'vanish', id: `s${id}` })
      for (const id of ids) {
        await send(lab, id, get('api.example', `/${id}`))
        await sleep(200)
      }
    },
    rules: [
      genuine(
        'server',
        'post-restart',
        'request-lost',
        { acceptable: ['process-crash', 'nat-state-loss', 'desynchronized', 'unknown'] },
        both,
      ),
    ],
  },
]

export const examDevices: Scenario[] = [...firewalls, ...renumbered, ...genuines].map(examined)
