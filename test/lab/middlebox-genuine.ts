/** Plain genuine resets through the same routers: what an accusation must never hit. */
import { CLIENT, exchange, genuine, get, listen, open, send, SERVER, sleep } from './middlebox-common.ts'
import type { Rule, Verdict } from './middlebox-label.ts'
import type { Path, PathOptions } from './middlebox-net.ts'
import type { Scenario } from './middlebox.ts'

export const both = { in: [CLIENT, SERVER] }

export interface Abort {
  name: string
  about: string
  path: PathOptions
  port?: number
  clock?: Record<string, number>
  snaplen?: number
  steps: (lab: Path) => Promise<unknown>
  rules: Rule[]
}
export const abort = ({ name, about, path, port = 8000, steps, rules, ...rest }: Abort): Scenario => ({
  name,
  about,
  path,
  ...rest,
  run: async lab => {
    await listen(lab, { mode: 'manual', port })
    await open(lab, 'a', { port })
    await steps(lab)
    await sleep(170)
  },
  rules,
})
export const askServer = async (lab: Path) => {
  const question = get('api.example', '/report')
  await send(lab, 'a', question)
  await lab.ask('server', { do: 'recv', id: 'sa', bytes: question.length })
}
/** Nothing tells a restarted kernel from one that lost the connection otherwise. */
const restarted: Partial<Verdict> = {
  acceptable: ['nat-state-loss', 'desynchronized', 'unknown', 'process-crash', 'idle-timeout'],
}

export const aborts: Scenario[] = [
  abort({
    name: 'genuine-server-abort',
    about: 'The server aborts (linger 0) while it owes an answer.',
    path: { delayMs: 20 },
    steps: async lab => {
      await exchange(lab)
      await askServer(lab)
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 45 })
    },
    rules: [genuine('server', 'abortive-close', 'request-lost', { acceptable: ['unread-data-close'] }, both)],
  }),
  abort({
    name: 'genuine-server-abort-v6',
    about:
      'The server aborts (linger 0) in the middle of its answer, over IPv6; the clocks of the captures differ by 1.7 s.',
    path: { delayMs: 27, v6: true },
    clock: { [CLIENT]: 1700 },
    snaplen: 160,
    steps: async lab => {
      await askServer(lab)
      await lab.ask('server', { do: 'send', id: 'sa', size: 1200, times: 6, everyMs: 30 })
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 60 })
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
  }),
  abort({
    name: 'genuine-server-abort-ttl128',
    about: 'A server with TTL 128 aborts (linger 0) with nothing outstanding.',
    path: { delayMs: 15, serverTtl: 128 },
    steps: async lab => {
      await exchange(lab)
      await exchange(lab, 'a', 'PING 2\r\n', 500)
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 60 })
    },
    rules: [genuine('server', 'abortive-close', 'none', { acceptable: ['benign-teardown'] }, both)],
  }),
  abort({
    name: 'genuine-client-abort',
    about:
      'The client cancels a download: it closes with data unread, and its kernel answers what was in flight.',
    path: { delayMs: 22 },
    snaplen: 128,
    steps: async lab => {
      await askServer(lab)
      const download = lab.ask('server', { do: 'send', id: 'sa', size: 1400, times: 12, everyMs: 15 })
      await lab.ask('client', { do: 'recv', id: 'a', bytes: 3000, exact: true })
      await lab.ask('client', { do: 'close', id: 'a', afterMs: 50 })
      await download
    },
    rules: [genuine('client', 'unread-data-close', 'transfer-cut', { acceptable: ['abortive-close'] }, both)],
  }),
  abort({
    name: 'genuine-late-data',
    about:
      'The client has closed, the server goes on sending and is reset by the kernel of the client for each segment.',
    path: { delayMs: 19 },
    steps: async lab => {
      await exchange(lab, 'a', 'SUBSCRIBE\r\n', 100)
      await lab.ask('client', { do: 'close', id: 'a' })
      await lab.ask('server', { do: 'send', id: 'sa', size: 300, times: 3, everyMs: 8 })
    },
    rules: [
      genuine(
        'client',
        'data-after-close',
        'none',
        { acceptable: ['keep-alive-race'], impactAcceptable: ['transfer-cut', 'request-lost', 'unknown'] },
        both,
      ),
    ],
  }),
  abort({
    name: 'genuine-restart',
    about:
      'The server loses power and comes back: it knows nothing of the connection and answers the next request with a bare RST, a full round trip later, from three hops away.',
    path: { delayMs: 24 },
    clock: { [SERVER]: -42500 },
    steps: async lab => {
      await exchange(lab)
      await lab.ask('server', { do: 'vanish', id: 'sa' })
      await sleep(900)
      await send(lab, 'a', 'PING 2\r\n')
    },
    rules: [genuine('server', 'post-restart', 'request-lost', restarted, both)],
  }),
  abort({
    name: 'genuine-restart-v6',
    about: 'As genuine-restart over IPv6, after 12 s of silence.',
    path: { delayMs: 17, v6: true },
    steps: async lab => {
      await exchange(lab)
      await lab.ask('server', { do: 'vanish', id: 'sa' })
      await sleep(12_000)
      await send(lab, 'a', 'PING 2\r\n')
    },
    rules: [genuine('server', 'post-restart', 'request-lost', restarted, both)],
  }),
  {
    name: 'genuine-restart-burst',
    about:
      'The server loses six connections at once and answers each next request with a bare RST within 200 ms: the twin of nat-flush-burst without a firewall.',
    path: { delayMs: 18 },
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 8000 })
      const ids = ['a', 'b', 'c', 'd', 'e', 'f']
      for (const id of ids) await open(lab, id, { port: 8000 })
      for (const id of ids) await exchange(lab, id)
      for (const id of ids) await lab.ask('server', { do: 'vanish', id: `s${id}` })
      await sleep(400)
      for (const id of ids) await send(lab, id, 'PING 2\r\n')
      await sleep(100)
      await open(lab, 'z', { port: 8000 })
      await exchange(lab, 'z')
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
