/** Peers that vanish, stall or shrink their window to nothing, and what the other side does about it. */
import type { Socket } from './host.ts'
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { nginx, redis } from './servers.ts'
import { exchange, get, pair, post, spoken } from './talk.ts'

export const keepalive: Truth = {
  cause: 'keepalive-timeout',
  impact: 'none',
  impactAcceptable: ['transfer-cut'],
}
export const probing = (idle: number, every: number, count: number) => ({
  SO_KEEPALIVE: 1,
  TCP_KEEPIDLE: idle,
  TCP_KEEPINTVL: every,
  TCP_KEEPCNT: count,
})

const keepalives: Scenario[] = [
  {
    name: 'keepalive-client',
    about:
      'The server host becomes unreachable; three keepalive probes of the client, 2 s apart, stay unanswered, then it resets.',
    network: { delay: 3 },
    vantages: ['client', 'router:80', 'server'],
    cuts: { 'late.pcap': { of: 'client', keep: f => f.number > 7 } },
    truth: keepalive,
    run: async lab => {
      const { near, far } = await pair(lab, 8080, { near: probing(3, 2, 3) })
      await exchange(near, far)
      await lab.network.change({ dropTo: 'both' })
      await sleep(10_500)
    },
  },
  {
    name: 'keepalive-server-v6',
    about: 'The clients are gone; the server resets both after two unanswered probes 3 s apart, over IPv6.',
    heldOut: true,
    network: { v6: true, delay: 11, hops: 5 },
    vantages: ['server', 'router-server:96'],
    truth: keepalive,
    run: async lab => {
      const first = await pair(lab, 5432, { far: probing(4, 3, 2) })
      await spoken('SELECT 1;\n', '1\n')(first.near, first.far)
      const near = await lab.client.agent.connect(lab.server.address, 5432)
      const far = await first.listener.accept(probing(4, 3, 2))
      await spoken('SELECT 2;\n', '2\n')(near, far)
      // Only the way to the client is cut: the far side of the cable still shows what the server sends.
      await lab.network.change({ dropTo: 'client' })
      await sleep(11_500)
    },
  },
  {
    name: 'keepalive-redis',
    about: 'Redis (tcp-keepalive 3) probes a client host that drops all it gets, and resets.',
    vantages: ['server:80', 'client'],
    truth: keepalive,
    run: async lab => {
      await redis(lab.server, 6379, '--tcp-keepalive', '3')
      const near = await lab.client.agent.connect(lab.server.address, 6379)
      await near.send('*1\r\n$4\r\nPING\r\n')
      await near.recv()
      await lab.client.sh(
        "nft 'add table ip lab; add chain ip lab in { type filter hook input priority 0; policy drop; }'",
      )
      await sleep(7500)
    },
  },
  {
    name: 'keepalive-nginx',
    about:
      'nginx (so_keepalive 2 s, 1 s, 4 probes) waits for a request on a connection whose client host is down.',
    heldOut: true,
    network: { delay: 2 },
    vantages: ['server-any:96', 'router-server'],
    truth: keepalive,
    run: async lab => {
      await nginx(lab.server, 81, [`listen ${lab.server.bracketed}:8081 so_keepalive=2s:1s:4;`], {
        'index.html': '<p>lab</p>\n',
      })
      const near = await lab.client.agent.connect(lab.server.address, 8081)
      await near.send(get('/'))
      await near.recv()
      await lab.client.sh('ip link set c0 down')
      await sleep(8000)
    },
  },
]

const retransmission: Truth = {
  cause: 'retransmission-timeout',
  impact: 'request-lost',
  impactAcceptable: ['transfer-cut'],
}
/** Linux gives up silently; the reset comes when the peer next speaks. */
const silentGiveUp: Truth = { ...retransmission, acceptable: ['data-after-close', 'post-restart'] }

