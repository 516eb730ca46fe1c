/** The second set of blind scenarios (see exam-servers.ts): forged resets in live connections. */
import { examined } from './studied.ts'
import {
  aftermath,
  alone,
  certificate,
  CLIENT,
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
import type { Scenario } from './middlebox.ts'

const to = (side: 'client' | 'server', more: object) => ({ to: side, flags: 'RA', ...more })
const answerCut = { impactAcceptable: ['transfer-cut', 'none', 'unknown'] }

const injectors: Scenario[] = [
  {
    name: 'exam-dev-sni-one-end',
    about:
      'A filter reads a forbidden name in TLS and resets only the client: TTL copied, timestamps missing, window 0, IP ID 0. A second host name works.',
    path: {
      delayMs: 29,
      devices: [
        {
          type: 'inject',
          position: 0.35,
          trigger: { on: 'payload', dir: 'client', contains: 'forbidden.example' },
          shapes: [to('client', { ttl: 'copy', win: 0, ipid: 0 })],
        },
      ],
    },
    run: async lab => {
      const cert = await certificate(lab, 'forbidden.example')
      await listen(lab, { port: 443, cert })
      await dial(lab, 'good', { port: 443, sni: 'allowed.example' })
      await fetch(lab, 'good')
      for (const id of ['a', 'b']) {
        await dial(lab, id, { port: 443, sni: 'forbidden.example' })
        await sleep(250)
      }
    },
    rules: [
      forgedRule(
        'server',
        [CLIENT],
        injected('connect-failed', { impactAcceptable: ['request-lost', 'unknown', 'transfer-cut'] }),
      ),
      aftermath('client', alone(SERVER, 'connect-failed')),
    ],
  },
  {
    name: 'exam-dev-keyword-both-v6',
    about:
      'A monitor of mail sees a word in a message and resets both ends, three each to the server; hop limit 61 against 62. Over IPv6.',
    path: {
      delayMs: 24,
      v6: true,
      devices: [
        {
          type: 'inject',
          position: 0.6,
          trigger: { on: 'payload', dir: 'client', contains: 'CONFIDENTIAL' },
          shapes: [
            to('client', { ttl: 251, win: 2048 }),
            { to: 'server', flags: 'R', ttl: 250 },
            { to: 'server', flags: 'R', ttl: 250, seqOff: 1440 },
            { to: 'server', flags: 'R', ttl: 250, seqOff: 2880 },
          ],
        },
      ],
    },
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 25 })
      await open(lab, 'a', { port: 25 })
      await exchange(lab, 'a', 'EHLO lab.example\r\n', 90)
      await exchange(lab, 'a', 'MAIL FROM:<a@lab.example>\r\n', 14)
      await send(lab, 'a', 'Subject: CONFIDENTIAL figures\r\n\r\nSee the attached.\r\n')
      await sleep(400)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('request-lost', answerCut)),
      forgedRule('client', [SERVER], injected('request-lost', answerCut)),
      aftermath('client'),
      aftermath('server'),
    ],
  },
  {
    name: 'exam-dev-tcpkill',
    about:
      'tcpkill on the first router ends a connection on port 8000 as it next speaks: climbing bare resets to both sides, random IP IDs.',
    path: { delayMs: 26 },
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 8000 })
      await open(lab, 'a', { port: 8000 })
      await exchange(lab, 'a')
      await exchange(lab, 'a', 'PING 2\r\n')
      lab.spawn('r1', 'tcpkill', '-i', 'lan0', '-3', 'tcp', 'port', '8000')
      await sleep(700)
      await send(lab, 'a', 'PING 3\r\n')
      await sleep(500)
    },
    rules: [
      {
        name: 'forged server',
        sender: 'server',
        who: 'any',
        match: r => r.ipid !== 0,
        in: [CLIENT],
        verdict: injected('request-lost', { kernelReason: null }),
      },
      {
        name: 'forged client',
        sender: 'client',
        who: 'any',
        match: r => r.ipid !== 0,
        in: [SERVER],
        verdict: injected('request-lost', {
          kernelReason: null,
          impactAcceptable: ['none', 'ignored', 'transfer-cut'],
        }),
      },
      aftermath('client'),
      aftermath('server'),
    ],
  },
  {
    name: 'exam-dev-quota',
    about:
      'A traffic shaper ends each upload after 12 KB: RST to the uploader only, all later packets dropped; IP ID continued, TTL two off.',
    path: {
      delayMs: 23,
      devices: [
        {
          type: 'inject',
          position: 0.5,
          trigger: { on: 'bytes', dir: 'client', atLeast: 12_000 },
          after: 'drop',
          dropTrigger: true,
          shapes: [to('client', { ttl: 'copy-2', ipid: 'copy+1', win: 'copy' })],
        },
      ],
    },
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 8021 })
      for (const id of ['a', 'b']) {
        await open(lab, id, { port: 8021 })
        await lab.ask('client', { do: 'send', id, size: 900, times: 18, everyMs: 25 })
        await sleep(200)
      }
    },
    rules: [forgedRule('server', [CLIENT], injected('transfer-cut', { impactAcceptable: ['request-lost'] }))],
  },
  {
    name: 'exam-dev-balancer-age',
    about:
      'A load balancer drops every connection at an age of 5 s, with a RST to both ends and TTLs of its own; two clients talk all the time.',
    path: {
      delayMs: 17,
      devices: [
        {
          type: 'lifetime',
          ms: 5000,
          after: 'drop',
          shapes: [to('client', { ttl: 255, win: 0 }), to('server', { ttl: 255, win: 0 })],
        },
      ],
    },
    run: async lab => {
      await listen(lab, { port: 8000 })
      await Promise.all(
        ['a', 'b'].map(async (id, i) => {
          await sleep(i * 1500)
          await dial(lab, id, { port: 8000 })
        }),
      )
      for (let i = 0; i < 16; i++) {
        for (const id of ['a', 'b']) await send(lab, id, get('shop.example', `/${i}`))
        await sleep(350)
        for (const id of ['a', 'b']) await recv(lab, id, 600, 0.1)
      }
    },
    rules: [
      forgedRule('server', [CLIENT], {
        origin: 'middlebox',
        cause: 'max-lifetime',
        acceptable: ['middlebox-injection', 'nat-state-loss'],
        impact: 'none',
        impactAcceptable: ['request-lost', 'transfer-cut'],
      }),
      forgedRule('client', [SERVER], {
        origin: 'middlebox',
        cause: 'max-lifetime',
        acceptable: ['middlebox-injection', 'nat-state-loss'],
        impact: 'none',
        impactAcceptable: ['request-lost', 'transfer-cut'],
      }),
      aftermath('client'),
      aftermath('server'),
    ],
  },
  {
    name: 'exam-dev-blind-v6',
    about:
      'Somebody who does not see the connection sends 60 resets in the client’s name over IPv6, none exact; challenge ACKs, the connection goes on.',
    path: { delayMs: 22, v6: true },
    run: async lab => {
      await listen(lab, { mode: 'manual', port: 179 })
      await open(lab, 'a', { port: 179 })
      await exchange(lab)
      const shape = { to: 'server', flags: 'R', ttl: 53, ipid: 'random', win: 512 }
      await lab.mid({ cmd: 'blind', port: 179, shape, count: 60, from: 700, step: 2111, everyMs: 15 })
      await sleep(1300)
      await exchange(lab, 'a', 'PING 9\r\n')
      await sleep(200)
    },
    rules: [
      forgedRule('client', [SERVER], {
        origin: 'middlebox',
        originAcceptable: ['unknown'],
        cause: 'blind-reset-attack',
        impact: 'ignored',
      }),
    ],
  },
]

export const examInjectors: Scenario[] = injectors.map(examined)
