/** Genuine resets that look forged. */
import { CLIENT, exchange, genuine, get, listen, open, send, SERVER, sleep } from './middlebox-common.ts'

import type { Scenario } from './middlebox.ts'

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
]
