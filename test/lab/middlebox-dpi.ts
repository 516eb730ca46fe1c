/** Injectors: devices that read the traffic and forge resets into it. */
import type { Scenario } from './middlebox.ts'
import type { PathOptions, Path } from './middlebox-net.ts'
import {
  aftermath,
  alone,
  certificate,
  CLIENT,
  close,
  dial,
  fetch,
  forgedRule,
  get,
  goodVisit,
  injected,
  listen,
  recv,
  send,
  SERVER,
  sleep,
} from './middlebox-common.ts'

type To = 'client' | 'server'
const odd = { ipid: 'random', win: 'random', df: false }
/** Three RST+ACK climbing by one and three segments, and a bare RST, each with its own TTL. */
const climbing = (to: To, ttl: number) => [
  ...[0, 1460, 4380].map((seqOff, k) => ({
    to,
    flags: 'RA',
    seqOff,
    ttl: ttl + k,
    ...odd,
    delayMs: k * 0.2,
  })),
  { to, flags: 'R', ttl: ttl - 37, ...odd, delayMs: 0.7 },
]
/** Three RST+ACK with the same numbers and a window that counts up. */
const counting = (to: To, ttl: number, win: number) =>
  [0, 1, 2].map(k => ({ to, flags: 'RA', ttl: ttl + k, ipid: 'random', win: win + k, delayMs: k * 0.15 }))
const host = (name: string) => ({ on: 'payload', dir: 'client', contains: name })
const lossy = { impactAcceptable: ['transfer-cut', 'none', 'unknown'] }
/** The server answered into the void: its request was served, its answer never acknowledged. */
const atServer = injected('request-lost', lossy)

async function askForBanned(lab: Path, options: object = {}, again = false) {
  await listen(lab, { size: 2500, thinkMs: again ? 40 : 0, port: 80, ...options })
  await dial(lab, 'ok', options)
  await fetch(lab, 'ok', 2500)
  await dial(lab, 'a', options)
  await send(lab, 'a', get('banned.example', '/news'))
  await recv(lab, 'a', 2500, again ? 0.3 : 1)
  if (again) await send(lab, 'a', get('shop.example', '/again'))
  await sleep(90)
  await close(lab, 'a')
  await close(lab, 'ok')
}

interface Both {
  name: string
  about: string
  path: PathOptions
  dial?: object
  shapes: object[]
  device?: object
  clock?: Record<string, number>
  snaplen?: number
}
/** A request with a forbidden Host header, copies of it read on the way, resets to those whom the shapes name. */
const hostTrigger = ({ name, about, path, dial: options, shapes, device, ...rest }: Both): Scenario => {
  const to = (side: To) => shapes.some(s => (s as { to: string }).to === side)
  return {
    name,
    about,
    path: {
      ...path,
      devices: [{ type: 'inject', position: 0.2, trigger: host('Host: banned.example'), shapes, ...device }],
    },
    ...rest,
    run: lab => askForBanned(lab, options, !to('client')),
    rules: [
      ...(to('client') ? [forgedRule('server', [CLIENT], injected('request-lost'))] : []),
      ...(to('server') ? [forgedRule('client', [SERVER], atServer)] : []),
      aftermath('client', to('server') ? undefined : alone(SERVER, 'request-lost')),
      aftermath('server', to('client') ? undefined : alone(CLIENT, 'request-lost')),
    ],
  }
}

const gfw =
  'A censor on the path sees a forbidden Host header in a copy of the request and resets both sides: three RST+ACK climbing by 1460 and 4380 and one bare RST each, with odd TTLs'

