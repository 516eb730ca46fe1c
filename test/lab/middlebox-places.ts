/** Injectors at other places of the path than those of middlebox-dpi.ts, with other triggers and other packets; all captured at both ends. */
import {
  aftermath,
  alone,
  certificate,
  chain,
  CLIENT,
  close,
  dial,
  exchange,
  fetch,
  forgedRule,
  get,
  injected,
  listen,
  open,
  recv,
  send,
  SERVER,
  sleep,
} from './middlebox-common.ts'
import { askForBanned, counting, host } from './middlebox-dpi.ts'
import type { Rule } from './middlebox-label.ts'
import type { Path, PathOptions } from './middlebox-net.ts'
import type { Scenario } from './middlebox.ts'

type To = 'client' | 'server'
const lossy = { impactAcceptable: ['transfer-cut', 'none', 'unknown', 'connect-failed', 'request-lost'] }

/** What each side is shown: forged, and what the kernels that believed it answer. */
const shown = (to: To[], impact: string): Rule[] => [
  ...(to.includes('client') ? [forgedRule('server', [CLIENT], injected(impact, lossy))] : []),
  ...(to.includes('server') ? [forgedRule('client', [SERVER], injected(impact, lossy))] : []),
  aftermath('client', to.includes('server') ? undefined : alone(SERVER, impact)),
  aftermath('server', to.includes('client') ? undefined : alone(CLIENT, impact)),
]

interface Play {
  name: string
  about: string
  path: PathOptions
  device: object
  to: To[]
  impact?: string
  clock?: Record<string, number>
  snaplen?: number
  before?: (lab: Path) => Promise<unknown>
  run?: (lab: Path) => Promise<unknown>
}
const play = ({ path, device, to, impact = 'request-lost', run, ...rest }: Play): Scenario => ({
  ...rest,
  heldOut: true,
  path: { ...path, devices: [{ type: 'inject', ...device }] },
  run: async lab => {
    await (run ?? askForBanned)(lab)
    await sleep(100)
  },
  rules: shown(to, impact),
})

const banned = host('Host: banned.example')
const masquerade = (lab: Path) => lab.nft('r1', chain('postrouting', ['oif wan0 masquerade'], 'nat', '100'))

/** A line protocol, spoken by hand. */
const mail = (words: string[]) => async (lab: Path) => {
  await listen(lab, { mode: 'manual', port: 25 })
  await open(lab, 'a', { port: 25 })
  await lab.ask('server', { do: 'send', id: 'sa', data: '220 mx.example ESMTP\r\n' })
  await recv(lab, 'a', 20)
  for (const word of words) {
    await send(lab, 'a', word)
    await lab.ask('server', { do: 'recv', id: 'sa', bytes: word.length, timeout: 0.4 })
    await lab.ask('server', { do: 'send', id: 'sa', data: '250 OK\r\n' })
    await recv(lab, 'a', 8, 0.4)
  }
  await sleep(150)
}

const tls = (name: string) => async (lab: Path) => {
  await listen(lab, { port: 443, cert: await certificate(lab, 'www.example'), mode: 'echo' })
  await dial(lab, 'ok', { port: 443, sni: 'www.example' })
  await send(lab, 'ok', get('www.example'))
  await recv(lab, 'ok', 40)
  await close(lab, 'ok')
  await dial(lab, 'a', { port: 443, sni: name })
  await sleep(100)
}

const download = (size: number) => async (lab: Path) => {
  await listen(lab, { port: 8080, chunks: 30, size: 1200, everyMs: 12 })
  await dial(lab, 'ok', { port: 8080 })
  await recv(lab, 'ok', 1, 0.05)
  await send(lab, 'ok', get('files.example', '/a.iso'))
  await recv(lab, 'ok', size, 1.2)
}

