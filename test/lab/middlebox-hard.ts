/** Half of the story: captures that begin late or see one direction, loss, jitter. */
import {
  aftermath,
  alone,
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
  odd,
} from './middlebox-common.ts'
import { statefulFirewall } from './middlebox-idle.ts'

import type { Path } from './middlebox-net.ts'
import type { CaptureSpec, Scenario } from './middlebox.ts'

const both = { in: [CLIENT, SERVER] }
export const banned = { on: 'payload', dir: 'client', contains: 'Host: banned.example' }
export const injector = (shapes: object[], more: object = {}) => [
  { type: 'inject', position: 0.25, trigger: banned, shapes, ...more },
]
export const toBoth = (shape: object) => [
  { to: 'client', ...shape },
  { to: 'server', ...shape },
]
export const lost = { impactAcceptable: ['transfer-cut', 'none', 'unknown'] }
export const forgedBoth = [
  forgedRule('server', [CLIENT], injected('request-lost')),
  forgedRule('client', [SERVER], injected('request-lost', lost)),
  aftermath('client'),
  aftermath('server'),
]
export async function askBanned(lab: Path, id = 'a') {
  await send(lab, id, get('banned.example'))
  await recv(lab, id, 600, 0.6)
  await sleep(80)
}
const oneWay = (source: 'client' | 'server'): CaptureSpec[] => {
  const filter = `tcp ${source === 'client' ? 'dst' : 'src'} portrange 1-9999`
  return [
    { file: CLIENT, place: 'client', vantage: 'client', filter },
    { file: SERVER, place: 'server', vantage: 'server', filter },
  ]
}

const partial: Scenario[] = [
  {
    name: 'dpi-mid-capture',
    about:
      'The captures begin after the handshake and a first exchange; then a forbidden request is reset on both sides.',
    path: { delayMs: 26, devices: injector(toBoth({ flags: 'RA', ttl: 117, ...odd })) },
    before: async lab => {
      await listen(lab)
      await dial(lab)
      await fetch(lab)
    },
    run: async lab => {
      await sleep(100)
      await fetch(lab)
      await askBanned(lab)
    },
    rules: forgedBoth,
  },
  {
    name: 'genuine-mid-capture',
    about: 'The captures begin after the handshake; the server aborts (linger 0) while it owes an answer.',
    path: { delayMs: 22 },
    before: async lab => {
      await listen(lab, { mode: 'manual', port: 8000 })
      await open(lab, 'a', { port: 8000 })
      await exchange(lab)
    },
    run: async lab => {
      await exchange(lab, 'a', 'PING 2\r\n')
      await send(lab, 'a', get('api.example'))
      await lab.ask('server', { do: 'recv', id: 'sa', bytes: 20 })
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 60 })
      await sleep(100)
    },
    rules: [genuine('server', 'abortive-close', 'request-lost', { acceptable: ['unread-data-close'] }, both)],
  },
  {
    name: 'ct-idle-mid-capture',
    about:
      'The captures begin in the silence: a request meets a firewall that forgot the connection 3 s before. How long it was silent cannot be seen.',
    path: { delayMs: 19 },
    before: async lab => {
      await statefulFirewall(lab, 'r1', 6)
      await listen(lab, { port: 8000 })
      await dial(lab, 'a', { port: 8000 })
      await fetch(lab)
      await sleep(5000)
    },
    run: async lab => {
      await goodVisit(lab, { port: 8000 })
      await sleep(4000)
      await fetch(lab)
      await sleep(60)
    },
    rules: [
      {
        name: 'device',
        sender: 'server',
        who: 'device',
        in: [CLIENT],
        verdict: {
          origin: 'middlebox',
          originAcceptable: ['unknown'],
          cause: 'idle-timeout',
          acceptable: ['nat-state-loss', 'unknown', 'post-restart'],
          impact: 'request-lost',
        },
      },
    ],
  },
  {
    name: 'dpi-one-way',
    about:
      'Only the direction from the server to the client is in the captures; forged resets to the client with odd TTLs.',
    path: {
      delayMs: 24,
      devices: injector([
        { to: 'client', flags: 'RA', ttl: 99, ...odd },
        { to: 'client', flags: 'RA', ttl: 100, ...odd, seqOff: 1460 },
      ]),
    },
    captures: oneWay('server').slice(0, 1),
    run: async lab => {
      await listen(lab)
      await goodVisit(lab)
      await dial(lab)
      await askBanned(lab)
    },
    rules: [
      forgedRule(
        'server',
        [CLIENT],
        injected('request-lost', { impactAcceptable: ['none', 'unknown', 'connect-failed'] }),
      ),
    ],
  },
  {
    name: 'genuine-one-way',
    about:
      'Only the direction from the server to the client is in the captures; the server aborts in the middle of its answer.',
    path: { delayMs: 20 },
    captures: oneWay('server'),
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 8000 })
      await open(lab, 'a', { port: 8000 })
      await exchange(lab, 'a', get('api.example'), 500)
      await lab.ask('server', { do: 'send', id: 'sa', size: 900, times: 3, everyMs: 20 })
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 60 })
      await sleep(100)
    },
    rules: [
      genuine(
        'server',
        'abortive-close',
        'transfer-cut',
        {
          acceptable: ['unread-data-close', 'unknown', 'benign-teardown'],
          impactAcceptable: ['none', 'unknown'],
        },
        both,
      ),
    ],
  },
]