const byHost: Scenario[] = [
  hostTrigger({
    name: 'dpi-gfw-http',
    about: `${gfw}.`,
    path: { delayMs: 32 },
    shapes: [...climbing('client', 112), ...climbing('server', 131)],
  }),
  hostTrigger({
    name: 'dpi-gfw-http-v6',
    about: `${gfw}; IPv6, hop limits.`,
    path: { delayMs: 27, v6: true },
    shapes: [...climbing('client', 90), ...climbing('server', 70)],
  }),
  hostTrigger({
    name: 'dpi-gfw-http-8080',
    about: `${gfw}; port 8080, a slower path, frames cut at 96 bytes, the server's clock 42.5 s behind.`,
    path: { delayMs: 37 },
    dial: { port: 8080 },
    shapes: [...climbing('client', 201), ...climbing('server', 188)],
    clock: { [SERVER]: -42500 },
    snaplen: 96,
  }),
  hostTrigger({
    name: 'dpi-window-count',
    about:
      'A censor answers a forbidden Host header with three RST+ACK to each side whose windows count up by one.',
    path: { delayMs: 29 },
    shapes: [...counting('client', 81, 1980), ...counting('server', 84, 3293)],
    clock: { [CLIENT]: 1700 },
  }),
  hostTrigger({
    name: 'dpi-single-255',
    about:
      'An appliance on the path resets only the client, once, with a TTL that began at 255; the server answers the request and is told by the client that the connection is gone.',
    path: { delayMs: 21 },
    shapes: [{ to: 'client', flags: 'RA', ttl: 254, ipid: 'random', win: 0 }],
  }),
  hostTrigger({
    name: 'dpi-single-255-bare-v6',
    about: 'As dpi-single-255 over IPv6 with a bare RST.',
    path: { delayMs: 24, v6: true },
    shapes: [{ to: 'client', flags: 'R', ttl: 255, win: 0 }],
  }),
  hostTrigger({
    name: 'dpi-single-server',
    about:
      'A device resets only the server, in the name of the client; the client learns it from the server when it speaks again.',
    path: { delayMs: 26 },
    shapes: [{ to: 'server', flags: 'RA', ttl: 121, ipid: 'random', win: 8192 }],
  }),
  hostTrigger({
    name: 'dpi-ttl-copied-late-data',
    about:
      'The reset copies the TTL and continues the IP ID of the server, but it acknowledges the request long before a round trip is over and the answer of the server still arrives.',
    path: { delayMs: 35 },
    shapes: [{ to: 'client', flags: 'RA', ttl: 'copy', ipid: 'copy+1', win: 'copy', timestamps: true }],
  }),
  hostTrigger({
    name: 'dpi-payload',
    about: 'The forged RST+ACK carries ten bytes of payload and no options; it is sent to both sides.',
    path: { delayMs: 30 },
    shapes: [
      { to: 'client', flags: 'RA', ttl: 59, ipid: 1, payload: '01020304050607080900' },
      { to: 'server', flags: 'RA', ttl: 59, ipid: 1, payload: '01020304050607080900' },
    ],
  }),
  hostTrigger({
    name: 'dpi-reflecting',
    about:
      'A firewall builds its resets out of the packet that triggered them: IP ID and window are those of the request, the TTL is its own.',
    path: { delayMs: 18 },
    shapes: [
      { to: 'client', flags: 'R', ttl: 31, mirror: true },
      { to: 'server', flags: 'R', ttl: 31, mirror: true },
    ],
  }),
  hostTrigger({
    name: 'dpi-ttl128-server',
    about: 'The server starts at TTL 128; the forged resets start at 64.',
    path: { delayMs: 22, serverTtl: 128 },
    shapes: [
      { to: 'client', flags: 'RA', ttl: 64, ipid: 0, win: 0 },
      { to: 'server', flags: 'RA', ttl: 64, ipid: 0, win: 0 },
    ],
  }),
]

const sni: Scenario = {
  name: 'dpi-sni',
  about:
    'A censor reads the server name in a TLS ClientHello and resets both sides; the same server with another name works.',
  path: {
    delayMs: 31,
    devices: [
      {
        type: 'inject',
        position: 0.25,
        trigger: host('blocked.example'),
        shapes: [...counting('client', 73, 2301), ...counting('server', 76, 811)],
      },
    ],
  },
  run: async lab => {
    await listen(lab, { port: 443, cert: await certificate(lab, 'www.example'), mode: 'echo' })
    await dial(lab, 'ok', { port: 443, sni: 'www.example' })
    await send(lab, 'ok', get('www.example'))
    await recv(lab, 'ok', 40)
    await close(lab, 'ok')
    await dial(lab, 'a', { port: 443, sni: 'blocked.example' })
    await sleep(150)
  },
  rules: [
    forgedRule(
      'server',
      [CLIENT],
      injected('request-lost', { impactAcceptable: ['connect-failed', 'unknown'] }),
    ),
    forgedRule(
      'client',
      [SERVER],
      injected('request-lost', { impactAcceptable: ['connect-failed', 'transfer-cut', 'none', 'unknown'] }),
    ),
    aftermath('client'),
    aftermath('server'),
  ],
}

