/** The third set of blind scenarios (see third-servers.ts): sockets, hosts and timers. */
import { python } from './endpoint-second.ts'
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Scenario } from './scenario.ts'
import { keys } from './servers.ts'
import { exchange, get, more, noTimestamps, pair, post, refused, spoken, streaming } from './talk.ts'
import { third } from './studied.ts'

const line = spoken('STATUS 17\r\n', '+OK 17 ready\r\n')

const odd: Scenario[] = [
  {
    name: 'third-fast-open',
    about:
      'TCP Fast Open: requests in the SYN meet a closed port twice, and twice a server that closes without reading.',
    network: { delay: 24, settings: { 'ipv4/tcp_fastopen': 0x607 } },
    vantages: ['client', 'server:110'],
    truth: ({ serverPort }) =>
      serverPort === 9101
        ? { ...refused, impactAcceptable: ['request-lost'] }
        : { cause: 'unread-data-close', acceptable: ['abortive-close'], impact: 'request-lost' },
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(9100)
      const code = (port: number) => `
import socket, time
s = socket.socket()
try:
    s.sendto(b'GET /early HTTP/1.1\\r\\nHost: lab.example\\r\\n\\r\\n', 0x20000000, ('${server.address}', ${port}))
    s.recv(10)
except OSError:
    pass
time.sleep(0.2)`
      for (const port of [9101, 9100, 9101, 9100]) {
        const child = await python(client, code(port))
        if (port === 9100) {
          const far = await listener.accept()
          await sleep(250)
          await far.close()
        }
        await new Promise(done => (child.exitCode === null ? child.once('exit', done) : done(0)))
      }
    },
  },
  {
    name: 'third-mptcp-abort',
    about: 'Multipath TCP on one path: the server aborts two requests; its reset carries MPTCP options.',
    network: { delay: 13, hops: 3 },
    vantages: ['client', 'server:128'],
    truth: {
      cause: 'abortive-close',
      acceptable: ['unread-data-close'],
      impact: 'request-lost',
      impactAcceptable: ['unknown'],
    },
    run: async ({ client, server }) => {
      const serve = `
import socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('${server.address}', 9102)); s.listen(8)
for _ in range(2):
    c, _a = s.accept()
    c.recv(100); c.sendall(b'one\\n')
    c.recv(100); time.sleep(0.4)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    c.close()
time.sleep(1)`
      await python(server, serve, 9102)
      const ask = `
import socket, time
for _ in range(2):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    s.connect(('${server.address}', 9102))
    s.sendall(b'first\\n'); s.recv(100)
    time.sleep(0.2)
    s.sendall(b'second\\n')
    try:
        s.recv(100)
    except OSError:
        pass
    time.sleep(0.2)`
      const child = await python(client, ask)
      await new Promise(done => child.once('exit', done))
    },
  },
  {
    name: 'third-scan-ack-fin',
    about:
      'hping3 sends bare ACKs to eight ports and FINs to eight more; every closed port answers by RST, an open one answers the ACK only.',
    network: { delay: 7, hops: 4 },
    vantages: ['client:68', 'server'],
    truth: { cause: 'port-scan', impact: 'none' },
    run: async ({ client, server }) => {
      await server.agent.listen(403)
      await quiet(client.sh(`timeout 3 hping3 -q -A -p ++400 -c 8 -i u60000 ${server.address}`))
      await quiet(client.sh(`timeout 3 hping3 -q -F -p ++500 -c 8 -i u60000 ${server.address}`))
    },
  },
  {
    name: 'third-ident',
    about:
      'A mail server asks the ident port (113) of each client before it greets; the clients refuse. Mail goes through.',
    network: { delay: 31, hops: 7 },
    vantages: ['client', 'server:96'],
    truth: {
      ...refused,
      acceptable: ['firewall-reject', 'unknown'],
      originAcceptable: ['unknown'],
      impactAcceptable: ['none'],
    },
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(25)
      for (let i = 0; i < 2; i++) {
        const near = await client.agent.connect(server.address, 25)
        const far = await listener.accept()
        await quiet(server.agent.connect(client.address, 113))
        await far.send('220 mx.lab.example ESMTP\r\n')
        await near.recv()
        await spoken('EHLO c.lab.example\r\n', '250 mx.lab.example\r\n')(near, far)
        await spoken('QUIT\r\n', '221 bye\r\n')(near, far)
        await near.close()
        await far.close()
        await sleep(200)
      }
    },
  },
  {
    name: 'third-late-fin',
    about:
      'A server answered and closed; its FIN_WAIT2 ends after 3 s (tcp_fin_timeout), the clients close 5 s later: RSTs for their FINs.',
    network: { v6: true, delay: 19, settings: { ...noTimestamps, 'ipv4/tcp_fin_timeout': 3 } },
    vantages: ['client:90', 'server'],
    truth: { cause: 'benign-teardown', impact: 'none' },
    run: async lab => {
      const first = await pair(lab, 8605)
      await Promise.all(
        [first, ...(await more(lab, first.listener, 8605, 2))].map(async ({ near, far }, i) => {
          await sleep(i * 300)
          await exchange(near, far)
          await far.close()
          await sleep(5200)
          await near.close()
          await sleep(200)
        }),
      )
    },
  },
  {
    name: 'third-fin-then-reset',
    about:
      'A server shuts its side down after the answer, waits 2 s for the client’s FIN in vain, and resets; twice.',
    network: { delay: 11 },
    vantages: ['client', 'server:96'],
    truth: { cause: 'benign-teardown', acceptable: ['abortive-close'], impact: 'none' },
    run: async lab => {
      const first = await pair(lab, 8606)
      for (const { near, far } of [first, ...(await more(lab, first.listener, 8606, 1))]) {
        await exchange(near, far)
        await far.shutdown()
        await sleep(2000)
        await far.abort()
        await sleep(150)
      }
    },
  },
]