const rough: Scenario[] = [
  {
    name: 'trap-jitter',
    about:
      'A path with 45 % jitter: the server forgets the connection (power cut) and its bare RST arrives in less or more than the round trip measured before.',
    path: { delayMs: 30, jitter: 0.45 },
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 8000 })
      await open(lab, 'a', { port: 8000 })
      for (const n of [1, 2, 3]) await exchange(lab, 'a', `PING ${n}\r\n`)
      await lab.ask('server', { do: 'vanish', id: 'sa' })
      await send(lab, 'a', 'PING 4\r\n')
      await sleep(150)
    },
    rules: [
      genuine(
        'server',
        'post-restart',
        'request-lost',
        { acceptable: ['nat-state-loss', 'desynchronized', 'unknown', 'process-crash'] },
        { ...both, at: { [CLIENT]: { originAcceptable: ['unknown'] } } },
      ),
    ],
  },
  {
    name: 'trap-rtt-shrinks',
    about:
      'The path becomes four times faster in mid-connection, data flows on it, and then the server answers data after its close with a bare RST in a quarter of the first round trip.',
    path: { delayMs: 34 },
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 8000 })
      await open(lab, 'a', { port: 8000 })
      await exchange(lab)
      await lab.mid({ cmd: 'set', delayMs: 8 })
      await exchange(lab, 'a', 'PING 2\r\n')
      await exchange(lab, 'a', 'PING 3\r\n')
      await lab.ask('server', { do: 'close', id: 'sa' })
      await sleep(60)
      await send(lab, 'a', 'PING 4\r\n')
      await sleep(80)
    },
    rules: [
      genuine(
        'server',
        'data-after-close',
        'request-lost',
        { acceptable: ['keep-alive-race'], impactAcceptable: ['none'] },
        both,
      ),
    ],
  },
  {
    name: 'genuine-lossy-abort',
    about:
      'Two packets of the answer are lost and sent again; then the server aborts with part of the answer still to come.',
    path: { delayMs: 18, devices: [{ type: 'drop', dir: 'server', payload: true, skip: 2, count: 2 }] },
    snaplen: 160,
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 8000 })
      await open(lab, 'a', { port: 8000 })
      await send(lab, 'a', get('api.example'))
      await lab.ask('server', { do: 'recv', id: 'sa', bytes: 20 })
      await lab.ask('server', { do: 'send', id: 'sa', size: 1300, times: 8, everyMs: 25 })
      await sleep(250)
      await lab.ask('server', { do: 'abort', id: 'sa' })
      await sleep(100)
    },
    rules: [
      genuine(
        'server',
        'abortive-close',
        'transfer-cut',
        { acceptable: ['unread-data-close'], impactAcceptable: ['none', 'unknown'] },
        both,
      ),
    ],
  },
  {
    name: 'dpi-lossy',
    about:
      'As dpi-single-255 on a path that loses packets: retransmissions before and after the forged reset.',
    path: {
      delayMs: 23,
      devices: [
        { type: 'drop', dir: 'server', payload: true, skip: 1, count: 1 },
        ...injector([{ to: 'client', flags: 'RA', ttl: 254, ipid: 'random' }]),
      ],
    },
    run: async lab => {
      await listen(lab, { size: 2200 })
      await dial(lab)
      await fetch(lab, 'a', 2200)
      await askBanned(lab)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('request-lost')),
      aftermath('client', alone(SERVER, 'request-lost')),
    ],
  },
]

export const hard: Scenario[] = [...partial, ...rough]
