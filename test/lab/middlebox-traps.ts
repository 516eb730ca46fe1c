/** Genuine resets that look forged. */
import type { Scenario } from './middlebox.ts'
import {
  chain,
  CLIENT,
  dial,
  exchange,
  fetch,
  genuine,
  get,
  goodVisit,
  listen,
  open,
  recv,
  send,
  SERVER,
  sleep,
} from './middlebox-common.ts'

/** Linux' own SYN proxy on the first router. */
const synproxy = [
  chain('prerouting', ['iif lan0 tcp flags syn notrack'], 'filter', '-300'),
  chain('forward', [
    'ct state invalid,untracked meta l4proto tcp synproxy mss 1460 wscale 7 timestamp sack-perm',
    'ct state invalid drop',
  ]),
].join('')
const withSynproxy = (
  name: string,
  about: string,
  answerBytes: number,
  rules: Scenario['rules'],
): Scenario => ({
  name,
  about,
  path: { delayMs: 22 },
  snaplen: 256,
  run: async lab => {
    await lab.sysctl('r1', 'netfilter/nf_conntrack_tcp_loose', 0)
    await lab.nft('r1', synproxy)
    await listen(lab, { mode: 'manual', port: 8000 })
    await open(lab, 'a', { port: 8000 })
    await send(lab, 'a', get('shop.example'))
    await lab.ask('server', { do: 'recv', id: 'sa', bytes: 20 })
    if (answerBytes) await lab.ask('server', { do: 'send', id: 'sa', size: answerBytes })
    if (answerBytes) await recv(lab, 'a', answerBytes)
    await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 60 })
    await sleep(300)
  },
  rules,
})

