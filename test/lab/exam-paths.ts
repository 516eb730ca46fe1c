/** The second set of blind scenarios (see exam-servers.ts): devices that meet several connections, of which some live. */
import { examined } from './studied.ts'
import {
  aftermath,
  alone,
  ANY,
  certificate,
  chain,
  CLIENT,
  dial,
  exchange,
  fetch,
  forgedRule,
  get,
  goodVisit,
  injected,
  listen,
  open,
  recv,
  send,
  SERVER,
  sleep,
} from './middlebox-common.ts'
import { statefulFirewall, timedOut } from './middlebox-idle.ts'
import type { Rule, Verdict } from './middlebox-label.ts'
import type { Path, PathOptions } from './middlebox-net.ts'
import type { Scenario } from './middlebox.ts'

type Side = 'client' | 'server'
const unsure = { impactAcceptable: ['transfer-cut', 'none', 'unknown', 'connect-failed', 'request-lost'] }
const ra = (to: Side, more: object) => ({ to, flags: 'RA', ...more })

/** What each side is shown: forged, and what the kernels that believed it answer. */
const shown = (to: Side[], verdict: Verdict): Rule[] => [
  ...(to.includes('client') ? [forgedRule('server', [CLIENT], verdict)] : []),
  ...(to.includes('server') ? [forgedRule('client', [SERVER], verdict)] : []),
  aftermath('client', to.includes('server') ? undefined : alone(SERVER, verdict.impact)),
  aftermath('server', to.includes('client') ? undefined : alone(CLIENT, verdict.impact)),
]

interface Play {
  name: string
  about: string
  path: PathOptions
  device: object
  to: Side[]
  verdict?: Verdict
  snaplen?: number
  run: (lab: Path) => Promise<unknown>
}

const play = ({ path, device, to, verdict, run, ...rest }: Play): Scenario => ({
  ...rest,
  path: { ...path, devices: [device] },
  run: async lab => {
    await run(lab)
    await sleep(200)
  },
  rules: shown(to, verdict ?? injected('request-lost', unsure)),
})

/** Six visits to a web server; `bad` of them ask what the device forbids. */
const visits =
  (bad: number[], words: string, port = 8000) =>
  async (lab: Path) => {
    await listen(lab, { port })
    for (let i = 0; i < 6; i++) {
      await dial(lab, `v${i}`, { port })
      await fetch(lab, `v${i}`)
    }
    for (let i = 0; i < 6; i++) {
      await send(lab, `v${i}`, get('shop.example', bad.includes(i) ? `/search?q=${words}` : `/item/${i}`))
      await recv(lab, `v${i}`, 600, 0.4)
      await sleep(60)
    }
  }

