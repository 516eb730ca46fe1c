/** Devices that act before a connection has carried anything. */
import {
  aftermath,
  alone,
  CLIENT,
  dial,
  forgedRule,
  get,
  goodVisit,
  injected,
  listen,
  send,
  SERVER,
  sleep,
} from './middlebox-common.ts'
import { counting } from './middlebox-dpi.ts'
import type { Scenario } from './middlebox.ts'

export const tamper: Scenario[] = [
  {
    name: 'tamper-syn-rst',
    about:
      'A device answers the SYN to one port with a RST and a RST+ACK; the SYN goes on, so the SYN-ACK of the server meets a client that has given up.',
    path: {
      delayMs: 22,
      devices: [
        {
          type: 'inject',
          position: 0.3,
          trigger: { on: 'syn', port: 443 },
          shapes: [
            { to: 'client', flags: 'R', ttl: 48, ipid: 'random', bareAck: 0 },
            { to: 'client', flags: 'RA', ttl: 47, ipid: 'random', delayMs: 0.2 },
          ],
        },
      ],
    },
    run: async lab => {
      await listen(lab)
      await listen(lab, { port: 443 })
      await goodVisit(lab)
      await dial(lab, 'a', { port: 443 })
      await sleep(120)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('connect-failed', { acceptable: ['firewall-reject'] })),
      aftermath('client', {
        [SERVER]: {
          originAcceptable: ['unknown'],
          acceptable: ['handshake-aborted', 'port-scan', 'unknown'],
          impact: 'connect-failed',
          impactAcceptable: ['none'],
        },
      }),
    ],
  },
  {
    name: 'tamper-synack-count',
    about:
      'A censor resets the client right behind the SYN-ACK with three RST+ACK whose windows count up; the client had already begun to ask.',
    path: {
      delayMs: 33,
      devices: [
        {
          type: 'inject',
          position: 0.3,
          trigger: { on: 'synack', port: 443 },
          shapes: counting('client', 91, 1980),
        },
      ],
    },
    run: async lab => {
      await listen(lab)
      await listen(lab, { port: 443 })
      await goodVisit(lab)
      await dial(lab, 'a', { port: 443 })
      await send(lab, 'a', get('any.example'))
      await sleep(180)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('connect-failed', { impactAcceptable: ['request-lost'] })),
      aftermath('client', alone(SERVER, 'connect-failed')),
    ],
  },
  {
    name: 'tamper-psh',
    about:
      'An in-path censor swallows the first data packet and everything after it and resets both sides: the server sees a handshake and then a reset.',
    path: {
      delayMs: 27,
      devices: [
        {
          type: 'inject',
          position: 0.4,
          trigger: { on: 'bytes', dir: 'client', atLeast: 1, port: 8088 },
          dropTrigger: true,
          after: 'drop',
          shapes: [
            { to: 'client', flags: 'RA', ttl: 246, ipid: 'random', win: 0 },
            { to: 'server', flags: 'RA', ttl: 246, ipid: 'random', win: 0 },
          ],
        },
      ],
    },
    run: async lab => {
      await listen(lab)
      await listen(lab, { port: 8088 })
      await goodVisit(lab)
      await dial(lab, 'a', { port: 8088 })
      await send(lab, 'a', get('forum.example'))
      await sleep(150)
    },
    rules: [
      forgedRule('server', [CLIENT], injected('request-lost')),
      forgedRule(
        'client',
        [SERVER],
        injected('connect-failed', { impactAcceptable: ['none', 'unknown', 'request-lost'] }),
      ),
    ],
  },
  {
    name: 'tamper-ack',
    about: 'A device resets both sides as soon as the handshake is complete, before any data.',
    path: {
      delayMs: 20,
      devices: [
        {
          type: 'inject',
          position: 0.5,
          trigger: { on: 'ack', dir: 'client', port: 8022 },
          shapes: [
            { to: 'client', flags: 'R', ttl: 34, ipid: 'random' },
            { to: 'server', flags: 'R', ttl: 38, ipid: 'random' },
          ],
        },
      ],
    },
    run: async lab => {
      await listen(lab)
      await listen(lab, { port: 8022 })
      await goodVisit(lab)
      await dial(lab, 'a', { port: 8022 })
      await sleep(120)
    },
    rules: [
      forgedRule(
        'server',
        [CLIENT],
        injected('connect-failed', { impactAcceptable: ['none', 'unknown', 'request-lost'] }),
      ),
      forgedRule(
        'client',
        [SERVER],
        injected('connect-failed', { impactAcceptable: ['none', 'unknown', 'request-lost'] }),
      ),
      aftermath('client'),
      aftermath('server'),
    ],
  },
]
