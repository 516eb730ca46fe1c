/** Devices that lose or never had the state of a connection, without any silence. */
import {
  aftermath,
  chain,
  CLIENT,
  close,
  dial,
  exchange,
  fetch,
  genuine,
  get,
  listen,
  open,
  recv,
  send,
  SERVER,
  sleep,
} from './middlebox-common.ts'
import { statefulFirewall } from './middlebox-idle.ts'
import type { RstFrame, Verdict } from './middlebox-label.ts'
import type { Path } from './middlebox-net.ts'
import type { Scenario } from './middlebox.ts'

const masquerade = async (lab: Path) => {
  await lab.sysctl('r1', 'netfilter/nf_conntrack_tcp_loose', 0)
  await lab.nft(
    'r1',
    chain('postrouting', [`oif wan0 ip protocol tcp snat to ${lab.v4(2, 1)}`], 'nat', '100'),
  )
}
const flush = (lab: Path) => lab.exec('r1', 'conntrack', '-F')
const stateLoss = (impact: string, more: Partial<Verdict> = {}): Verdict => ({
  origin: 'middlebox',
  cause: 'nat-state-loss',
  impact,
  ...more,
})
const toAddress = (net: number) => (r: RstFrame) => r.to.startsWith(`10.${80 + net}.`)
const fromAddress = (net: number) => (r: RstFrame) => r.from.startsWith(`10.${80 + net}.`)
const guess = ['post-restart', 'desynchronized', 'unknown', 'process-crash']