/** After an exchange the path breaks; `who` goes on sending and aborts after `patience` ms. */
async function giveUp(lab: Lab, port: number, who: 'near' | 'far', size: number, patience: number) {
  const both = await pair(lab, port)
  await exchange(both.near, both.far)
  await sleep(100)
  await lab.network.change({ dropTo: who === 'near' ? 'server' : 'client' })
  await both[who].sendBytes(size)
  await sleep(patience)
  await both[who].abort()
}

const retransmissions: Scenario[] = [
  {
    name: 'rto-app-gives-up',
    about:
      'The path breaks; the client repeats its 5,000 bytes with growing pauses and its application aborts after 3.4 s.',
    network: { delay: 4 },
    vantages: ['client:80', 'router:80'],
    truth: retransmission,
    run: lab => giveUp(lab, 8080, 'near', 5000, 3400),
  },
  {
    name: 'rto-server-push-v6',
    about: 'The client is unreachable over IPv6; the server repeats an event for 6.5 s and aborts.',
    heldOut: true,
    network: { v6: true, delay: 16, hops: 7 },
    vantages: ['server:110', 'router-server:110'],
    truth: { ...retransmission, impact: 'transfer-cut', impactAcceptable: ['request-lost', 'none'] },
    run: lab => giveUp(lab, 443, 'far', 900, 6500),
  },
  {
    name: 'rto-mid-upload',
    about: 'An upload in steady flow loses its path; the client aborts after 2.2 s of repeating.',
    network: { delay: 7, hops: 3 },
    vantages: ['client:80', 'server:80'],
    truth: { ...retransmission, impact: 'transfer-cut', impactAcceptable: ['request-lost'] },
    run: async lab => {
      const { near, far } = await pair(lab, 80)
      await near.send(post('/upload', 4_000_000))
      const reading = far.readFor(4)
      const upload = near.stream(1200, 0.03, 1)
      await sleep(600)
      await lab.network.change({ dropTo: 'server' })
      await upload
      await sleep(2200)
      await near.abort()
      await quiet(reading)
    },
  },
  {
    name: 'rto-mtu-black-hole',
    about:
      'Packets above 700 bytes vanish on the way. The client gives its request up silently (TCP_USER_TIMEOUT 2.5 s); a heartbeat of the server is then answered by RST.',
    network: { delay: 5 },
    vantages: ['client:80', 'server:96'],
    truth: silentGiveUp,
    run: async lab => {
      await lab.network.change({ mtu: 700 })
      const { near, far } = await pair(lab, 8080, { near: { TCP_USER_TIMEOUT: 2500 } })
      await spoken('hello\n', 'welcome\n')(near, far)
      await near.sendBytes(4041)
      await sleep(5200)
      await far.send('heartbeat\n')
      await sleep(200)
    },
  },
  {
    name: 'rto-user-timeout',
    about:
      'The path breaks for 6 s, the client gives up silently after 3 s (TCP_USER_TIMEOUT); the path returns, the server speaks, RST.',
    // Held out at first, then looked at.
    heldOut: false,
    network: { delay: 9, hops: 4 },
    vantages: ['client', 'server:96'],
    truth: silentGiveUp,
    run: async lab => {
      const { near, far } = await pair(lab, 1883, { near: { TCP_USER_TIMEOUT: 3000 } })
      await spoken('connect\n', 'accepted\n')(near, far)
      await lab.network.change({ dropTo: 'both' })
      await near.send('publish\n')
      await sleep(6000)
      await lab.network.change({ dropTo: null })
      await far.send('ping\n')
      await sleep(200)
    },
  },
  {
    name: 'rto-impatient-v6',
    about: 'An impatient client on an odd port aborts after three repetitions within 1.6 s; IPv6.',
    heldOut: true,
    network: { v6: true, delay: 2 },
    vantages: ['client.ng', 'router:96'],
    truth: retransmission,
    run: lab => giveUp(lab, 5060, 'near', 300, 1600),
  },
]

export const zeroWindow: Truth = { cause: 'zero-window-timeout', impact: 'transfer-cut' }

