/** Injectors that hide well, and those that act late in a transfer. */
import {
  aftermath,
  alone,
  CLIENT,
  dial,
  fetch,
  forgedRule,
  injected,
  listen,
  send,
  SERVER,
  sleep,
  odd,
} from './middlebox-common.ts'
import { askForBanned, host } from './middlebox-dpi.ts'
import type { Scenario } from './middlebox.ts'

/** In-path devices that hide well: only fingerprints or the other end's capture give them away. */
const unseen = ['post-restart', 'nat-state-loss', 'desynchronized', 'data-after-close', 'unknown']
const hidden: Scenario[] = [
  {
    name: 'dpi-fingerprint',
    about:
      'An in-path device copies the TTL, keeps the timing of a full round trip and cuts the flow; its RST+ACK has no timestamps, window 0 and IP ID 0 on a Linux flow that has all three.',
    path: {
      delayMs: 20,
      devices: [
        {
          type: 'inject',
          position: 1,
          trigger: host('Host: banned.example'),
          dropTrigger: true,
          after: 'drop',
          shapes: [{ to: 'client', flags: 'RA', ttl: 'copy', ipid: 0, win: 0 }],
        },
      ],
    },
    run: lab => askForBanned(lab),
    rules: [
      forgedRule(
        'server',
        [CLIENT],
        injected('request-lost', {
          originAcceptable: ['unknown'],
          acceptable: ['unknown', 'abortive-close', 'unread-data-close'],
        }),
      ),
    ],
  },
  {
    name: 'dpi-perfect-mimic',
    about:
      'An in-path device swallows the request and answers exactly as a Linux kernel without that connection would: same TTL, IP ID 0, bare RST, a full round trip later. Only the two captures together show it.',
    path: {
      delayMs: 24,
      devices: [
        {
          type: 'inject',
          position: 1,
          trigger: host('Host: banned.example'),
          dropTrigger: true,
          after: 'drop',
          shapes: [{ to: 'client', flags: 'R', ttl: 'copy', ipid: 0, win: 0 }],
        },
      ],
    },
    clock: { [SERVER]: 1700 },
    run: lab => askForBanned(lab),
    rules: [
      forgedRule(
        'server',
        [CLIENT],
        injected('request-lost', { originAcceptable: ['unknown', 'endpoint'], acceptable: unseen }),
      ),
    ],
  },
]

const volume: Scenario[] = [
  {
    name: 'dpi-sandvine',
    about:
      'A traffic manager counts an upload and resets both sides with two RST+ACK, the second 12503 above the first.',
    path: {
      delayMs: 28,
      devices: [
        {
          type: 'inject',
          position: 0.4,
          trigger: { on: 'bytes', dir: 'client', atLeast: 9000 },
          shapes: (['client', 'server'] as const).flatMap(to => [
            { to, flags: 'RA', ttl: 'copy+3', ipid: 'copy+4' },
            { to, flags: 'RA', ttl: 'copy+3', ipid: 'copy+5', seqOff: 12503, delayMs: 0.3 },
          ]),
        },
      ],
    },
    snaplen: 128,
    run: async lab => {
      await listen(lab, { port: 6881, mode: 'sink' })
      await dial(lab, 'a', { port: 6881 })
      await lab.ask('client', { do: 'send', id: 'a', size: 1400, times: 12, everyMs: 25 })
      await sleep(120)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('transfer-cut')),
      forgedRule('client', [SERVER], injected('transfer-cut')),
      aftermath('client'),
      aftermath('server'),
    ],
  },
  {
    name: 'dpi-response-keyword',
    about:
      'A censor finds a word in the answer of the server and resets both sides; the answer goes on meanwhile, so its numbers are behind at the client.',
    path: {
      delayMs: 26,
      devices: [
        {
          type: 'inject',
          position: 0.6,
          trigger: { on: 'payload', dir: 'server', contains: 'lazy dog' },
          shapes: [
            { to: 'client', flags: 'RA', ttl: 97, ...odd },
            { to: 'server', flags: 'RA', ttl: 103, ...odd },
          ],
        },
      ],
    },
    snaplen: 200,
    run: async lab => {
      await listen(lab, { chunks: 8, size: 2600, everyMs: 30 })
      await dial(lab)
      await fetch(lab, 'a', 40_000)
      await sleep(80)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('ignored', { impactAcceptable: ['transfer-cut'] })),
      forgedRule('client', [SERVER], injected('transfer-cut')),
      aftermath('client', alone(SERVER, 'none')),
      aftermath('server', { [CLIENT]: { impactAcceptable: ['transfer-cut', 'ignored'] } }),
    ],
  },
  {
    name: 'ips-long-transfer',
    about:
      'A Linux router counts the bytes of a connection and rejects a download that grows too long, packet by packet, towards whoever sent it.',
    path: { delayMs: 15 },
    snaplen: 128,
    run: async lab => {
      await lab.sysctl('r2', 'netfilter/nf_conntrack_acct', 1)
      await lab.nft(
        'r2',
        'table inet i {\nchain c {\ntype filter hook forward priority 0\nct bytes > 30000 meta l4proto tcp reject with tcp reset\n}\n}\n',
      )
      await listen(lab, { chunks: 12, size: 4000, everyMs: 20 })
      await dial(lab)
      await fetch(lab, 'a', 50_000)
      await sleep(100)
    },
    rules: [
      { name: 'to client', sender: 'server', who: 'device', in: [CLIENT], verdict: injected('transfer-cut') },
      {
        name: 'to server',
        sender: 'client',
        who: 'device',
        in: [SERVER],
        verdict: injected('transfer-cut', {
          originAcceptable: ['unknown'],
          acceptable: ['nat-state-loss', 'unknown', 'data-after-close'],
        }),
      },
      aftermath('client'),
      aftermath('server'),
    ],
  },
  {
    name: 'ips-upload-virus',
    about:
      'An in-path scanner recognises a pattern late in an upload, swallows that packet and everything after it and resets both sides with its own TTL.',
    path: {
      delayMs: 19,
      devices: [
        {
          type: 'inject',
          position: 0.8,
          trigger: host('EICAR-STANDARD'),
          dropTrigger: true,
          after: 'drop',
          shapes: [
            { to: 'client', flags: 'R', ttl: 255, ipid: 'random' },
            { to: 'server', flags: 'R', ttl: 255, ipid: 'random' },
          ],
        },
      ],
    },
    snaplen: 160,
    run: async lab => {
      await listen(lab, { port: 8081, mode: 'sink' })
      await dial(lab, 'a', { port: 8081 })
      await lab.ask('client', { do: 'send', id: 'a', size: 1300, times: 9, everyMs: 30 })
      await send(lab, 'a', 'X5O!P%@AP EICAR-STANDARD-ANTIVIRUS-TEST')
      await sleep(150)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('transfer-cut')),
      forgedRule('client', [SERVER], injected('transfer-cut')),
      aftermath('client'),
      aftermath('server'),
    ],
  },
]

export const hiddenDpi: Scenario[] = [...hidden, ...volume]