const clock: Scenario[] = [
  {
    name: 'third-reboot-meets-probes',
    about: 'A server reboots; three idle clients’ keepalive probes are answered by RST.',
    network: { delay: 27, hops: 6 },
    vantages: ['client', 'router:96'],
    truth: { cause: 'post-restart', impact: 'none' },
    run: async lab => {
      const listener = await lab.server.agent.listen(9300)
      const near = { SO_KEEPALIVE: 1, TCP_KEEPIDLE: 3, TCP_KEEPINTVL: 2, TCP_KEEPCNT: 5 }
      for (let i = 0; i < 3; i++) {
        const a = await lab.client.agent.connect(lab.server.address, 9300, { opts: near })
        await line(a, await listener.accept())
        await sleep(200)
      }
      await lab.network.restart('s', 300)
      await sleep(4500)
    },
  },
  {
    name: 'third-idle-crosses-request',
    about:
      'A server ends idle connections by RST after 5 s, 360 ms of round trip away; two requests leave while the reset is on its way.',
    network: { delay: 180, hops: 15 },
    vantages: ['client', 'server:96'],
    truth: { cause: 'idle-timeout', impact: 'request-lost', impactAcceptable: ['none'] },
    run: async lab => {
      const first = await pair(lab, 8607)
      await Promise.all(
        [first, ...(await more(lab, first.listener, 8607, 1))].map(async ({ near, far }, i) => {
          await sleep(i * 700)
          await exchange(near, far)
          await Promise.all([
            sleep(5000).then(() => far.abort()),
            sleep(5090).then(() => quiet(near.send(get('/next')))),
          ])
          await sleep(600)
        }),
      )
    },
  },
  {
    name: 'third-upload-into-the-void',
    about:
      'The way to the server breaks in two uploads; the client’s program gives up after 4 s (linger 0), its kernel repeats in vain. IPv6.',
    network: { v6: true, delay: 21 },
    vantages: ['client:110', 'router'],
    truth: { cause: 'retransmission-timeout', impact: 'transfer-cut', impactAcceptable: ['request-lost'] },
    run: async lab => {
      const first = await pair(lab, 8608)
      const all = [first, ...(await more(lab, first.listener, 8608, 1))]
      for (const { near, far } of all) {
        await near.send(post('/in', 400_000))
        await near.sendBytes(3000)
        await far.drain(3000)
      }
      await lab.network.change({ dropTo: 'server' })
      for (const { near } of all) await near.trySend(6000)
      await sleep(4000)
      for (const { near } of all) await near.abort()
      await sleep(200)
    },
  },
]

/** Four stories at once, told apart by their ports. */
const story: Record<number, Truth> = {
  7001: { cause: 'idle-timeout', impact: 'none' },
  7002: refused,
  7003: { cause: 'abortive-close', acceptable: ['unread-data-close'], impact: 'transfer-cut' },
  7004: { cause: 'data-after-close', impact: 'transfer-cut' },
}

