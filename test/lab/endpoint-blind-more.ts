/** More of the blind scenarios (see endpoint-blind.ts): closes, crashes and losses. */
import type { Socket } from './host.ts'
import type { Judge, Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import { stalled } from './endpoint-timeout.ts'
import { python } from './endpoint-second.ts'
import type { Lab, Scenario } from './scenario.ts'
import { nginx, redis } from './servers.ts'
import { exchange, get, more, noTimestamps, pair, post, refused, spoken } from './talk.ts'

const abortive: Truth = { cause: 'abortive-close', impact: 'request-lost' }
const crash: Truth = { cause: 'process-crash', impact: 'request-lost' }
const restart: Truth = { cause: 'post-restart', impact: 'request-lost' }
/** A connect that found the port closed after the process was gone. */
const crashOrRefused: Judge = r =>
  r.kernelReason === 'NO_SOCKET' && r.frames.length === 1
    ? { ...refused, acceptable: ['process-crash'] }
    : crash

const chunked = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
const event = (n: number) => `2b\r\ndata: {"order":1881,"state":"paid","n":${n}}\r\n\r\n\r\n`.slice(0, 51)

const closes: Scenario[] = [
  {
    name: 'blind-abort-mid-chunks',
    blind: false,
    about:
      'A server aborts a chunked answer after its fourth chunk: an exception in the handler; the client had asked twice.',
    network: { delay: 22, hops: 6 },
    vantages: ['client', 'server:110'],
    truth: { ...abortive, impact: 'transfer-cut' },
    run: async lab => {
      const { near, far } = await pair(lab, 8081)
      await exchange(near, far)
      await near.send(get('/export'))
      await far.recv()
      await far.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      for (let i = 0; i < 4; i++) {
        await far.send(`3e8\r\n${'e'.repeat(1000)}\r\n`)
        await sleep(90)
      }
      await far.abort()
    },
  },
  {
    name: 'blind-abort-query-cancelled',
    about:
      'A client aborts two of its database connections 0.7 s after statements that were not answered; IPv6.',
    network: { v6: true, delay: 10 },
    vantages: ['client:100', 'server:100'],
    truth: abortive,
    run: async lab => {
      const first = await pair(lab, 3306)
      const [second] = await more(lab, first.listener, 3306, 1)
      for (const [i, { near, far }] of [first, second].entries()) {
        await far.send('J\x00\x00\x00\x0a8.0.36\x00lab')
        await near.recv()
        await near.send('\x11\x00\x00\x00\x03SELECT SLEEP(600)')
        await far.recv()
        await sleep(700 + 150 * i)
        await near.abort()
      }
    },
  },
  {
    name: 'blind-abort-nginx-444',
    blind: false,
    about: 'nginx answers a path with 444 (close without a word) and resets where it may.',
    network: { delay: 6 },
    vantages: ['client', 'server:80'],
    truth: abortive,
    run: async lab => {
      const lines = ['reset_timedout_connection on; location /wp-login.php { return 444; }']
      await nginx(lab.server, 8000, lines, { 'a.txt': 'fine\n' })
      for (const path of ['/a.txt', '/wp-login.php', '/wp-login.php']) {
        const near = await lab.client.agent.connect(lab.server.address, 8000)
        await near.send(get(path))
        await near.readFor(0.3)
        await near.close()
        await sleep(200)
      }
    },
  },
  {
    name: 'blind-unread-player-stops-v6',
    about: 'A player takes the beginning of a video and closes with some 100 KB unread in its buffer.',
    network: { v6: true, delay: 9 },
    vantages: ['client:120', 'server:120'],
    truth: { cause: 'unread-data-close', impact: 'transfer-cut' },
    run: async lab => {
      const { near, far } = await pair(lab, 8096)
      await near.send(get('/video/17'))
      await far.recv()
      await far.send('HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 900000\r\n\r\n')
      await far.trySend(130_000)
      await near.drain(3000)
      await sleep(500)
      await near.close()
    },
  },
  {
    name: 'blind-unread-ingest',
    about: 'A log collector reads the head of a batch and closes with 38 KB of it unread; no timestamps.',
    network: { delay: 14, settings: noTimestamps },
    vantages: ['client:96', 'server:96'],
    truth: { cause: 'unread-data-close', impact: 'transfer-cut', impactAcceptable: ['request-lost'] },
    run: async lab => {
      const { near, far } = await pair(lab, 24224)
      await near.send('\x93\xa3lab')
      await near.sendBytes(40_000)
      await far.drain(2000)
      await sleep(400)
      await far.close()
    },
  },
  {
    name: 'blind-late-event-stream',
    about:
      'A browser tab with an event stream is closed between two events, 0.6 s apart; the next event meets no socket.',
    network: { delay: 17 },
    vantages: ['client', 'server', 'router:66'],
    truth: { cause: 'data-after-close', impact: 'transfer-cut' },
    run: async lab => {
      const { near, far } = await pair(lab, 8080)
      await near.send(get('/events'))
      await far.recv()
      await far.send(chunked)
      for (let i = 0; i < 3; i++) {
        await far.send(event(i))
        await near.recv()
        await sleep(600)
      }
      await near.close()
      await sleep(300)
      await quiet(far.send(event(4)))
      await sleep(300)
    },
  },
  {
    name: 'blind-late-backup-target-full',
    about: 'A backup target takes 24 KB of a raw upload and closes; the sender goes on for half a second.',
    network: { delay: 11, hops: 3, v6: true },
    vantages: ['client:100', 'server:100'],
    truth: { cause: 'data-after-close', impact: 'transfer-cut' },
    run: async lab => {
      const { near, far } = await pair(lab, 9102)
      const sending = near.stream(600, 0.02, 1.4)
      await far.readThenClose(0.8)
      await quiet(sending)
    },
  },
]

/** Clients that each ask one server program, one after the other. */
async function ask(lab: Lab, port: number, count: number, request: string): Promise<Socket[]> {
  const all: Socket[] = []
  for (let i = 0; i < count; i++) {
    const near = await lab.client.agent.connect(lab.server.address, port)
    await near.send(request)
    all.push(near)
    await sleep(70)
  }
  return all
}

const deaths: Scenario[] = [
  {
    name: 'blind-crash-oom-redis',
    about:
      'Redis is busy with a debug sleep, seven clients wait for answers, the kernel kills it; two connects are refused.',
    network: { delay: 3 },
    vantages: ['client', 'server:96'],
    truth: crashOrRefused,
    run: async lab => {
      const program = await redis(lab.server, 6380, '--enable-debug-command', 'yes')
      const busy = await lab.client.agent.connect(lab.server.address, 6380)
      const all = await ask(lab, 6380, 7, 'PING\r\n')
      for (const near of all) await near.recv()
      await busy.send('DEBUG SLEEP 3\r\n')
      await sleep(200)
      for (const [i, near] of all.entries()) await near.send(`GET user:${i}\r\n`)
      await sleep(500)
      program.kill('SIGKILL')
      await sleep(150)
      for (let i = 0; i < 2; i++) {
        await quiet(lab.client.agent.connect(lab.server.address, 6380))
        await sleep(200)
      }
    },
  },
  {
    name: 'blind-crash-segfault-v6',
    about:
      'A single-threaded Python server works at one request while five more wait unread, then dies of SIGSEGV.',
    network: { v6: true, delay: 13 },
    vantages: ['client:120', 'router:100'],
    truth: crashOrRefused,
    run: async lab => {
      const code = `
import os, signal, socket, time
s = socket.socket(socket.AF_INET6); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('${lab.server.address}', 5000)); s.listen(16)
held = [s.accept()[0] for _ in range(6)]
held[0].recv(1000)
time.sleep(1.2)
os.kill(os.getpid(), signal.SIGSEGV)
`
      await python(lab.server, code, 5000)
      await ask(lab, 5000, 6, get('/compute'))
      await sleep(1800)
      await quiet(lab.client.agent.connect(lab.server.address, 5000))
    },
  },
  {
    name: 'blind-restart-shells-v6',
    blind: false,
    about:
      'A host with three open shells restarts; they are used again 2 s later and answered by a kernel that knows nothing.',
    network: { v6: true, delay: 9, hops: 5 },
    vantages: ['client', 'router'],
    truth: { ...restart, impactAcceptable: ['unknown'] },
    run: async lab => {
      const first = await pair(lab, 22)
      const shells = [first, ...(await more(lab, first.listener, 22, 2))]
      for (const { near, far } of shells) {
        await spoken('SSH-2.0-OpenSSH_9.6\r\n', 'SSH-2.0-OpenSSH_9.2p1\r\n')(near, far)
        await spoken('x'.repeat(44), 'y'.repeat(60))(near, far)
      }
      await lab.network.restart('s', 500)
      await sleep(1500)
      await lab.server.agent.listen(22)
      for (const { near } of shells) {
        await quiet(near.send('z'.repeat(36)))
        await sleep(60)
      }
    },
  },
  {
    name: 'blind-restart-push-client',
    blind: false,
    about: 'A client host restarts under two event streams; the server’s next events are answered by RST.',
    network: { delay: 16 },
    vantages: ['server', 'router-server:100'],
    truth: { ...restart, impact: 'transfer-cut' },
    run: async lab => {
      const first = await pair(lab, 8085)
      const streams = [first, ...(await more(lab, first.listener, 8085, 1))]
      for (const { near, far } of streams) {
        await near.send(get('/events'))
        await far.recv()
        await far.send(chunked + event(1))
        await near.recv()
      }
      await lab.network.restart('c', 300)
      await sleep(500)
      for (const { far } of streams) await quiet(far.send(event(2)))
      await sleep(300)
    },
  },
  {
    name: 'blind-rto-uplink-dead',
    blind: false,
    about:
      'The way from the server dies in the middle of an upload: the client sends again and again and resets after 5 s.',
    network: { delay: 20 },
    vantages: ['client:120', 'server:120'],
    truth: { cause: 'retransmission-timeout', impact: 'transfer-cut' },
    run: async lab => {
      const { near, far } = await pair(lab, 8500)
      await near.send(post('/artifacts/build.tar', 500_000))
      await near.sendBytes(6000)
      await far.drain(6000)
      await lab.network.change({ dropTo: 'client' })
      await near.sendBytes(4000)
      await sleep(5000)
      await near.abort()
      await sleep(200)
    },
  },
  {
    name: 'blind-zero-window-consumer',
    about: 'A broker sends to a consumer that hangs, waits 6 s before its closed window and resets.',
    network: { v6: true, delay: 5, hops: 2 },
    vantages: ['client:110', 'server:96'],
    truth: { cause: 'zero-window-timeout', impact: 'transfer-cut' },
    run: async lab => {
      const { from } = await stalled(lab, 5672, 'far')
      await sleep(6000)
      await from.abort()
    },
  },
]

export const blindMoreScenarios: Scenario[] = [...closes, ...deaths].map(s => ({ blind: true, ...s }))
