/** The third set of blind scenarios (see third-servers.ts): devices on the path, and genuine resets on paths that mislead. */
import {
  aftermath,
  alone,
  ANY,
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
import { both } from './middlebox-genuine.ts'
import type { Rule, Verdict } from './middlebox-label.ts'
import type { Scenario } from './middlebox.ts'
import { third } from './studied.ts'

const unsure = { impactAcceptable: ['transfer-cut', 'none', 'unknown', 'connect-failed', 'request-lost'] }
const byDevice = (name: string, verdict: Verdict, more: Partial<Rule> = {}): Rule => ({
  name,
  sender: 'server',
  who: 'device',
  in: [CLIENT],
  verdict,
  ...more,
})
const refusal: Verdict = { origin: 'middlebox', cause: 'firewall-reject', impact: 'connect-failed' }

const accused: Scenario[] = [
  {
    name: 'third-dev-get-admin',
    about:
      'The first router’s packet filter looks into requests: those for /adm… are answered by its RST and go no further; three of five connections.',
    path: { delayMs: 23 },
    run: async lab => {
      await listen(lab, { port: 8000 })
      await lab.nft(
        'r1',
        chain('forward', ['tcp dport 8000 @ih,0,64 0x474554202f61646d reject with tcp reset']),
      )
      for (const [i, path] of ['/a', '/admin', '/adm/x', '/b', '/admin/2'].entries()) {
        await dial(lab, `v${i}`, { port: 8000 })
        await fetch(lab, `v${i}`)
        await send(lab, `v${i}`, get('shop.example', path))
        await recv(lab, `v${i}`, 600, 0.3)
      }
    },
    rules: [
      byDevice('filtered', {
        origin: 'middlebox',
        cause: 'middlebox-injection',
        acceptable: ['nat-state-loss'],
        impact: 'request-lost',
      }),
    ],
  },
  {
    name: 'third-dev-connection-limit',
    about:
      'The first router lets two connections through and refuses further ones over IPv6 while these live; three refusals, then one is let in.',
    path: { delayMs: 26, v6: true },
    run: async lab => {
      await listen(lab, { port: 5432 })
      await lab.nft(
        'r1',
        chain('forward', ['tcp dport 5432 ct state new ct count over 2 reject with tcp reset']),
      )
      for (const id of ['a', 'b']) {
        await dial(lab, id, { port: 5432 })
        await fetch(lab, id)
      }
      for (const id of ['x', 'y', 'z']) {
        await dial(lab, id, { port: 5432 })
        await sleep(300)
      }
      for (const id of ['a', 'b']) await fetch(lab, id)
    },
    // A port that others of the client use: two hosts behind one address would look the same.
    rules: [
      byDevice('over', { ...refusal, acceptable: ['port-closed', 'unknown'], originAcceptable: ['unknown'] }),
    ],
  },
  {
    name: 'third-dev-mimic-v6',
    about:
      'A filter answers three requests in the server’s name, fields and timestamps as the server’s own, to the client only; over IPv6.',
    path: {
      delayMs: 33,
      v6: true,
      devices: [
        {
          type: 'inject',
          position: 0.3,
          trigger: { on: 'payload', dir: 'client', contains: 'banned.example' },
          shapes: [{ to: 'client', flags: 'RA', ttl: 'copy', win: 'copy', timestamps: true }],
        },
      ],
    },
    run: async lab => {
      await listen(lab, { port: 8000 })
      for (const id of ['a', 'b', 'c']) {
        await dial(lab, id, { port: 8000 })
        await fetch(lab, id)
        await send(lab, id, get('banned.example'))
        await sleep(250)
      }
    },
    rules: [
      forgedRule('server', [CLIENT], injected('request-lost', unsure)),
      aftermath('client', alone(SERVER, 'request-lost')),
    ],
  },
  {
    name: 'third-dev-any-both',
    about:
      'A router captured with -i any; the filter behind it resets both ends of two connections, TTL from 255.',
    path: {
      delayMs: 18,
      devices: [
        {
          type: 'inject',
          position: 0.5,
          trigger: { on: 'payload', dir: 'client', contains: 'q=leak' },
          shapes: [
            { to: 'client', flags: 'RA', ttl: 254, win: 0 },
            { to: 'server', flags: 'RA', ttl: 253, win: 0 },
          ],
        },
      ],
    },
    captures: [
      { file: ANY, place: 'r1', device: 'any', vantage: 'any' },
      { file: SERVER, place: 'server', vantage: 'server' },
    ],
    run: async lab => {
      await listen(lab, { port: 8000 })
      for (const id of ['a', 'b']) {
        await dial(lab, id, { port: 8000 })
        await fetch(lab, id)
        await send(lab, id, get('shop.example', '/search?q=leak'))
        await sleep(250)
      }
    },
    rules: [
      forgedRule('server', [ANY], injected('request-lost', unsure)),
      forgedRule('client', [SERVER], injected('request-lost', unsure)),
      aftermath('client'),
      aftermath('server'),
    ],
  },
  {
    name: 'third-dev-age-copied',
    about:
      'A balancer ends three busy connections at an age of 4 s with a RST to both ends: TTL copied, no timestamps, window 0.',
    path: {
      delayMs: 16,
      devices: [
        {
          type: 'lifetime',
          ms: 4000,
          after: 'drop',
          shapes: [
            { to: 'client', flags: 'RA', ttl: 'copy', win: 0 },
            { to: 'server', flags: 'RA', ttl: 'copy', win: 0 },
          ],
        },
      ],
    },
    run: async lab => {
      await listen(lab, { port: 8000 })
      const ids = ['a', 'b', 'c']
      for (const id of ids) {
        await dial(lab, id, { port: 8000 })
        await sleep(500)
      }
      for (let i = 0; i < 14; i++) {
        for (const id of ids) await send(lab, id, get('shop.example', `/${i}`))
        await sleep(270)
        for (const id of ids) await recv(lab, id, 600, 0.05)
      }
    },
    rules: (['server', 'client'] as const).flatMap(side => [
      forgedRule(side, [side === 'server' ? CLIENT : SERVER], {
        origin: 'middlebox',
        cause: 'max-lifetime',
        acceptable: ['middlebox-injection'],
        impact: 'none',
        impactAcceptable: ['request-lost', 'transfer-cut'],
      }),
      aftermath(side),
    ]),
  },
  {
    name: 'third-dev-new-rate',
    about:
      'The first router refuses what comes faster than two new connections a second; of seven quick connects some get in.',
    path: { delayMs: 30 },
    run: async lab => {
      await listen(lab, { port: 8000 })
      await lab.nft(
        'r1',
        chain('forward', [
          'tcp dport 8000 tcp flags & (syn|ack) == syn limit rate over 2/second burst 2 packets reject with tcp reset',
        ]),
      )
      await goodVisit(lab, { port: 8000 })
      for (let i = 0; i < 7; i++) {
        await dial(lab, `p${i}`, { port: 8000 })
        await sleep(40)
      }
    },
    rules: [
      byDevice('too fast', {
        ...refusal,
        acceptable: ['port-closed', 'unknown'],
        originAcceptable: ['unknown'],
        impactAcceptable: ['none'],
      }),
    ],
  },
]

const traps: Scenario[] = [
  {
    name: 'third-dev-genuine-flapping',
    about:
      'The route of the packets changes with every exchange (TTL two apart); the server aborts two requests. No device.',
    path: { delayMs: 24, jitter: 0.2 },
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 9090 })
      for (const id of ['a', 'b']) {
        await open(lab, id, { port: 9090 })
        for (let i = 0; i < 4; i++) {
          await lab.mid({ cmd: 'set', hops: i % 2 ? 3 : 1 })
          await exchange(lab, id, `PING ${i}\r\n`)
        }
        const question = get('api.example', '/report')
        await send(lab, id, question)
        await lab.ask('server', { do: 'recv', id: `s${id}`, bytes: question.length })
        await lab.mid({ cmd: 'set', hops: 1 })
        await lab.ask('server', { do: 'abort', id: `s${id}`, afterMs: 500 })
        await sleep(200)
      }
    },
    rules: [genuine('server', 'abortive-close', 'request-lost', { acceptable: ['unread-data-close'] }, both)],
  },
  {
    name: 'third-dev-genuine-crash',
    about:
      'A hung server process is killed with five requests unread, 30 % jitter on the path; a connect after that is refused. No device.',
    path: { delayMs: 28, jitter: 0.3, serverTtl: 128 },
    run: async lab => {
      const serve = `require('http').createServer((q, r) => r.end('fine')).listen(8100, '${lab.server}')`
      const child = lab.spawn('server', 'node', '-e', serve)
      await sleep(3500)
      const ids = ['a', 'b', 'c', 'd', 'e']
      for (const id of ids) {
        await dial(lab, id, { port: 8100 })
        await send(lab, id, get('api.example', '/warm'))
        await recv(lab, id, 20)
      }
      child.kill('SIGSTOP')
      await sleep(150)
      for (const id of ids) await send(lab, id, get('api.example', '/work'))
      await sleep(500)
      child.kill('SIGKILL')
      await sleep(300)
      await dial(lab, 'z', { port: 8100 })
    },
    rules: [
      genuine(
        'server',
        'port-closed',
        'connect-failed',
        { acceptable: ['process-crash'] },
        { match: r => r.seq === 0, ...both, name: 'refused' },
      ),
      genuine('server', 'process-crash', 'request-lost', {}, both),
    ],
  },
  {
    name: 'third-dev-genuine-client-push',
    about:
      'Two clients cancel downloads by abort; the clocks of the captures differ by 4 s and the path reorders a little. IPv6. No device.',
    path: { delayMs: 36, v6: true, jitter: 0.25 },
    clock: { [SERVER]: 4000 },
    snaplen: 120,
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 9443 })
      for (const id of ['a', 'b']) {
        await open(lab, id, { port: 9443 })
        await send(lab, id, get('files.example', `/${id}`))
        await lab.ask('server', { do: 'recv', id: `s${id}`, bytes: 20 })
        const pouring = lab.ask('server', { do: 'send', id: `s${id}`, size: 1100, times: 14, everyMs: 35 })
        await recv(lab, id, 5000, 0.6)
        await lab.ask('client', { do: 'abort', id })
        await pouring
        await sleep(150)
      }
    },
    rules: [genuine('client', 'abortive-close', 'transfer-cut', { acceptable: ['unread-data-close'] }, both)],
  },
]

export const thirdDevices: Scenario[] = [...accused, ...traps].map(third)
