/** Firewalls that refuse, and one that a scanner meets. */
import {
  chain,
  CLIENT,
  dial,
  forgedRule,
  genuine,
  goodVisit,
  listen,
  SERVER,
  sleep,
} from './middlebox-common.ts'
import type { Rule, Verdict } from './middlebox-label.ts'
import type { PathOptions, Place } from './middlebox-net.ts'
import type { Scenario } from './middlebox.ts'

const refusal: Verdict = { origin: 'middlebox', cause: 'firewall-reject', impact: 'connect-failed' }
const refused = (verdict: Partial<Verdict> = {}): Rule => ({
  name: 'refused',
  sender: 'server',
  who: 'device',
  in: [CLIENT],
  verdict: { ...refusal, ...verdict },
})
const reject = (ports: string, hook = 'forward') =>
  chain(hook, [`tcp dport { ${ports} } reject with tcp reset`])

interface Refusal {
  name: string
  about: string
  path: PathOptions
  at: Place
  verdict?: Partial<Verdict>
  /** Whether the capture also shows how the server answers elsewhere. */
  reference?: boolean
  ports?: number[]
  clock?: Record<string, number>
}
const refuse = ({
  name,
  about,
  path,
  at,
  verdict,
  reference = true,
  ports = [8443, 5432],
  clock,
}: Refusal): Scenario => ({
  name,
  about,
  path,
  ...(clock && { clock }),
  hostFilter: at === 'server',
  run: async lab => {
    await listen(lab)
    await lab.nft(at, reject(ports.join(', '), at === 'server' ? 'input' : 'forward'))
    if (reference) await goodVisit(lab)
    for (const port of ports) await dial(lab, `x${port}`, { port })
  },
  rules: [refused(verdict)],
})

export const firewalls: Scenario[] = [
  refuse({
    name: 'fw-reject-router',
    about:
      'The first router refuses two ports with a TCP reset; port 80 of the same server answers from three hops away.',
    path: { delayMs: 16 },
    at: 'r1',
  }),
  refuse({
    name: 'fw-reject-router-v6',
    about: 'As fw-reject-router over IPv6.',
    path: { delayMs: 28, v6: true },
    at: 'r1',
    ports: [22, 993],
  }),
  refuse({
    name: 'fw-reject-far-router',
    about:
      'The router next to the server refuses: round trip almost as long, TTL one higher than that of the server.',
    path: { delayMs: 19 },
    at: 'r2',
    verdict: { originAcceptable: ['unknown'], acceptable: ['port-closed'] },
  }),
  refuse({
    name: 'fw-reject-host',
    about:
      'A packet filter on the server itself refuses: as close to a closed port as can be, the host itself answers.',
    path: { delayMs: 17 },
    at: 'server',
    verdict: {
      origin: 'endpoint',
      originAcceptable: ['unknown'],
      cause: 'port-closed',
      acceptable: ['firewall-reject'],
    },
  }),
  refuse({
    name: 'fw-reject-no-reference',
    about: 'The first router refuses the only connection in the capture: nothing to compare it with.',
    path: { delayMs: 25 },
    at: 'r1',
    reference: false,
    ports: [8443],
    verdict: { originAcceptable: ['unknown', 'endpoint'], acceptable: ['port-closed', 'unknown'] },
    clock: { [SERVER]: -42500 },
  }),
  refuse({
    name: 'fw-reject-no-reference-v6',
    about: 'As fw-reject-no-reference over IPv6.',
    path: { delayMs: 22, v6: true },
    at: 'r1',
    reference: false,
    ports: [3389],
    verdict: { originAcceptable: ['unknown', 'endpoint'], acceptable: ['port-closed', 'unknown'] },
  }),
  {
    name: 'fw-reject-appliance',
    about:
      'An appliance in the middle refuses one port itself: TTL from 255, window 0, in a third of the round trip; the SYN goes no further.',
    path: {
      delayMs: 24,
      devices: [
        {
          type: 'inject',
          position: 0.3,
          trigger: { on: 'syn', port: 8443 },
          dropTrigger: true,
          after: 'drop',
          shapes: [{ to: 'client', flags: 'RA', ttl: 255, ipid: 'random' }],
        },
      ],
    },
    run: async lab => {
      await listen(lab)
      await goodVisit(lab)
      await dial(lab, 'x', { port: 8443 })
    },
    rules: [forgedRule('server', [CLIENT], refusal)],
  },
  {
    name: 'scan-through-fw',
    about:
      'A port scanner (raw SYNs with random TTLs) meets a server behind a router: open ports answer SYN-ACK, closed ones RST, and four ports are refused by the router.',
    path: { delayMs: 14 },
    run: async lab => {
      await lab.nft('r1', reject('135, 139, 445, 3389'))
      await listen(lab)
      await listen(lab, { port: 443 })
      const ports = [
        21, 22, 23, 25, 53, 80, 110, 111, 135, 139, 143, 443, 445, 993, 995, 1723, 3306, 3389, 5900, 8080,
      ]
      await lab.ask('client', { do: 'scan', source: lab.v4(1, 2), host: lab.server, sport: 51414, ports })
      await sleep(150)
    },
    rules: [
      genuine('server', 'port-scan', 'none', { acceptable: ['port-closed'] }, { in: [CLIENT, SERVER] }),
      {
        ...refused({
          originAcceptable: ['unknown'],
          cause: 'port-scan',
          acceptable: ['firewall-reject'],
          impact: 'none',
        }),
        name: 'scan refused',
      },
      genuine('client', 'port-scan', 'none', { acceptable: ['handshake-aborted'] }, { in: [CLIENT, SERVER] }),
    ],
  },
]