const overNat: Scenario[] = [
  play({
    name: 'place-nat-client',
    about:
      'The client stands behind a masquerading router, the injector behind that: the two ends see other addresses.',
    path: { delayMs: 19 },
    device: {
      position: 0.4,
      trigger: banned,
      shapes: [{ to: 'client', flags: 'RA', ttl: 99, ipid: 'random', win: 0 }],
    },
    to: ['client'],
    before: masquerade,
  }),
  play({
    name: 'place-nat-both',
    about: 'As place-nat-client; both ends are reset, the clock of one capture is three minutes ahead.',
    path: { delayMs: 26 },
    device: {
      position: 0.6,
      trigger: banned,
      shapes: [...counting('client', 64, 512), ...counting('server', 64, 512)],
    },
    to: ['client', 'server'],
    clock: { [SERVER]: 183_000 },
    before: masquerade,
  }),
  play({
    name: 'place-dnat',
    about:
      'A virtual address of the first router leads to the server; the injector works behind the translation.',
    path: { delayMs: 17 },
    device: {
      position: 0.5,
      trigger: banned,
      shapes: [{ to: 'client', flags: 'R', ttl: 58, ipid: 777, win: 0 }],
    },
    to: ['client'],
    before: lab =>
      lab.nft(
        'r1',
        chain(
          'prerouting',
          [`ip daddr ${lab.v4(4, 9)} tcp dport 80 dnat ip to ${lab.server}`],
          'nat',
          '-100',
        ),
      ),
    run: lab => askForBanned(lab, { host: lab.v4(4, 9) }),
  }),
]

const places: Scenario[] = [
  play({
    name: 'place-first-hop',
    about:
      'The injector is the first hop: its reset to the client has crossed one router fewer than a reply, the one to the server nearly the whole path.',
    path: { delayMs: 28 },
    device: {
      position: 0.02,
      trigger: banned,
      shapes: [
        { to: 'client', flags: 'RA', ttl: 64, ipid: 0, win: 0 },
        { to: 'server', flags: 'RA', ttl: 62, ipid: 0, win: 0 },
      ],
    },
    to: ['client', 'server'],
  }),
  play({
    name: 'place-last-hop',
    about: 'The injector stands beside the server: its reset to the client comes after a whole round trip.',
    path: { delayMs: 24 },
    device: {
      position: 0.98,
      trigger: banned,
      shapes: [{ to: 'client', flags: 'RA', ttl: 250, ipid: 'random', win: 'copy' }],
    },
    to: ['client'],
  }),
  play({
    name: 'place-last-hop-in-path-v6',
    about: 'As place-last-hop, in the path, over IPv6: the request never reaches the server.',
    path: { delayMs: 21, v6: true },
    device: {
      position: 0.95,
      trigger: banned,
      dropTrigger: true,
      after: 'drop',
      shapes: [{ to: 'client', flags: 'RA', ttl: 60, win: 0 }],
    },
    to: ['client'],
  }),
  play({
    name: 'place-in-path-silent-server',
    about: 'An in-path filter swallows the request, resets the client and leaves the server half-open.',
    path: { delayMs: 33 },
    device: {
      position: 0.3,
      trigger: banned,
      dropTrigger: true,
      after: 'drop',
      shapes: [{ to: 'client', flags: 'RA', ttl: 'copy+1', ipid: 'random', win: 0 }],
    },
    to: ['client'],
    snaplen: 90,
  }),
]

const words: Scenario[] = [
  play({
    name: 'place-url-keyword',
    about: 'A word in the path of the URL, not the host name, draws the resets.',
    path: { delayMs: 22 },
    device: {
      position: 0.3,
      trigger: { on: 'payload', dir: 'client', contains: '/forbidden' },
      shapes: [
        { to: 'client', flags: 'RA', ttl: 77, ipid: 'random', win: 7300 },
        { to: 'server', flags: 'RA', ttl: 91, ipid: 'random', win: 7300 },
      ],
    },
    to: ['client', 'server'],
    run: async lab => {
      await listen(lab)
      await dial(lab)
      await fetch(lab)
      await send(lab, 'a', get('shop.example', '/forbidden?x=1'))
      await recv(lab, 'a', 600, 0.4)
    },
  }),
  play({
    name: 'place-third-request',
    about: 'Two requests of a kept connection pass, the third has a forbidden Host header.',
    path: { delayMs: 25, v6: true },
    device: { position: 0.2, trigger: banned, shapes: [{ to: 'client', flags: 'R', ttl: 255, label: 0 }] },
    to: ['client'],
    run: async lab => {
      await listen(lab)
      await dial(lab)
      await fetch(lab)
      await sleep(300)
      await fetch(lab)
      await sleep(200)
      await send(lab, 'a', get('banned.example'))
      await recv(lab, 'a', 600, 0.3)
    },
  }),
  play({
    name: 'place-smtp-word',
    about: 'A mail filter resets the client when it reads a word in the mail.',
    path: { delayMs: 20 },
    device: {
      position: 0.5,
      trigger: { on: 'payload', dir: 'client', contains: 'spamword' },
      shapes: [{ to: 'client', flags: 'RA', ttl: 127, ipid: 'random', win: 0 }],
    },
    to: ['client'],
    run: mail(['EHLO me.example\r\n', 'MAIL FROM:<a@b.example>\r\n', 'Subject: spamword\r\n']),
  }),
  play({
    name: 'place-smtp-answer',
    about: 'A device dislikes an answer of the server and resets the server only.',
    path: { delayMs: 23 },
    device: {
      position: 0.4,
      trigger: { on: 'payload', dir: 'server', contains: '250 OK' },
      shapes: [{ to: 'server', flags: 'RA', ttl: 61, ipid: 'random', win: 0 }],
    },
    to: ['server'],
    run: mail(['EHLO me.example\r\n', 'MAIL FROM:<a@b.example>\r\n']),
  }),
]

