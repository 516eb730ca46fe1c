/** Genuine resets through NAT and proxies, and closed ports. */
import { writeFileSync } from 'node:fs'
import {
  chain,
  CLIENT,
  close,
  dial,
  exchange,
  fetch,
  genuine,
  goodVisit,
  listen,
  SERVER,
  sleep,
} from './middlebox-common.ts'
import { abort, askServer, both, type Abort } from './middlebox-genuine.ts'
import type { Rule, Verdict } from './middlebox-label.ts'
import type { Path, PathOptions } from './middlebox-net.ts'
import type { Scenario } from './middlebox.ts'

const closedPort: Verdict = { origin: 'endpoint', cause: 'port-closed', impact: 'connect-failed' }

const closed = (
  name: string,
  about: string,
  path: PathOptions,
  reference: boolean,
  ports: number[],
): Scenario => ({
  name,
  about,
  path,
  run: async lab => {
    await listen(lab)
    if (reference) await goodVisit(lab)
    for (const port of ports) await dial(lab, `x${port}`, { port })
  },
  rules: [
    genuine(
      'server',
      'port-closed',
      'connect-failed',
      {},
      {
        ...both,
        verdict: closedPort,
        at: { [CLIENT]: reference ? {} : { originAcceptable: ['unknown'], acceptable: ['firewall-reject'] } },
      },
    ),
  ],
})

const masked = (name: string, about: string, steps: Abort['steps'], rules: Rule[]): Scenario => {
  const plain = abort({ name, about, path: { delayMs: 16 }, steps, rules })
  return {
    ...plain,
    run: async lab => {
      await lab.nft('r1', chain('postrouting', ['oif wan0 masquerade'], 'nat', '100'))
      await plain.run(lab)
    },
  }
}

const translated: Scenario[] = [
  masked(
    'genuine-abort-through-nat',
    'The client aborts (linger 0) its connection through a masquerading router: other addresses at the two ends, one reset.',
    async lab => {
      await exchange(lab)
      await exchange(lab, 'a', 'PING 2\r\n')
      await lab.ask('client', { do: 'abort', id: 'a', afterMs: 80 })
    },
    [genuine('client', 'abortive-close', 'none', { acceptable: ['benign-teardown'] }, both)],
  ),
  masked(
    'genuine-server-abort-through-nat',
    'The server aborts a connection that comes through a masquerading router, while it owes an answer.',
    async lab => {
      await exchange(lab)
      await askServer(lab)
      await lab.ask('server', { do: 'abort', id: 'sa', afterMs: 45 })
    },
    [genuine('server', 'abortive-close', 'request-lost', { acceptable: ['unread-data-close'] }, both)],
  ),
]

const haproxy = (lab: Path, lines: string[]) => {
  const path = `${lab.directory}.cfg`
  writeFileSync(path, `${lines.join('\n')}\n`)
  lab.spawn('r2', 'haproxy', '-db', '-f', path)
  return sleep(500)
}

const proxied: Scenario[] = [
  {
    name: 'haproxy-checks',
    about:
      'HAProxy on the router next to the server checks it once a second: handshake, then RST+ACK, harmless.',
    path: { delayMs: 12 },
    captures: [{ file: SERVER, place: 'server', vantage: 'server' }],
    run: async lab => {
      await listen(lab)
      await haproxy(lab, [
        'defaults',
        ' mode tcp',
        ' timeout connect 2s',
        ' timeout client 9s',
        ' timeout server 9s',
        'listen web',
        ` bind ${lab.v4(2, 2)}:8080`,
        ` server s1 ${lab.server}:80 check inter 700`,
      ])
      await dial(lab, 'a', { host: lab.v4(2, 2), port: 8080 })
      await fetch(lab)
      await close(lab, 'a')
      await sleep(4500)
    },
    rules: [
      genuine(
        'client',
        'health-check-probe',
        'none',
        { acceptable: ['benign-teardown', 'handshake-aborted', 'port-scan'] },
        { in: [SERVER], who: 'any' },
      ),
    ],
  },
  {
    name: 'haproxy-nolinger',
    about: 'HAProxy with nolinger drops an idle client after 6 s: on the wire the proxy is the endpoint.',
    path: { delayMs: 21 },
    captures: [{ file: CLIENT, place: 'client', vantage: 'client' }],
    run: async lab => {
      await listen(lab)
      await haproxy(lab, [
        'defaults',
        ' mode tcp',
        ' option nolinger',
        ' timeout connect 2s',
        ' timeout client 6s',
        ' timeout server 6s',
        'listen web',
        ` bind ${lab.v4(2, 2)}:8080`,
        ` server s1 ${lab.server}:80`,
      ])
      await dial(lab, 'a', { host: lab.v4(2, 2), port: 8080 })
      await fetch(lab)
      await sleep(6400)
    },
    rules: [
      genuine(
        'server',
        'idle-timeout',
        'none',
        { acceptable: ['benign-teardown', 'abortive-close'] },
        { in: [CLIENT] },
      ),
    ],
  },
  {
    name: 'genuine-connect-given-up',
    about:
      'The client gives up connecting after 25 ms on a path of 60 ms: its kernel resets the SYN-ACK that comes late.',
    path: { delayMs: 30 },
    run: async lab => {
      await listen(lab)
      await goodVisit(lab)
      await dial(lab, 'a', { timeout: 0.025 })
      await sleep(150)
    },
    rules: [
      genuine(
        'client',
        'handshake-aborted',
        'connect-failed',
        { acceptable: ['port-scan'], impactAcceptable: ['none'] },
        both,
      ),
    ],
  },
]

const closedPorts: Scenario[] = [
  closed(
    'genuine-closed-port',
    'Two closed ports behind three hops, next to an open one.',
    { delayMs: 18 },
    true,
    [8443, 5432],
  ),
  closed(
    'genuine-closed-port-v6',
    'Closed ports behind three hops over IPv6, next to an open one.',
    { delayMs: 25, v6: true },
    true,
    [22, 993],
  ),
  closed(
    'genuine-closed-port-alone',
    'A single closed port and nothing to compare it with.',
    { delayMs: 22 },
    false,
    [8443],
  ),
  closed(
    'genuine-closed-port-ttl128',
    'Closed ports of a server that starts at TTL 128, next to an open one.',
    { delayMs: 14, serverTtl: 128 },
    true,
    [445, 3389],
  ),
]

export const plain: Scenario[] = [...translated, ...proxied, ...closedPorts]