export const traps: Scenario[] = [
  {
    name: 'trap-crossing-abort',
    about:
      'The server aborts (linger 0) while the next request of the client is on its way: the reset reaches the client a fraction of a round trip after its request.',
    path: { delayMs: 23 },
    run: async lab => {
      await listen(lab, { mode: 'manual' })
      await open(lab)
      await exchange(lab, 'a', get('api.example', '/one'), 900)
      await sleep(120)
      const data = get('api.example', '/two')
      await Promise.all([
        lab.ask('server', { do: 'abort', id: 'sa' }),
        lab.ask('client', { do: 'send', id: 'a', data, afterMs: 12 }),
      ])
      await sleep(150)
    },
    rules: [
      genuine(
        'server',
        'abortive-close',
        'request-lost',
        { acceptable: ['data-after-close'] },
        {
          in: [CLIENT, SERVER],
          at: { [SERVER]: { acceptable: ['benign-teardown'], impactAcceptable: ['none'] } },
        },
      ),
    ],
  },
  {
    name: 'trap-path-change',
    about:
      'The path grows shorter in the middle of the connection: TTL 61 at first, 62 later, and the reset of the server has 62 as well.',
    path: { delayMs: 19 },
    run: async lab => {
      await listen(lab, { mode: 'manual' })
      await open(lab)
      await exchange(lab)
      await lab.mid({ cmd: 'set', hops: 0, delayMs: 15 })
      await exchange(lab, 'a', 'PING 2\r\n', 300)
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 90 })
      await sleep(120)
    },
    rules: [
      genuine(
        'server',
        'abortive-close',
        'none',
        { acceptable: ['benign-teardown'] },
        { in: [CLIENT, SERVER] },
      ),
    ],
  },
  {
    name: 'trap-path-change-late',
    about:
      'The path changes between the last data and the reset of the server, whose TTL is therefore one higher than all before.',
    path: { delayMs: 21 },
    run: async lab => {
      await listen(lab, { mode: 'manual' })
      await open(lab)
      await exchange(lab)
      await lab.mid({ cmd: 'set', hops: 0 })
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 90 })
      await sleep(120)
    },
    rules: [
      genuine(
        'server',
        'abortive-close',
        'none',
        { acceptable: ['benign-teardown'] },
        { in: [CLIENT, SERVER], at: { [CLIENT]: { originAcceptable: ['unknown'] } } },
      ),
    ],
  },
  withSynproxy(
    'trap-synproxy',
    'A SYN proxy answers the handshake (TTL 64), everything later comes from the server (61); the server aborts before it has sent anything.',
    0,
    [
      genuine(
        'server',
        'abortive-close',
        'request-lost',
        { acceptable: ['unread-data-close'] },
        { in: [CLIENT, SERVER] },
      ),
    ],
  ),
  withSynproxy(
    'synproxy-mangles-seq',
    'The server aborts after 8 kB through a Linux SYN proxy, which rewrites the sequence number of the reset to the beginning of the connection: the client ignores it.',
    8134,
    [
      genuine(
        'server',
        'abortive-close',
        'none',
        { acceptable: ['benign-teardown'] },
        {
          in: [CLIENT, SERVER],
          at: {
            [CLIENT]: {
              originAcceptable: ['unknown'],
              impact: 'ignored',
              impactAcceptable: ['none'],
              acceptable: ['desynchronized', 'unknown', 'benign-teardown', 'reset-aftermath'],
            },
          },
        },
      ),
    ],
  ),
  {
    name: 'trap-gtsm-ttl',
    about:
      'Both routing daemons set TTL 255 on their sockets; after one has closed, its kernel answers further data with a reset that has the TTL of the system.',
    path: { delayMs: 16 },
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 179, ttl: 255 })
      await open(lab, 'a', { port: 179, ttl: 255 })
      await exchange(lab, 'a', 'OPEN 64500\r\n')
      await lab.ask('server', { do: 'close', id: 'sa' })
      await send(lab, 'a', 'UPDATE 10.0.0.0/8\r\n')
      await sleep(150)
    },
    rules: [
      genuine(
        'server',
        'data-after-close',
        'none',
        {
          acceptable: ['keep-alive-race', 'benign-teardown'],
          impactAcceptable: ['request-lost', 'transfer-cut', 'unknown'],
        },
        { in: [CLIENT, SERVER] },
      ),
    ],
  },
  {
    name: 'trap-vip-two-backends',
    about:
      'Two backends behind one address take turns: one answers from three hops away, the other, one hop away, has the port closed.',
    path: { delayMs: 15, near: true },
    run: async lab => {
      await lab.nft(
        'r1',
        chain(
          'prerouting',
          [
            `ip daddr ${lab.v4(4, 9)} tcp dport 80 dnat ip to numgen inc mod 2 map { 0 : ${lab.server}, 1 : ${lab.v4(4, 2)} }`,
          ],
          'nat',
          '-100',
        ),
      )
      await listen(lab)
      for (const id of ['a', 'b', 'c', 'd']) {
        if (await dial(lab, id, { host: lab.v4(4, 9) })) await fetch(lab, id)
      }
    },
    rules: [
      genuine(
        'server',
        'port-closed',
        'connect-failed',
        { originAcceptable: ['unknown'], acceptable: ['firewall-reject'], impactAcceptable: ['none'] },
        { in: [CLIENT], who: 'any' },
      ),
    ],
  },
  {
    name: 'trap-reordered-rst',
    about:
      'The reset of an aborting server overtakes its last data: it arrives first, its sequence number ahead of a gap that is filled exactly up to it afterwards.',
    path: {
      delayMs: 20,
      devices: [{ type: 'rewrite', dir: 'server', rstOvertakes: true, lateBytes: 3000, lateMs: 14 }],
    },
    run: async lab => {
      await listen(lab, { mode: 'manual' })
      await open(lab)
      await send(lab, 'a', get('files.example', '/part'))
      await lab.ask('server', { do: 'recv', id: 'sa', bytes: 20 })
      await lab.ask('server', { do: 'send', id: 'sa', size: 6000 })
      await lab.ask('server', { do: 'abort', id: 'sa' })
      await sleep(250)
    },
    rules: [
      genuine(
        'server',
        'abortive-close',
        'transfer-cut',
        { impactAcceptable: ['none', 'request-lost', 'unknown'], acceptable: ['unread-data-close'] },
        { in: [CLIENT, SERVER] },
      ),
      genuine('client', 'reset-aftermath', 'none', {
        after: 'genuine server abortive-close',
        impactAcceptable: ['ignored'],
      }),
    ],
  },
  {
    name: 'trap-linux-ipid0',
    about:
      'The server closes in the middle of an upload with data unread: one reset of the socket, then one per packet still in flight, bare, IP ID 0, without options, and with numbers that lag behind.',
    path: { delayMs: 24 },
    snaplen: 128,
    run: async lab => {
      await listen(lab, { mode: 'manual' })
      await open(lab)
      const upload = lab.ask('client', { do: 'send', id: 'a', size: 1200, times: 12, everyMs: 15 })
      await lab.ask('server', { do: 'recv', id: 'sa', bytes: 4000 })
      await lab.ask('server', { do: 'close', id: 'sa', afterMs: 40 })
      await upload
      await sleep(150)
    },
    rules: [
      genuine(
        'server',
        'unread-data-close',
        'transfer-cut',
        { acceptable: ['abortive-close'] },
        { in: [CLIENT, SERVER] },
      ),
    ],
  },
  {
    name: 'trap-normalizer',
    about:
      'A device rewrites the TTL and the IP ID of everything that passes towards the client; the reset of the server is genuine.',
    path: { delayMs: 18, devices: [{ type: 'rewrite', dir: 'server', ttl: 255, ipid: 'counter' }] },
    run: async lab => {
      await listen(lab, { mode: 'manual' })
      await open(lab)
      await exchange(lab)
      await exchange(lab, 'a', 'PING 2\r\n', 700)
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 90 })
      await sleep(120)
    },
    rules: [
      genuine(
        'server',
        'abortive-close',
        'none',
        { acceptable: ['benign-teardown'] },
        { in: [CLIENT, SERVER] },
      ),
    ],
  },
  {
    name: 'proxy-transparent',
    about:
      'The first router takes connections to port 80 into a proxy of its own, which answers in the name of the server (TTL 64) and in the end aborts; another port of that server answers from three hops away.',
    path: { delayMs: 20 },
    run: async lab => {
      await lab.nft('r1', chain('prerouting', ['iif lan0 tcp dport 80 redirect to :3128'], 'nat', '-100'))
      await lab.app('r1')
      await lab.ask('r1', { do: 'listen', port: 3128, mode: 'manual' })
      await listen(lab, { port: 8000 })
      await goodVisit(lab, { port: 8000 })
      const peer = await dial(lab)
      await lab.ask('r1', { do: 'accepted', id: 'p', peer })
      await send(lab, 'a', get('shop.example'))
      await lab.ask('r1', { do: 'recv', id: 'p', bytes: 20 })
      await lab.ask('r1', { do: 'abort', id: 'p', afterMs: 30 })
      await sleep(60)
    },
    rules: [
      genuine(
        'server',
        'abortive-close',
        'request-lost',
        { originAcceptable: ['unknown'], acceptable: ['unread-data-close'], kernelReason: 'TCP_STATE' },
        { in: [CLIENT], who: 'any' },
      ),
    ],
  },
]