const sniV6: Scenario = {
  ...sni,
  name: 'dpi-sni-v6',
  about: `${sni.about} IPv6, in the path: the ClientHello never arrives.`,
  path: {
    delayMs: 25,
    v6: true,
    devices: [
      {
        type: 'inject',
        position: 0.3,
        trigger: host('blocked.example'),
        dropTrigger: true,
        after: 'drop-client',
        shapes: [
          { to: 'client', flags: 'RA', ttl: 120, win: 0 },
          { to: 'server', flags: 'RA', ttl: 120, win: 0 },
        ],
      },
    ],
  },
  rules: [
    sni.rules[0]!,
    forgedRule(
      'client',
      [SERVER],
      injected('connect-failed', { impactAcceptable: ['request-lost', 'none', 'unknown'] }),
    ),
    aftermath('client'),
    aftermath('server'),
  ],
}

/** In-path devices that hide well: only fingerprints or the other end's capture give them away. */
const unseen = ['post-restart', 'nat-state-loss', 'desynchronized', 'data-after-close', 'unknown']
const hidden: Scenario[] = [
  {
    name: 'dpi-fingerprint',
    about:
      'An in-path device copies the TTL, keeps the timing of a full round trip and cuts the flow; its RST+ACK has no timestamps, window 0 and IP ID 0 on a Linux flow that has all three.',
    path: {
      delayMs: 20,
      devices: [
        {
          type: 'inject',
          position: 1,
          trigger: host('Host: banned.example'),
          dropTrigger: true,
          after: 'drop',
          shapes: [{ to: 'client', flags: 'RA', ttl: 'copy', ipid: 0, win: 0 }],
        },
      ],
    },
    run: lab => askForBanned(lab),
    rules: [
      forgedRule(
        'server',
        [CLIENT],
        injected('request-lost', {
          originAcceptable: ['unknown'],
          acceptable: ['unknown', 'abortive-close', 'unread-data-close'],
        }),
      ),
    ],
  },
  {
    name: 'dpi-perfect-mimic',
    about:
      'An in-path device swallows the request and answers exactly as a Linux kernel without that connection would: same TTL, IP ID 0, bare RST, a full round trip later. Only the two captures together show it.',
    path: {
      delayMs: 24,
      devices: [
        {
          type: 'inject',
          position: 1,
          trigger: host('Host: banned.example'),
          dropTrigger: true,
          after: 'drop',
          shapes: [{ to: 'client', flags: 'R', ttl: 'copy', ipid: 0, win: 0 }],
        },
      ],
    },
    clock: { [SERVER]: 1700 },
    run: lab => askForBanned(lab),
    rules: [
      forgedRule(
        'server',
        [CLIENT],
        injected('request-lost', { originAcceptable: ['unknown', 'endpoint'], acceptable: unseen }),
      ),
    ],
  },
]