const injectors: Scenario[] = [
  play({
    name: 'exam-path-sqli',
    about:
      'An IPS resets both ends of three of six connections, whose request looks like SQL injection; own TTL, random IP ID, no timestamps.',
    path: { delayMs: 28, jitter: 0.1 },
    device: {
      type: 'inject',
      position: 0.55,
      trigger: { on: 'payload', dir: 'client', contains: 'UNION+SELECT' },
      shapes: [
        ra('client', { ttl: 127, ipid: 'random', win: 8192 }),
        ra('server', { ttl: 126, ipid: 'random', win: 8192 }),
      ],
    },
    to: ['client', 'server'],
    run: visits([1, 2, 4], 'UNION+SELECT+1'),
  }),
  play({
    name: 'exam-path-off-by-one',
    about:
      'A filter resets only the client of three of six connections: TTL one off, IP ID random, everything else as the server would. 400 ms of round trip.',
    path: { delayMs: 195, jitter: 0.03 },
    device: {
      type: 'inject',
      position: 0.3,
      trigger: { on: 'payload', dir: 'client', contains: 'q=leak' },
      shapes: [ra('client', { ttl: 'copy+1', ipid: 'random', win: 'copy', timestamps: true })],
    },
    to: ['client'],
    run: visits([0, 3, 5], 'leak'),
  }),
  play({
    name: 'exam-path-expiry-both',
    about:
      'A balancer ends three idle connections after 6 s with a RST to both ends: TTL copied, window 0, no timestamps, IP ID 0.',
    path: { delayMs: 22 },
    device: {
      type: 'idle',
      timeoutMs: 6000,
      onExpiry: [ra('client', { ttl: 'copy', win: 0 }), ra('server', { ttl: 'copy', win: 0 })],
    },
    to: ['client', 'server'],
    verdict: {
      origin: 'middlebox',
      cause: 'idle-timeout',
      acceptable: ['middlebox-injection'],
      impact: 'none',
    },
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 1521 })
      for (const id of ['a', 'b', 'c']) {
        await open(lab, id, { port: 1521 })
        await exchange(lab, id)
        await sleep(300)
      }
      await sleep(6500)
    },
  }),
  play({
    name: 'exam-path-tls-three',
    about:
      'A censor sends the client three resets, bare and with ACK, for each of three handshakes with a forbidden name over IPv6; hop limit of its own.',
    path: { delayMs: 31, v6: true },
    device: {
      type: 'inject',
      position: 0.4,
      trigger: { on: 'payload', dir: 'client', contains: 'news.example' },
      shapes: [
        { to: 'client', flags: 'R', ttl: 110 },
        ra('client', { ttl: 111, win: 900 }),
        ra('client', { ttl: 112, win: 901, delayMs: 1 }),
      ],
    },
    to: ['client'],
    verdict: injected('connect-failed', unsure),
    run: async lab => {
      await listen(lab, { port: 443, cert: await certificate(lab, 'www.example'), mode: 'echo' })
      await dial(lab, 'ok', { port: 443, sni: 'www.example' })
      for (const id of ['a', 'b', 'c']) {
        await dial(lab, id, { port: 443, sni: 'news.example' })
        await sleep(150)
      }
    },
  }),
  play({
    name: 'exam-path-download-limit',
    about:
      'A cache appliance cuts three downloads after 15 KB: RST to both ends, no timestamps, TTL 255 of its own; nothing passes after.',
    path: { delayMs: 18 },
    snaplen: 110,
    device: {
      type: 'inject',
      position: 0.5,
      trigger: { on: 'bytes', dir: 'server', atLeast: 15_000 },
      after: 'drop',
      dropTrigger: true,
      shapes: [ra('client', { ttl: 254, win: 0 }), ra('server', { ttl: 253, win: 0 })],
    },
    to: ['client', 'server'],
    verdict: injected('transfer-cut'),
    run: async lab => {
      await listen(lab, { port: 8080, chunks: 24, size: 1000, everyMs: 18 })
      for (const id of ['a', 'b', 'c']) {
        await dial(lab, id, { port: 8080 })
        await send(lab, id, get('files.example', `/${id}.iso`))
        await recv(lab, id, 25_000, 0.7)
      }
    },
  }),
]

const lost: Verdict = {
  origin: 'middlebox',
  cause: 'nat-state-loss',
  acceptable: ['middlebox-injection'],
  impact: 'request-lost',
}
const atClient = (name: string, verdict: Verdict, more: Partial<Rule> = {}): Rule => ({
  name,
  sender: 'server',
  who: 'device',
  in: [CLIENT],
  verdict,
  ...more,
})

