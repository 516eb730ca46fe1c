/** Injectors: devices that read a copy of the traffic and forge resets into it. */
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
  injected,
  listen,
  recv,
  send,
  SERVER,
  sleep,
  odd,
} from './middlebox-common.ts'
import type { Path, PathOptions } from './middlebox-net.ts'
import type { Scenario } from './middlebox.ts'

type To = 'client' | 'server'
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
export const counting = (to: To, ttl: number, win: number) =>
  [0, 1, 2].map(k => ({ to, flags: 'RA', ttl: ttl + k, ipid: 'random', win: win + k, delayMs: k * 0.15 }))
export const host = (name: string) => ({ on: 'payload', dir: 'client', contains: name })
const lossy = { impactAcceptable: ['transfer-cut', 'none', 'unknown'] }
/** The server answered into the void: its request was served, its answer never acknowledged. */
const atServer = injected('request-lost', lossy)

export async function askForBanned(lab: Path, options: object = {}, again = false) {
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
    sni.rules[0],
    forgedRule(
      'client',
      [SERVER],
      injected('connect-failed', { impactAcceptable: ['request-lost', 'none', 'unknown'] }),
    ),
    aftermath('client'),
    aftermath('server'),
  ],
}

export const dpi: Scenario[] = [...byHost, sni, sniV6]
