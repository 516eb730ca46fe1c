/** The fourth set of blind scenarios (see fourth-servers.ts): devices on the path, forgers beside it, and an endpoint they are mistaken for. */
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
  open,
  recv,
  send,
  SERVER,
  sleep,
} from './middlebox-common.ts'
import { atClient, atServer, byDevice, forgetful, ids, iptables } from './fourth-forgetful.ts'
import { both } from './middlebox-genuine.ts'
import type { Rule, Verdict } from './middlebox-label.ts'
import type { Scenario } from './middlebox.ts'
import { fourth } from './studied.ts'

const refusal: Verdict = { origin: 'middlebox', cause: 'firewall-reject', impact: 'connect-failed' }
const inspecting: Scenario[] = [
  {
    name: 'fourth-dev-iptables-string',
    about:
      'The first router rejects requests that hold “casino” (iptables string match, tcp-reset): three of five. The server closes those later: the client’s kernel knows nothing of them.',
    path: { delayMs: 21 },
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 8080 })
      await iptables(
        lab,
        'r1',
        '-A FORWARD -p tcp -m string --string casino --algo bm -j REJECT --reject-with tcp-reset',
      )
      for (const [i, path] of ['/a', '/casino', '/casino/2', '/b', '/casino?x'].entries()) {
        await open(lab, `v${i}`, { port: 8080 })
        await exchange(lab, `v${i}`, get('shop.example'), 300)
        if (path.startsWith('/casino')) await send(lab, `v${i}`, get('shop.example', path))
        else await exchange(lab, `v${i}`, get('shop.example', path), 500)
        await sleep(150)
      }
      await sleep(600)
      for (let i = 0; i < 5; i++) await lab.ask('server', { do: 'close', id: `sv${i}` })
      await sleep(150)
    },
    rules: [
      byDevice('rejected', 'server', [CLIENT], injected('request-lost')),
      genuine(
        'client',
        'reset-aftermath',
        'none',
        { after: 'rejected', impactAcceptable: ['ignored'] },
        { in: [CLIENT, SERVER], at: alone(SERVER, 'none') as NonNullable<Rule['at']> },
      ),
    ],
  },
  {
    name: 'fourth-dev-attachment-v6',
    about:
      'A data-loss filter sees a file name in three answers and resets both ends: hop limit two less than the server’s, no timestamps. Over IPv6.',
    path: {
      delayMs: 26,
      v6: true,
      devices: [
        {
          type: 'inject',
          position: 0.45,
          trigger: { on: 'payload', dir: 'server', contains: 'payroll.xls' },
          shapes: [
            { to: 'client', flags: 'RA', ttl: 'copy-2', win: 0 },
            { to: 'server', flags: 'RA', ttl: 'copy-2', win: 0 },
          ],
        },
      ],
    },
    snaplen: 120,
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 8081 })
      for (const id of ids) {
        await open(lab, id, { port: 8081 })
        await exchange(lab, id, get('files.example', '/list'), 400)
        await send(lab, id, get('files.example', '/get/7'))
        await lab.ask('server', { do: 'recv', id: `s${id}`, bytes: 20 })
        const head =
          'HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=payroll.xls\r\nContent-Length: 90000\r\n\r\n'
        await lab.ask('server', { do: 'send', id: `s${id}`, data: head })
        await lab.ask('server', { do: 'send', id: `s${id}`, size: 1000, times: 3, everyMs: 9, afterMs: 9 })
        await sleep(200)
      }
    },
    rules: [
      forgedRule('server', [CLIENT], injected('transfer-cut', { impactAcceptable: ['request-lost'] })),
      forgedRule('client', [SERVER], injected('transfer-cut', { impactAcceptable: ['request-lost'] })),
      aftermath('client'),
      aftermath('server'),
    ],
  },
  {
    name: 'fourth-dev-app-id',
    about:
      'A firewall in the path recognises a protocol in the first bytes of three of four connections, swallows them and resets both ends; TTL 64 of its own.',
    path: {
      delayMs: 17,
      jitter: 0.1,
      devices: [
        {
          type: 'inject',
          position: 0.5,
          trigger: { on: 'payload', dir: 'client', contains: 'BitTorrent protocol' },
          after: 'drop',
          dropTrigger: true,
          shapes: [
            { to: 'client', flags: 'RA', ttl: 64, win: 0, df: false, ipid: 'random' },
            { to: 'server', flags: 'RA', ttl: 64, win: 0, df: false, ipid: 'random' },
          ],
        },
      ],
    },
    run: async lab => {
      await listen(lab, { mode: 'echo', port: 6881 })
      for (const id of ids) {
        await dial(lab, id, { port: 6881 })
        await sleep(90)
        await send(lab, id, '\u0013BitTorrent protocol........')
        await sleep(150)
      }
      await dial(lab, 'ok', { port: 6881 })
      await send(lab, 'ok', 'HELO lab\r\n')
      await recv(lab, 'ok', 8)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('request-lost')),
      // The request never came there.
      forgedRule(
        'client',
        [SERVER],
        injected('none', { impactAcceptable: ['connect-failed', 'request-lost', 'unknown'] }),
      ),
    ],
  },
]