const volume: Scenario[] = [
  {
    name: 'dpi-sandvine',
    about:
      'A traffic manager counts an upload and resets both sides with two RST+ACK, the second 12503 above the first.',
    path: {
      delayMs: 28,
      devices: [
        {
          type: 'inject',
          position: 0.4,
          trigger: { on: 'bytes', dir: 'client', atLeast: 9000 },
          shapes: (['client', 'server'] as const).flatMap(to => [
            { to, flags: 'RA', ttl: 'copy+3', ipid: 'copy+4' },
            { to, flags: 'RA', ttl: 'copy+3', ipid: 'copy+5', seqOff: 12503, delayMs: 0.3 },
          ]),
        },
      ],
    },
    snaplen: 128,
    run: async lab => {
      await listen(lab, { port: 6881, mode: 'sink' })
      await dial(lab, 'a', { port: 6881 })
      await lab.ask('client', { do: 'send', id: 'a', size: 1400, times: 12, everyMs: 25 })
      await sleep(120)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('transfer-cut')),
      forgedRule('client', [SERVER], injected('transfer-cut')),
      aftermath('client'),
      aftermath('server'),
    ],
  },
  {
    name: 'dpi-response-keyword',
    about:
      'A censor finds a word in the answer of the server and resets both sides; the answer goes on meanwhile, so its numbers are behind at the client.',
    path: {
      delayMs: 26,
      devices: [
        {
          type: 'inject',
          position: 0.6,
          trigger: { on: 'payload', dir: 'server', contains: 'lazy dog' },
          shapes: [
            { to: 'client', flags: 'RA', ttl: 97, ...odd },
            { to: 'server', flags: 'RA', ttl: 103, ...odd },
          ],
        },
      ],
    },
    snaplen: 200,
    run: async lab => {
      await listen(lab, { chunks: 8, size: 2600, everyMs: 30 })
      await dial(lab)
      await fetch(lab, 'a', 40_000)
      await sleep(80)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('ignored', { impactAcceptable: ['transfer-cut'] })),
      forgedRule('client', [SERVER], injected('transfer-cut')),
      aftermath('client', alone(SERVER, 'none')),
      aftermath('server', { [CLIENT]: { impactAcceptable: ['transfer-cut', 'ignored'] } }),
    ],
  },
  {
    name: 'ips-long-transfer',
    about:
      'A Linux router counts the bytes of a connection and rejects a download that grows too long, packet by packet, towards whoever sent it.',
    path: { delayMs: 15 },
    snaplen: 128,
    run: async lab => {
      await lab.sysctl('r2', 'netfilter/nf_conntrack_acct', 1)
      await lab.nft(
        'r2',
        'table inet i {\nchain c {\ntype filter hook forward priority 0\nct bytes > 30000 meta l4proto tcp reject with tcp reset\n}\n}\n',
      )
      await listen(lab, { chunks: 12, size: 4000, everyMs: 20 })
      await dial(lab)
      await fetch(lab, 'a', 50_000)
      await sleep(100)
    },
    rules: [
      { name: 'to client', sender: 'server', who: 'device', in: [CLIENT], verdict: injected('transfer-cut') },
      {
        name: 'to server',
        sender: 'client',
        who: 'device',
        in: [SERVER],
        verdict: injected('transfer-cut', {
          originAcceptable: ['unknown'],
          acceptable: ['nat-state-loss', 'unknown', 'data-after-close'],
        }),
      },
      aftermath('client'),
      aftermath('server'),
    ],
  },
  {
    name: 'ips-upload-virus',
    about:
      'An in-path scanner recognises a pattern late in an upload, swallows that packet and everything after it and resets both sides with its own TTL.',
    path: {
      delayMs: 19,
      devices: [
        {
          type: 'inject',
          position: 0.8,
          trigger: host('EICAR-STANDARD'),
          dropTrigger: true,
          after: 'drop',
          shapes: [
            { to: 'client', flags: 'R', ttl: 255, ipid: 'random' },
            { to: 'server', flags: 'R', ttl: 255, ipid: 'random' },
          ],
        },
      ],
    },
    snaplen: 160,
    run: async lab => {
      await listen(lab, { port: 8081, mode: 'sink' })
      await dial(lab, 'a', { port: 8081 })
      await lab.ask('client', { do: 'send', id: 'a', size: 1300, times: 9, everyMs: 30 })
      await send(lab, 'a', 'X5O!P%@AP EICAR-STANDARD-ANTIVIRUS-TEST')
      await sleep(150)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('transfer-cut')),
      forgedRule('client', [SERVER], injected('transfer-cut')),
      aftermath('client'),
      aftermath('server'),
    ],
  },
]