const mixed: Scenario[] = [
  {
    name: 'third-busy-host',
    about:
      'One host, four stories: idle sessions expire (7001), a port is closed (7002), a client aborts downloads (7003), a server closes under uploads (7004).',
    network: { delay: 16, hops: 3 },
    vantages: ['client:110', 'server:110'],
    // Of sessions that spoke only before the cut nothing is left but their reset.
    cuts: {
      'late.pcap': {
        of: 'server',
        keep: f => f.number > 40,
        truth: ({ serverPort }) => ({
          ...story[serverPort],
          ...(serverPort === 7001 ? { acceptable: ['unknown'], impactAcceptable: ['unknown'] } : {}),
        }),
      },
    },
    truth: ({ serverPort }) => story[serverPort],
    run: async lab => {
      const { client, server } = lab
      const [idle, down, up] = await Promise.all([7001, 7003, 7004].map(p => server.agent.listen(p)))
      const join = async (listener: typeof idle, port: number) => ({
        near: await client.agent.connect(server.address, port),
        far: await listener.accept(),
      })
      const sessions = []
      for (let i = 0; i < 3; i++) sessions.push(await join(idle, 7001))
      const expiring = sessions.map(async ({ near, far }, i) => {
        await sleep(i * 500)
        await line(near, far)
        await sleep(7000)
        await far.abort()
      })
      for (let i = 0; i < 3; i++) {
        const d = await join(down, 7003)
        await d.near.send(get(`/file/${i}`))
        await d.far.recv()
        await d.far.send(streaming)
        const pouring = quiet(d.far.stream(700, 0.05, 1.5))
        await d.near.readFor(0.5)
        await d.near.abort()
        await pouring
        await quiet(client.agent.connect(server.address, 7002))
        const u = await join(up, 7004)
        await u.near.send(post(`/in/${i}`, 500_000))
        const pushing = quiet(u.near.stream(700, 0.05, 1.5))
        await u.far.readThenClose(0.5)
        await pushing
      }
      await Promise.all(expiring)
    },
  },
  {
    name: 'third-tls-refused-hello',
    about:
      'A server aborts three TLS connections right after the hello (no alert): openssl s_client, curl, and curl over TLS 1.2.',
    network: { delay: 29, hops: 8 },
    vantages: ['client', 'server:256'],
    truth: {
      cause: 'abortive-close',
      acceptable: ['unread-data-close'],
      impact: 'connect-failed',
      impactAcceptable: ['request-lost', 'unknown'],
    },
    run: async ({ client, server, directory }) => {
      await keys(directory)
      const listener = await server.agent.listen(8446)
      const lines = [
        `timeout 3 openssl s_client -connect ${server.address}:8446 </dev/null`,
        `curl -sk -m 3 https://${server.address}:8446/`,
        `curl -sk -m 3 --tls-max 1.2 https://${server.address}:8446/`,
      ]
      for (const command of lines) {
        const asked = quiet(client.sh(command))
        const far = await listener.accept()
        await far.recv()
        await sleep(30)
        await far.abort()
        await asked
        await sleep(100)
      }
    },
  },
  {
    name: 'third-web-sockets-die',
    about:
      'Three WebSocket sessions; the server process is killed with two frames unread, the third session notices when it speaks. No listener after.',
    network: { delay: 34 },
    vantages: ['client', 'router:110'],
    truth: ({ kernelReason }) =>
      kernelReason === 'NO_SOCKET'
        ? { ...refused, acceptable: ['process-crash'] }
        : {
            cause: 'process-crash',
            acceptable: kernelReason === 'TCP_ABORT_ON_CLOSE' ? [] : ['data-after-close', 'keep-alive-race'],
            impact: 'transfer-cut',
            impactAcceptable: ['request-lost', 'none', 'unknown'],
          },
    run: async lab => {
      const { client, server } = lab
      const first = await pair(lab, 8610)
      const all = [first, ...(await more(lab, first.listener, 8610, 2))]
      for (const { near, far } of all) {
        await near.send(
          get(
            '/ws',
            'lab.example',
            'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bGFiIGxhYiBsYWIgbGFiIQ==\r\n',
          ),
        )
        await far.recv()
        await far.send(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
        )
        await near.recv()
        await spoken('\x81\x82\x00\x00\x00\x00hi', '\x81\x02ok')(near, far)
      }
      for (const { near } of all.slice(0, 2)) await near.send('\x81\x85\x00\x00\x00\x00hello')
      await sleep(400)
      await server.agent.kill()
      server.agent = server.newAgent()
      await sleep(900)
      await quiet(all[2].near.send('\x81\x85\x00\x00\x00\x00there'))
      await sleep(200)
      await quiet(client.agent.connect(server.address, 8610))
    },
  },
]

export const thirdSockets: Scenario[] = [...odd, ...clock, ...mixed].map(third)