export const losses: Scenario[] = [
  {
    name: 'nat-flush-snat',
    about:
      'A source NAT loses its table in mid-exchange: the next request leaves with the private address and the server, which knows no such connection, answers RST; later the server speaks to the address of the NAT device and is reset by that device.',
    path: { delayMs: 18 },
    run: async lab => {
      await masquerade(lab)
      await listen(lab, { mode: 'manual', port: 7000 })
      await open(lab, 'a', { port: 7000 })
      await exchange(lab)
      await exchange(lab, 'a', 'PING 2\r\n')
      await flush(lab)
      await send(lab, 'a', 'PING 3\r\n')
      await sleep(150)
      await lab.ask('server', { do: 'send', id: 'sa', data: 'EVENT order 1881 paid\r\n' })
      await sleep(150)
    },
    rules: [
      {
        name: 'answer to the leak',
        sender: 'server',
        who: 'any',
        in: [CLIENT, SERVER],
        verdict: {
          origin: 'endpoint',
          originAcceptable: ['unknown'],
          cause: 'nat-state-loss',
          acceptable: guess,
          impact: 'request-lost',
        },
        at: { [SERVER]: { impactAcceptable: ['unknown', 'none', 'connect-failed'] } },
      },
      {
        name: 'NAT device',
        sender: 'client',
        who: 'any',
        in: [SERVER],
        match: fromAddress(2),
        verdict: stateLoss('transfer-cut', {
          originAcceptable: ['unknown'],
          acceptable: ['post-restart', 'unknown'],
          impactAcceptable: ['request-lost', 'unknown'],
          kernelReason: null,
        }),
      },
    ],
  },
  {
    name: 'nat-flush-burst',
    about:
      'A stateful firewall restarts with an empty table under eight busy connections: every client that speaks is reset within 200 ms, and a new connection works at once.',
    path: { delayMs: 21 },
    clock: { [SERVER]: 1700 },
    run: async lab => {
      await statefulFirewall(lab, 'r1', 3600)
      await listen(lab, { port: 8000 })
      const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
      for (const id of ids) await dial(lab, id, { port: 8000 })
      for (const id of ids) await fetch(lab, id)
      await flush(lab)
      for (const id of ids) await send(lab, id, get('shop.example', '/next'))
      await sleep(60)
      await dial(lab, 'z', { port: 8000 })
      await fetch(lab, 'z')
    },
    rules: [
      { name: 'burst', sender: 'server', who: 'device', in: [CLIENT], verdict: stateLoss('request-lost') },
    ],
  },
  {
    name: 'nat-flush-burst-server',
    about:
      'A NAT device fails over to a peer without the table while the server pushes to six clients behind it: six resets in the name of its address within 200 ms.',
    path: { delayMs: 16 },
    run: async lab => {
      await masquerade(lab)
      await listen(lab, { mode: 'manual', port: 7000 })
      const ids = ['a', 'b', 'c', 'd', 'e', 'f']
      for (const id of ids) await open(lab, id, { port: 7000 })
      for (const id of ids) await exchange(lab, id)
      await flush(lab)
      for (const id of ids)
        await lab.ask('server', { do: 'send', id: `s${id}`, data: 'EVENT order 1881 paid\r\n' })
      await sleep(120)
      await open(lab, 'z', { port: 7000 })
      await exchange(lab, 'z')
    },
    rules: [
      {
        name: 'burst',
        sender: 'client',
        who: 'any',
        in: [SERVER],
        verdict: stateLoss('transfer-cut', {
          originAcceptable: ['unknown'],
          acceptable: ['process-crash', 'post-restart', 'unknown'],
          impactAcceptable: ['request-lost', 'unknown'],
          kernelReason: null,
        }),
      },
    ],
  },
  {
    name: 'asym-route-firewall',
    about:
      'A stateful firewall sees only the way to the server, the answers come another way: it never learns of the SYN-ACK and resets the client at its first ACK.',
    path: { delayMs: 20 },
    run: async lab => {
      await lab.sysctl('r1', 'netfilter/nf_conntrack_tcp_loose', 0)
      await lab.nft('r1', chain('prerouting', ['iif wan0 notrack'], 'filter', '-300'))
      await lab.nft(
        'r1',
        chain('forward', [
          'tcp flags & rst == rst accept',
          'ct state invalid meta l4proto tcp reject with tcp reset',
        ]),
      )
      await listen(lab, { port: 8443 })
      await dial(lab, 'a', { port: 8443 })
      await send(lab, 'a', get('shop.example'))
      await sleep(1300)
    },
    rules: [
      {
        name: 'no state',
        sender: 'server',
        who: 'device',
        in: [CLIENT],
        verdict: stateLoss('connect-failed', {
          acceptable: ['middlebox-injection', 'firewall-reject'],
          impactAcceptable: ['request-lost', 'none', 'unknown'],
        }),
      },
      genuine(
        'client',
        'reset-aftermath',
        'none',
        { after: 'no state', impactAcceptable: ['ignored'] },
        {
          at: {
            [SERVER]: {
              originAcceptable: ['unknown'],
              acceptable: ['handshake-aborted', 'nat-state-loss', 'unknown'],
              impact: 'connect-failed',
              impactAcceptable: ['none'],
            },
          },
        },
      ),
    ],
  },
  {
    name: 'k8s-invalid-leak',
    about:
      'Behind a virtual address (DNAT), one segment of the server lies outside the window that the node tracks: it reaches the client with the real address of the server, the client answers RST, and that kills the live connection at the server.',
    path: {
      delayMs: 17,
      devices: [{ type: 'rewrite', dir: 'server', port: 80, copySeqOff: 3_000_000, nth: 6 }],
    },
    snaplen: 200,
    run: async lab => {
      await lab.nft(
        'r1',
        chain(
          'prerouting',
          [`ip daddr ${lab.v4(4, 9)} tcp dport 8080 dnat ip to ${lab.server}:80`],
          'nat',
          '-100',
        ),
      )
      await listen(lab, { chunks: 14, size: 1100, everyMs: 40 })
      await dial(lab, 'a', { host: lab.v4(4, 9), port: 8080 })
      await fetch(lab, 'a', 20_000)
      await sleep(150)
    },
    rules: [
      {
        name: 'leak',
        sender: 'client',
        who: 'any',
        in: [CLIENT, SERVER],
        match: toAddress(3),
        verdict: {
          origin: 'endpoint',
          originAcceptable: ['unknown'],
          cause: 'nat-state-loss',
          acceptable: [...guess, 'data-after-close', 'reset-aftermath'],
          impact: 'transfer-cut',
        },
        at: { [CLIENT]: { impact: 'unknown', impactAcceptable: ['none', 'ignored', 'transfer-cut'] } },
      },
      {
        name: 'server lost it',
        sender: 'server',
        who: 'any',
        verdict: {
          origin: 'endpoint',
          originAcceptable: ['unknown'],
          cause: 'reset-aftermath',
          acceptable: ['nat-state-loss', ...guess, 'data-after-close'],
          impact: 'transfer-cut',
          impactAcceptable: ['none', 'ignored'],
          after: 'leak',
        },
      },
      {
        name: 'client answers',
        sender: 'client',
        who: 'any',
        verdict: {
          origin: 'endpoint',
          cause: 'reset-aftermath',
          impact: 'none',
          impactAcceptable: ['ignored'],
          after: 'server lost it',
        },
      },
    ],
  },
  {
    name: 'nat-flush-upload',
    about:
      'A stateful firewall near the client loses its table during an upload: the packets in flight each draw a reset in the name of the server.',
    path: { delayMs: 23, v6: true },
    snaplen: 128,
    run: async lab => {
      await statefulFirewall(lab, 'r1', 3600)
      await listen(lab, { port: 8000, mode: 'sink' })
      await dial(lab, 'a', { port: 8000 })
      const upload = lab.ask('client', { do: 'send', id: 'a', size: 1200, times: 14, everyMs: 25 })
      await sleep(230)
      await flush(lab)
      await upload
      await recv(lab, 'a', 1, 0.2)
      await close(lab, 'a')
    },
    rules: [
      {
        name: 'to client',
        sender: 'server',
        who: 'device',
        in: [CLIENT],
        verdict: stateLoss('transfer-cut', { acceptable: ['middlebox-injection'] }),
      },
      {
        name: 'to server',
        sender: 'client',
        who: 'device',
        verdict: stateLoss('transfer-cut', {
          acceptable: ['middlebox-injection', 'post-restart', 'unknown'],
        }),
      },
      aftermath('client'),
      aftermath('server'),
    ],
  },
]