const early: Scenario[] = [
  {
    name: 'tamper-syn-rst',
    about:
      'A device answers the SYN to one port with a RST and a RST+ACK; the SYN goes on, so the SYN-ACK of the server meets a client that has given up.',
    path: {
      delayMs: 22,
      devices: [
        {
          type: 'inject',
          position: 0.3,
          trigger: { on: 'syn', port: 443 },
          shapes: [
            { to: 'client', flags: 'R', ttl: 48, ipid: 'random', bareAck: 0 },
            { to: 'client', flags: 'RA', ttl: 47, ipid: 'random', delayMs: 0.2 },
          ],
        },
      ],
    },
    run: async lab => {
      await listen(lab)
      await listen(lab, { port: 443 })
      await goodVisit(lab)
      await dial(lab, 'a', { port: 443 })
      await sleep(120)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('connect-failed', { acceptable: ['firewall-reject'] })),
      aftermath('client', {
        [SERVER]: {
          originAcceptable: ['unknown'],
          acceptable: ['handshake-aborted', 'port-scan', 'unknown'],
          impact: 'connect-failed',
          impactAcceptable: ['none'],
        },
      }),
    ],
  },
  {
    name: 'tamper-synack-count',
    about:
      'A censor resets the client right behind the SYN-ACK with three RST+ACK whose windows count up; the client had already begun to ask.',
    path: {
      delayMs: 33,
      devices: [
        {
          type: 'inject',
          position: 0.3,
          trigger: { on: 'synack', port: 443 },
          shapes: counting('client', 91, 1980),
        },
      ],
    },
    run: async lab => {
      await listen(lab)
      await listen(lab, { port: 443 })
      await goodVisit(lab)
      await dial(lab, 'a', { port: 443 })
      await send(lab, 'a', get('any.example'))
      await sleep(180)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('connect-failed', { impactAcceptable: ['request-lost'] })),
      aftermath('client', alone(SERVER, 'connect-failed')),
    ],
  },
  {
    name: 'tamper-psh',
    about:
      'An in-path censor swallows the first data packet and everything after it and resets both sides: the server sees a handshake and then a reset.',
    path: {
      delayMs: 27,
      devices: [
        {
          type: 'inject',
          position: 0.4,
          trigger: { on: 'bytes', dir: 'client', atLeast: 1, port: 8088 },
          dropTrigger: true,
          after: 'drop',
          shapes: [
            { to: 'client', flags: 'RA', ttl: 246, ipid: 'random', win: 0 },
            { to: 'server', flags: 'RA', ttl: 246, ipid: 'random', win: 0 },
          ],
        },
      ],
    },
    run: async lab => {
      await listen(lab)
      await listen(lab, { port: 8088 })
      await goodVisit(lab)
      await dial(lab, 'a', { port: 8088 })
      await send(lab, 'a', get('forum.example'))
      await sleep(150)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('request-lost')),
      forgedRule(
        'client',
        [SERVER],
        injected('connect-failed', { impactAcceptable: ['none', 'unknown', 'request-lost'] }),
      ),
    ],
  },
  {
    name: 'tamper-ack',
    about: 'A device resets both sides as soon as the handshake is complete, before any data.',
    path: {
      delayMs: 20,
      devices: [
        {
          type: 'inject',
          position: 0.5,
          trigger: { on: 'ack', dir: 'client', port: 8022 },
          shapes: [
            { to: 'client', flags: 'R', ttl: 34, ipid: 'random' },
            { to: 'server', flags: 'R', ttl: 38, ipid: 'random' },
          ],
        },
      ],
    },
    run: async lab => {
      await listen(lab)
      await listen(lab, { port: 8022 })
      await goodVisit(lab)
      await dial(lab, 'a', { port: 8022 })
      await sleep(120)
    },
    rules: [
      forgedRule(
        'server',
        [CLIENT],
        injected('connect-failed', { impactAcceptable: ['none', 'unknown', 'request-lost'] }),
      ),
      forgedRule(
        'client',
        [SERVER],
        injected('connect-failed', { impactAcceptable: ['none', 'unknown', 'request-lost'] }),
      ),
      aftermath('client'),
      aftermath('server'),
    ],
  },
]

export const dpi: Scenario[] = [...byHost, sni, sniV6, ...hidden, ...volume, ...early]
