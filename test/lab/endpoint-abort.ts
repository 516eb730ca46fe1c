/** Resets an application asked for: linger 0 and its kin. */
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Scenario } from './scenario.ts'
import { haproxy, node } from './servers.ts'
import { get, pair, streaming } from './talk.ts'

const abortive: Truth = { cause: 'abortive-close', impact: 'request-lost' }

export const abortScenarios: Scenario[] = [
  {
    name: 'abort-after-request',
    about: 'The client sends a request and aborts with linger 0 before the answer comes.',
    vantages: ['client', 'server:128'],
    truth: abortive,
    run: async lab => {
      const { near, far } = await pair(lab, 80)
      await near.send(get('/report'))
      await far.recv()
      await sleep(250)
      await near.abort()
    },
  },
  {
    name: 'abort-mid-response',
    about: 'The server aborts with linger 0 in the middle of a response it was sending.',
    network: { delay: 6, hops: 3 },
    vantages: ['client:128', 'server:80', 'router'],
    truth: { ...abortive, impact: 'transfer-cut' },
    run: async lab => {
      const { near, far } = await pair(lab, 8080)
      await near.send(get('/report'))
      await far.recv()
      await far.send(`HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n${'x'.repeat(2500)}`)
      await near.recv()
      await sleep(120)
      await far.abort()
    },
  },
  {
    name: 'abort-banner',
    about: 'A client takes the banner of a server and aborts; once.',
    network: { v6: true },
    truth: { ...abortive, acceptable: ['health-check-probe', 'benign-teardown'], impact: 'none' },
    run: async lab => {
      const { near, far } = await pair(lab, 22)
      await far.send('SSH-2.0-OpenSSH_9.2p1 Debian\r\n')
      await near.recv()
      await sleep(60)
      await near.abort()
    },
  },
  {
    name: 'abort-on-accept',
    about: 'A server aborts connections with linger 0 right after accepting them, before any data.',
    network: { delay: 10 },
    vantages: ['client', 'server:80'],
    truth: {
      ...abortive,
      impact: 'connect-failed',
      impactAcceptable: ['request-lost'],
      acceptable: ['application-reject'],
    },
    run: async lab => {
      const listener = await lab.server.agent.listen(6000)
      for (let i = 0; i < 3; i++) {
        const connecting = lab.client.agent.connect(lab.server.address, 6000)
        await (await listener.accept()).abort()
        await quiet(connecting)
        await sleep(300)
      }
    },
  },
  {
    name: 'abort-haproxy-acl',
    about: 'HAProxy rejects connections by rule right after the handshake: an active reset.',
    heldOut: true,
    truth: {
      ...abortive,
      impact: 'connect-failed',
      impactAcceptable: ['request-lost'],
      acceptable: ['application-reject', 'unread-data-close'],
    },
    run: async lab => {
      await haproxy(lab.server, 3128, [
        'listen entry',
        '  mode tcp',
        `  bind ${lab.server.bracketed}:3128`,
        '  option nolinger',
        '  tcp-request connection reject if { src 10.0.0.0/8 }',
        '  server one 127.0.0.1:9',
      ])
      for (let i = 0; i < 3; i++) {
        const near = await quiet(lab.client.agent.connect(lab.server.address, 3128))
        if (near) await quiet(near.send(get('/')))
        await sleep(200)
      }
    },
  },
  {
    name: 'abort-after-stalled-read',
    about: 'The client lets a response wait, reads all of it, and aborts with linger 0.',
    // Held out at first, then looked at.
    heldOut: false,
    network: { delay: 5 },
    vantages: ['client:96', 'server:96'],
    truth: {
      ...abortive,
      impact: 'transfer-cut',
      impactAcceptable: ['none'],
      acceptable: ['unread-data-close'],
    },
    run: async lab => {
      const { near, far } = await pair(lab, 8080)
      await near.send(get('/stream'))
      await far.recv()
      await far.send(streaming)
      await far.sendBytes(26_000)
      await sleep(300)
      await near.readThenClose(0.05, true)
    },
  },
  {
    name: 'abort-load-tester',
    about:
      'A load tester sends ten requests on ten connections and aborts each at once, without waiting for the answer.',
    vantages: ['client:96', 'server:96'],
    truth: { ...abortive, acceptable: ['unread-data-close'] },
    run: async lab => {
      const listener = await lab.server.agent.listen(8080)
      for (let i = 0; i < 10; i++) {
        const near = await lab.client.agent.connect(lab.server.address, 8080)
        const far = await listener.accept()
        await near.send(get(`/${i}`))
        await far.recv()
        await near.abort()
        await sleep(40)
      }
    },
  },
  {
    name: 'abort-node-v6',
    about: 'A Node server calls resetAndDestroy in the middle of chunked answers; IPv6.',
    heldOut: true,
    network: { v6: true, delay: 12, hops: 4 },
    vantages: ['client.ng', 'router:100'],
    truth: { ...abortive, impact: 'transfer-cut' },
    run: async lab => {
      const code = `require('http').createServer((q, s) => { s.write('first part\\n'); setTimeout(() => q.socket.resetAndDestroy(), 150) }).listen(3000, '${lab.server.address}')`
      await node(lab.server, code, 3000)
      for (let i = 0; i < 2; i++) {
        const near = await lab.client.agent.connect(lab.server.address, 3000)
        await near.send(get(`/${i}`))
        await near.drain()
        await near.close()
      }
    },
  },
  {
    name: 'abort-mid-stream',
    about:
      'A client that keeps up with a stream aborts it with linger 0; what is in flight is answered by the stack.',
    network: { delay: 7 },
    vantages: ['client:80', 'server:80'],
    truth: { ...abortive, impact: 'transfer-cut', acceptable: ['unread-data-close'] },
    run: async lab => {
      const { near, far } = await pair(lab, 554)
      await near.send('PLAY rtsp://lab.example/1 RTSP/1.0\r\n\r\n')
      await far.recv()
      const stream = far.stream(700, 0.01, 1)
      await near.readThenClose(0.4, true)
      await quiet(stream)
    },
  },
]