const refusing: Scenario[] = [
  {
    name: 'fourth-dev-egress',
    about:
      'The first hop lets no mail out (iptables, ports 25 and 587, tcp-reset): four connects. The web port answers, 8081 is closed on the server itself.',
    path: { delayMs: 27 },
    run: async lab => {
      await listen(lab)
      await iptables(
        lab,
        'r1',
        '-A FORWARD -p tcp -m multiport --dports 25,587 -j REJECT --reject-with tcp-reset',
      )
      await goodVisit(lab)
      for (const port of [25, 587, 8081, 25, 587]) {
        await dial(lab, `p${port}`, { port })
        await sleep(160)
      }
      await goodVisit(lab)
    },
    rules: [
      { ...byDevice('mail', 'server', [CLIENT], refusal), match: r => !r.from.endsWith(':8081') },
      genuine('server', 'port-closed', 'connect-failed', {}, { port: 8081, ...both }),
    ],
  },
  {
    name: 'fourth-dev-edge-v6',
    about:
      'The server’s edge router refuses port 3389, three times, while 443 on the same host is visited. IPv6, 96 bytes of each frame.',
    path: { delayMs: 31, v6: true },
    snaplen: 96,
    captures: [atClient],
    run: async lab => {
      await listen(lab, { port: 443 })
      await lab.nft('r2', chain('forward', ['tcp dport 3389 reject with tcp reset']))
      for (let i = 0; i < 3; i++) {
        await goodVisit(lab, { port: 443 })
        await dial(lab, `p${i}`, { port: 3389 })
        await sleep(140)
      }
    },
    // One step of the hop limit is all that tells it from the server itself.
    rules: [
      byDevice('refused', 'server', [CLIENT], {
        ...refusal,
        acceptable: ['unknown'],
        originAcceptable: ['unknown'],
      }),
    ],
  },
]

const spoofed = (impact: string): Verdict => ({ origin: 'middlebox', cause: 'blind-reset-attack', impact })

const attacking: Scenario[] = [
  {
    name: 'fourth-dev-hping-spoof',
    about:
      'A neighbour of the client sends it nine RSTs for each of three connections in the server’s name with hping3, sequence numbers by chance; all live on.',
    path: { delayMs: 22, near: true },
    captures: [atClient, { file: 'lan.pcap', place: 'r1', device: 'lan0', vantage: 'router' }],
    run: async lab => {
      await listen(lab, { port: 8000 })
      for (const id of ids) {
        const sport = await dial(lab, id, { port: 8000 })
        await fetch(lab, id)
        const line = `timeout 3 hping3 -q -c 9 -i u25000 -R -a ${lab.server} -s 8000 -k -p ${sport} ${lab.v4(1, 2)}`
        await lab.exec('near', 'sh', '-c', `${line} >/dev/null 2>&1 || true`)
        await fetch(lab, id)
      }
    },
    rules: [byDevice('spoofed', 'server', [CLIENT, 'lan.pcap'], spoofed('ignored'))],
  },
  {
    name: 'fourth-dev-sweep-v6',
    about:
      'An attacker sweeps 24 sequence numbers far from the right one against two connections of a server, hop limit 49; both live on. IPv6.',
    path: { delayMs: 25, v6: true },
    captures: [atServer],
    run: async lab => {
      await listen(lab, { port: 179 })
      for (const id of ['a', 'b']) {
        const sport = await dial(lab, id, { port: 179 })
        await fetch(lab, id)
        const shape = { to: 'server', flags: 'R', ttl: 49 }
        const sweep = { count: 24, from: 3_000_000, step: 196_608, everyMs: 6 }
        await lab.mid({ cmd: 'blind', port: 179, clientPort: sport, shape, ...sweep })
        await sleep(250)
        await fetch(lab, id)
      }
    },
    rules: [forgedRule('client', [SERVER], spoofed('ignored'))],
  },
]

const traps: Scenario[] = [
  {
    name: 'fourth-dev-genuine-uploads',
    about:
      'A client aborts three uploads in mid-body; the path’s length and pace change (25 % jitter, TTL two steps), the server’s TTL is 128. No device.',
    path: { delayMs: 30, jitter: 0.25, serverTtl: 128 },
    clock: { [SERVER]: 900 },
    snaplen: 120,
    run: async lab => {
      await listen(lab, { mode: 'sink', port: 8084 })
      for (const [i, id] of ids.entries()) {
        await dial(lab, id, { port: 8084 })
        await send(lab, id, `PUT /in/${id} HTTP/1.1\r\nHost: files.example\r\nContent-Length: 900000\r\n\r\n`)
        await lab.ask('client', { do: 'send', id, size: 1200, times: 6, everyMs: 30 })
        await lab.mid({ cmd: 'set', hops: i % 2 ? 1 : 3 })
        await lab.ask('client', { do: 'send', id, size: 1200, times: 5, everyMs: 30 })
        await sleep(150)
        await lab.ask('client', { do: 'abort', id })
        await sleep(150)
      }
    },
    rules: [genuine('client', 'abortive-close', 'transfer-cut', {}, both)],
  },
]

export const fourthDevices: Scenario[] = [
  ...inspecting,
  ...forgetful,
  ...refusing,
  ...attacking,
  ...traps,
].map(fourth)