/** A sender fills its stalled peer until the window is closed; both buffers are small to keep this short. */
export async function stalled(
  lab: Lab,
  port: number,
  sender: 'near' | 'far',
  extra = {},
): Promise<{ from: Socket; to: Socket }> {
  const small = { SO_RCVBUF: 4096 }
  const out = { SO_SNDBUF: 8192, ...extra }
  const listener = await lab.server.agent.listen(port, { opts: sender === 'near' ? small : {} })
  const near = await lab.client.agent.connect(lab.server.address, port, {
    opts: sender === 'near' ? out : small,
  })
  const far = await listener.accept(sender === 'near' ? {} : out)
  await near.send(sender === 'near' ? post('/upload', 900_000) : get('/download'))
  await far.recv()
  const [from, to] = sender === 'near' ? [near, far] : [far, near]
  for (let i = 0; i < 6; i++) {
    await from.trySend(30_000)
    await sleep(50)
  }
  return { from, to }
}

const zeroWindows: Scenario[] = [
  {
    name: 'zero-window-nginx',
    about: 'nginx (send_timeout 4 s, reset_timedout_connection) sends a page to a client that does not read.',
    vantages: ['server:96', 'client:96'],
    truth: zeroWindow,
    run: async lab => {
      const lines = ['send_timeout 4s; reset_timedout_connection on; sendfile off; output_buffers 1 8k;']
      await nginx(lab.server, 80, [...lines, `listen ${lab.server.bracketed}:8080 sndbuf=8k;`], {
        'big.txt': 'z'.repeat(400_000),
      })
      const near = await lab.client.agent.connect(lab.server.address, 8080, { opts: { SO_RCVBUF: 4096 } })
      await near.send(get('/big.txt'))
      await sleep(7000)
    },
  },
  {
    name: 'zero-window-app',
    about: 'A server waits 5 s for a client that stopped reading, then aborts with linger 0.',
    network: { delay: 4 },
    vantages: ['client:96', 'server:96', 'router:80'],
    truth: zeroWindow,
    run: async lab => {
      const { from } = await stalled(lab, 8080, 'far')
      await sleep(5000)
      await from.abort()
    },
  },
  {
    name: 'zero-window-upload-v6',
    about: 'A client uploads over IPv6 to a server that stopped reading, and aborts after 7 s.',
    heldOut: true,
    network: { v6: true, delay: 13, hops: 6 },
    vantages: ['client:110', 'server:110'],
    truth: zeroWindow,
    run: async lab => {
      const { from } = await stalled(lab, 443, 'near')
      await sleep(7000)
      await from.abort()
    },
  },
  {
    name: 'zero-window-user-timeout',
    about:
      'The server gives a stalled client up silently (TCP_USER_TIMEOUT 3 s); when the client reads again its window update is answered by RST.',
    heldOut: true,
    network: { delay: 3 },
    vantages: ['client:96', 'server:96'],
    truth: { ...zeroWindow, acceptable: ['data-after-close', 'post-restart'] },
    run: async lab => {
      const { to } = await stalled(lab, 8000, 'far', { TCP_USER_TIMEOUT: 3000 })
      await sleep(7000)
      await to.readFor(0.3)
      await sleep(200)
    },
  },
  {
    name: 'zero-window-recovers-once',
    about: 'The window closes, opens once for a moment and closes again; the sender aborts 4 s later.',
    network: { v6: true },
    vantages: ['client:100', 'server:100'],
    truth: zeroWindow,
    run: async lab => {
      const { from, to } = await stalled(lab, 9000, 'far')
      await sleep(1200)
      await to.readFor(0.02)
      for (let i = 0; i < 4; i++) {
        await from.trySend(30_000)
        await sleep(40)
      }
      await sleep(4000)
      await from.abort()
    },
  },
]

export const timeoutScenarios: Scenario[] = [...keepalives, ...retransmissions, ...zeroWindows]
