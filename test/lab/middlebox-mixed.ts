/** Injectors behind a NAT, with residual punishment, with a page of their own, and beside genuine resets. */
import {
  aftermath,
  chain,
  CLIENT,
  close,
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
  send,
  SERVER,
  sleep,
  odd,
} from './middlebox-common.ts'
import { both } from './middlebox-genuine.ts'
import { banned, askBanned, forgedBoth, injector, toBoth } from './middlebox-hard.ts'
import type { Scenario } from './middlebox.ts'

const viaNat = (
  name: string,
  about: string,
  run: Scenario['run'],
  rules: Scenario['rules'],
  devices: object[],
): Scenario => ({
  name,
  about,
  path: { delayMs: 21, devices },
  run: async lab => {
    await lab.nft('r1', chain('postrouting', ['oif wan0 masquerade'], 'nat', '100'))
    await run(lab)
  },
  rules,
})

export const mixed: Scenario[] = [
  viaNat(
    'dpi-behind-nat',
    'An injector behind a masquerading router: the two ends show other addresses of the client, and each side its own forged reset.',
    async lab => {
      await listen(lab)
      await goodVisit(lab)
      await dial(lab)
      await askBanned(lab)
    },
    forgedBoth,
    injector(toBoth({ flags: 'RA', ttl: 107, ...odd })),
  ),
  {
    name: 'dpi-ignored-then-abort',
    about:
      'A forged reset with an old sequence number is ignored by the client; a while later the server aborts itself: two resets with the same address, one forged, one genuine.',
    path: { delayMs: 22, devices: injector([{ to: 'client', flags: 'RA', ttl: 90, ...odd, seqOff: -1460 }]) },
    run: async lab => {
      await listen(lab, { mode: 'manual' })
      await open(lab)
      await exchange(lab, 'a', 'GET / HTTP/1.1\r\n\r\n', 2600)
      await exchange(lab, 'a', get('banned.example'), 700)
      await sleep(200)
      await lab.ask('server', { do: 'abort', id: 'sa' })
      await sleep(100)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('ignored')),
      genuine('server', 'abortive-close', 'none', { acceptable: ['benign-teardown'] }, both),
    ],
  },
  {
    name: 'dpi-residual',
    about:
      'After the first forbidden request the censor punishes the pair of hosts for a while: the next connections are reset at their SYN; another port is not touched.',
    path: {
      delayMs: 25,
      devices: injector(toBoth({ flags: 'RA', ttl: 116, ...odd }), {
        residualMs: 90_000,
        residualShapes: [{ to: 'client', flags: 'RA', ttl: 118, ...odd }],
      }),
    },
    run: async lab => {
      await listen(lab)
      await listen(lab, { port: 8000 })
      await dial(lab)
      await askBanned(lab)
      for (const id of ['b', 'c', 'd']) {
        await dial(lab, id)
        await sleep(250)
      }
      await goodVisit(lab, { port: 8000 })
    },
    rules: [
      {
        ...forgedRule('server', [CLIENT], injected('connect-failed', { acceptable: ['firewall-reject'] })),
        name: 'punished',
        match: r => r.win > 0 && r.ttl === 117,
      },
      ...forgedBoth.slice(0, 2),
      {
        ...aftermath('client', {
          [SERVER]: {
            originAcceptable: ['unknown'],
            acceptable: ['handshake-aborted', 'unknown', 'port-scan', 'desynchronized'],
            impact: 'none',
            impactAcceptable: ['connect-failed', 'ignored'],
          },
        }),
      },
      aftermath('server'),
    ],
  },
  {
    name: 'lb-max-lifetime',
    about:
      'A load balancer ends every connection 5 s after its beginning, busy as it is, with resets to both sides: three connections opened 0.7 s apart.',
    path: {
      delayMs: 18,
      devices: [
        {
          type: 'lifetime',
          ms: 5000,
          after: 'drop',
          shapes: toBoth({ flags: 'RA', ttl: 255, win: 0, ipid: 'random' }),
        },
      ],
    },
    run: async lab => {
      await listen(lab, { port: 8443, size: 60 })
      const ids = ['a', 'b', 'c']
      for (const id of ids) {
        await dial(lab, id, { port: 8443 })
        await sleep(700)
      }
      for (let round = 0; round < 10; round++) {
        for (const id of ids) await send(lab, id, get('shop.example', `/tick/${round}`))
        await sleep(450)
      }
    },
    rules: (['server', 'client'] as const).map(sender => ({
      ...forgedRule(sender, [sender === 'server' ? CLIENT : SERVER], {
        origin: 'middlebox',
        cause: 'max-lifetime',
        acceptable: ['middlebox-injection'],
        impact: 'none',
        impactAcceptable: ['request-lost', 'transfer-cut', 'unknown'],
      }),
    })),
  },
  {
    name: 'dpi-block-page',
    about:
      'An in-path filter answers a forbidden request itself with a page in the name of the server and a RST+ACK behind it, and resets the server.',
    path: {
      delayMs: 20,
      devices: [
        {
          type: 'inject',
          position: 0.3,
          trigger: banned,
          dropTrigger: true,
          after: 'drop',
          shapes: [
            {
              to: 'client',
              flags: 'PA',
              ttl: 62,
              win: 512,
              ipid: 4711,
              payload: Buffer.from(
                'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 7\r\n\r\nblocked',
              ).toString('hex'),
            },
            { to: 'client', flags: 'RA', ttl: 62, win: 512, ipid: 4712, seqOff: 71, delayMs: 0.3 },
            { to: 'server', flags: 'RA', ttl: 254, ipid: 4713 },
          ],
        },
      ],
    },
    run: async lab => {
      await listen(lab)
      await goodVisit(lab)
      await dial(lab)
      await fetch(lab)
      await askBanned(lab)
      await close(lab, 'a')
    },
    rules: [
      forgedRule(
        'server',
        [CLIENT],
        injected('none', {
          originAcceptable: ['unknown'],
          acceptable: ['application-reject'],
          impactAcceptable: ['request-lost'],
        }),
      ),
      forgedRule('client', [SERVER], injected('none', { impactAcceptable: ['request-lost', 'unknown'] })),
      aftermath('client'),
      aftermath('server'),
    ],
  },
]