const sni: Scenario[] = [
  play({
    name: 'place-sni-client-only',
    about: 'Only the client is reset after its ClientHello, by three RST+ACK.',
    path: { delayMs: 27 },
    device: { position: 0.5, trigger: host('blocked.example'), shapes: counting('client', 47, 1980) },
    to: ['client'],
    run: tls('blocked.example'),
  }),
  play({
    name: 'place-sni-copy-v6',
    about: 'As place-sni-client-only over IPv6 with one RST+ACK that copies hop limit and timestamps.',
    path: { delayMs: 30, v6: true },
    device: {
      position: 0.1,
      trigger: host('blocked.example'),
      shapes: [{ to: 'client', flags: 'RA', ttl: 'copy', win: 'copy', timestamps: true }],
    },
    to: ['client'],
    run: tls('blocked.example'),
  }),
]

const numbers: Scenario[] = [
  play({
    name: 'place-12503',
    about: 'Two bare resets each way, the second 12503 above the first.',
    path: { delayMs: 24 },
    device: {
      position: 0.5,
      trigger: { on: 'bytes', dir: 'server', atLeast: 9000 },
      shapes: (['client', 'server'] as const).flatMap(to => [
        { to, flags: 'R', ttl: 121, ipid: 'random', win: 0 },
        { to, flags: 'R', ttl: 121, ipid: 'random', win: 0, seqOff: 12503, delayMs: 0.3 },
      ]),
    },
    to: ['client', 'server'],
    impact: 'transfer-cut',
    run: download(30_000),
  }),
  play({
    name: 'place-1460',
    about: 'Two RST+ACK to the client, the second one segment above the first.',
    path: { delayMs: 18 },
    device: {
      position: 0.3,
      trigger: banned,
      shapes: [0, 1460].map((seqOff, k) => ({
        to: 'client',
        flags: 'RA',
        seqOff,
        ttl: 61 + k,
        ipid: 'random',
        win: 4096,
        delayMs: k * 0.2,
      })),
    },
    to: ['client'],
  }),
  play({
    name: 'place-volume-v6',
    about: 'After 18 kB of a download a shaper ends it with a bare reset to each end.',
    path: { delayMs: 16, v6: true },
    device: {
      position: 0.5,
      trigger: { on: 'bytes', dir: 'server', atLeast: 18_000 },
      shapes: (['client', 'server'] as const).map(to => ({ to, flags: 'R', ttl: 57, win: 0 })),
    },
    to: ['client', 'server'],
    impact: 'transfer-cut',
    run: download(36_000),
  }),
  play({
    name: 'place-two-at-once',
    about: 'Two connections of one client at the same time; only one asks for the forbidden host.',
    path: { delayMs: 29, serverTtl: 128 },
    device: {
      position: 0.3,
      trigger: banned,
      shapes: [
        { to: 'client', flags: 'RA', ttl: 128, ipid: 'random', win: 0 },
        { to: 'server', flags: 'RA', ttl: 128, ipid: 'random', win: 0 },
      ],
    },
    to: ['client', 'server'],
    run: async lab => {
      await listen(lab, { mode: 'manual' })
      await open(lab, 'b')
      await open(lab, 'a')
      await exchange(lab, 'b')
      await send(lab, 'a', get('banned.example'))
      await sleep(80)
      await exchange(lab, 'b', 'PING 2\r\n', 300)
      await close(lab, 'b')
    },
  }),
]

export const injectorPlaces: Scenario[] = [...overNat, ...places, ...words, ...sni, ...numbers]