const forgetful: Scenario[] = [
  {
    name: 'exam-path-standby-takes-over',
    about:
      'A standby firewall without the table takes over from one moment to the next: four busy connections are reset at their next request, new ones work.',
    path: { delayMs: 24, jitter: 0.1 },
    run: async lab => {
      await listen(lab, { port: 1521 })
      const ids = ['a', 'b', 'c', 'd']
      for (const id of ids) await dial(lab, id, { port: 1521 })
      for (let i = 0; i < 2; i++) for (const id of ids) await fetch(lab, id)
      await statefulFirewall(lab, 'r1', 3600)
      for (const id of ids) {
        await send(lab, id, get('db.example', `/row/${id}`))
        await sleep(90)
      }
      await dial(lab, 'n', { port: 1521 })
      await fetch(lab, 'n')
    },
    rules: [atClient('lost', lost)],
  },
  {
    name: 'exam-path-flush-v6',
    about:
      'A firewall’s table is flushed: six connections over IPv6 are reset at their next request. Frames cut at 96 bytes.',
    path: { delayMs: 35, v6: true },
    snaplen: 96,
    run: async lab => {
      await statefulFirewall(lab, 'r1', 3600)
      await listen(lab, { port: 6379 })
      const ids = ['a', 'b', 'c', 'd', 'e', 'f']
      for (const id of ids) {
        await dial(lab, id, { port: 6379 })
        await fetch(lab, id)
      }
      await lab.exec('r1', 'conntrack', '-F')
      for (const id of ids) {
        await send(lab, id, get('cache.example', `/${id}`))
        await sleep(110)
      }
    },
    rules: [atClient('lost', lost)],
  },
  {
    name: 'exam-path-server-pushes',
    about:
      'A firewall next to the server forgets after 4 s; the server pushes to three idle clients after 7 s and is reset by it at once.',
    path: { delayMs: 27 },
    run: async lab => {
      await statefulFirewall(lab, 'r2', 4)
      await listen(lab, { mode: 'manual', port: 5222 })
      for (const id of ['a', 'b', 'c']) {
        await open(lab, id, { port: 5222 })
        await exchange(lab, id)
      }
      await sleep(7000)
      for (const id of ['a', 'b', 'c']) {
        await lab.ask('server', { do: 'send', id: `s${id}`, data: `EVENT order ${id} paid\r\n` })
        await sleep(250)
      }
    },
    rules: [
      {
        name: 'forgot',
        sender: 'client',
        who: 'device',
        in: [SERVER],
        verdict: timedOut('transfer-cut', { impactAcceptable: ['request-lost', 'unknown', 'none'] }),
      },
    ],
  },
  {
    name: 'exam-path-reject-ports',
    about:
      'The first router refuses three ports of a host with TTL 128, twice each; its web port answers now and then. Timestamps off.',
    path: { delayMs: 33, serverTtl: 128 },
    run: async lab => {
      for (const place of ['client', 'server'] as const) await lab.sysctl(place, 'ipv4/tcp_timestamps', 0)
      await listen(lab)
      await lab.nft('r1', chain('forward', ['tcp dport { 1433, 3389, 5985 } reject with tcp reset']))
      for (let i = 0; i < 2; i++) {
        await goodVisit(lab)
        for (const port of [1433, 3389, 5985]) {
          await dial(lab, `p${port}`, { port })
          await sleep(200)
        }
      }
    },
    rules: [atClient('refused', { origin: 'middlebox', cause: 'firewall-reject', impact: 'connect-failed' })],
  },
  {
    name: 'exam-path-router-nat',
    about:
      'A masquerading router, captured on both sides; a filter behind it resets two clients’ connections. The two captures differ in addresses.',
    path: {
      delayMs: 20,
      devices: [
        {
          type: 'inject',
          position: 0.5,
          trigger: { on: 'payload', dir: 'client', contains: 'Host: banned.example' },
          shapes: [ra('client', { ttl: 200, ipid: 'random', win: 1000 })],
        },
      ],
    },
    captures: [
      { file: 'lan.pcap', place: 'r1', device: 'lan0', vantage: 'router' },
      { file: 'wan.pcap', place: 'r1', device: 'wan0', vantage: 'router' },
      { file: CLIENT, place: 'client', vantage: 'client' },
    ],
    run: async lab => {
      await lab.nft('r1', chain('postrouting', ['oif wan0 masquerade'], 'nat', '100'))
      await listen(lab)
      for (const id of ['a', 'b']) {
        await dial(lab, id)
        await fetch(lab, id)
        await send(lab, id, get('banned.example'))
        await sleep(300)
      }
    },
    rules: [
      forgedRule('server', ['lan.pcap', 'wan.pcap', CLIENT], injected('request-lost', unsure)),
      aftermath('client'),
    ],
  },
  {
    name: 'exam-path-any-reject',
    about:
      'Router with -i any: it rejects two connects itself (one RST each), a third connect is refused by the server (seen twice), a fourth works.',
    path: { delayMs: 15 },
    captures: [
      { file: ANY, place: 'r1', device: 'any', vantage: 'any' },
      { file: CLIENT, place: 'client', vantage: 'client' },
    ],
    run: async lab => {
      await listen(lab)
      await lab.nft('r1', chain('forward', ['tcp dport 5900 reject with tcp reset']))
      await goodVisit(lab)
      for (const port of [5900, 5901, 5900]) {
        await dial(lab, `p${port}`, { port })
        await sleep(150)
      }
    },
    rules: [
      atClient(
        'rejected',
        { origin: 'middlebox', cause: 'firewall-reject', impact: 'connect-failed' },
        { port: 5900 },
      ),
      {
        name: 'closed',
        sender: 'server',
        who: 'kernel',
        port: 5901,
        in: [CLIENT, ANY],
        verdict: { origin: 'endpoint', cause: 'port-closed', impact: 'connect-failed' },
      },
    ],
  },
]

export const examPaths: Scenario[] = [...injectors, ...forgetful].map(examined)
