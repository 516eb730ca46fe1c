/** Resets an application asked for, knowing it or not: linger 0, unread data, data after close. */
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { haproxy, keys, nginx, node } from './servers.ts'
import { answer, exchange, get, pair, post } from './talk.ts'

const unread: Truth = { cause: 'unread-data-close', impact: 'transfer-cut' }
/** So little was unread that the window does not tell. */
const fewUnread: Truth = { ...unread, acceptable: ['abortive-close'], impact: 'request-lost' }

const streaming =
  'HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 50000000\r\n\r\n'

/** The client reads the beginning of a download, then nothing for a while, then closes. */
async function stalledDownload(lab: Lab, port: number, read: number, pause: number) {
  const { near, far } = await pair(lab, port)
  await near.send(get('/image.iso'))
  await far.recv()
  await far.send(streaming)
  const stream = far.stream(6000, 0.004, 2)
  await near.drain(read)
  await sleep(pause)
  await near.close()
  await quiet(stream)
}

const unreads: Scenario[] = [
  {
    name: 'unread-upload',
    about: 'The server closes its socket in the middle of an upload of which it read only the beginning.',
    network: { delay: 4, hops: 2 },
    vantages: ['client:80', 'server:80'],
    truth: unread,
    run: async lab => {
      const { near, far } = await pair(lab, 8080)
      await near.send(post('/backup', 50_000_000))
      const upload = near.stream(9000, 0.004, 2)
      await far.recv(4000)
      await sleep(60)
      await far.close()
      await quiet(upload)
    },
  },
  {
    name: 'unread-download',
    about: 'The client closes in the middle of a download after it stopped reading.',
    network: { delay: 5 },
    vantages: ['client:80', 'server:80', 'router:80'],
    truth: unread,
    run: lab => stalledDownload(lab, 80, 20_000, 60),
  },
  {
    name: 'unread-download-v6-443',
    about: 'The same over IPv6 on port 443 and farther away.',
    heldOut: true,
    network: { v6: true, delay: 20, hops: 9 },
    vantages: ['client:100', 'server:100'],
    truth: unread,
    run: lab => stalledDownload(lab, 443, 9_000, 90),
  },
  {
    name: 'unread-upload-tls',
    about: 'The server closes in the middle of an upload over TLS.',
    heldOut: true,
    network: { delay: 3 },
    vantages: ['client:120', 'server:80'],
    truth: { ...unread, impactAcceptable: ['unknown'] },
    run: async lab => {
      const { cert, key } = await keys(lab.directory)
      const { near, far } = await pair(lab, 8443)
      await Promise.all([far.tls({ server: true, cert, key }), near.tls()])
      await near.send(post('/backup', 50_000_000))
      const upload = near.stream(4000, 0.004, 2)
      await far.recv(2000)
      await sleep(70)
      await far.close()
      await quiet(upload)
    },
  },
  {
    name: 'unread-pipelined',
    about:
      'The client pipelines three requests; the server answers the first and closes with the others unread.',
    truth: fewUnread,
    run: async lab => {
      const { near, far } = await pair(lab, 8080)
      await near.send(get('/1'))
      await far.recv()
      await near.send(get('/2') + get('/3'))
      await far.send(answer('one\n'))
      await near.recv()
      await sleep(40)
      await far.close()
    },
  },
  {
    name: 'unread-quit',
    about: 'A server closes without reading the last short command of its client; IPv6.',
    heldOut: true,
    network: { v6: true, delay: 2 },
    vantages: ['client.ng', 'server:96'],
    truth: { ...fewUnread, acceptable: ['abortive-close', 'benign-teardown'], impactAcceptable: ['none'] },
    run: async lab => {
      const { near, far } = await pair(lab, 25)
      await far.send('220 lab.example ESMTP\r\n')
      await near.recv()
      await near.send('QUIT\r\n')
      await sleep(100)
      await far.close()
    },
  },
  {
    name: 'unread-after-shutdown',
    about:
      'The server answers, shuts its sending side (FIN) and closes while the upload is still unread: an active RST after its own FIN.',
    heldOut: true,
    network: { delay: 8 },
    vantages: ['client:96', 'server:96'],
    truth: { ...unread, acceptable: ['application-reject', 'data-after-close'] },
    run: async lab => {
      const { near, far } = await pair(lab, 8000)
      await near.send(post('/big', 3_000_000))
      const upload = near.stream(3000, 0.006, 1)
      await far.recv(1000)
      await far.send(answer('enough, thank you\n', '200 OK', 'Connection: close\r\n'))
      await far.shutdown()
      await sleep(40)
      await far.close()
      await quiet(upload)
    },
  },
  {
    name: 'unread-nginx-post',
    about:
      'nginx (lingering_close off) answers an upload from its configuration and closes without reading the body.',
    network: { delay: 3 },
    vantages: ['client:200', 'server:96'],
    truth: {
      ...unread,
      acceptable: ['data-after-close', 'application-reject'],
      impactAcceptable: ['none', 'request-lost'],
    },
    run: async lab => {
      await nginx(lab.server, 80, [
        'lingering_close off; keepalive_timeout 0;',
        'location / { return 200 "stored"; }',
      ])
      const near = await lab.client.agent.connect(lab.server.address, 80)
      await near.send(post('/store', 60_000))
      await quiet(near.stream(3000, 0.002, 0.5))
      await near.close()
    },
  },
]

const abortive: Truth = { cause: 'abortive-close', impact: 'request-lost' }

const aborts: Scenario[] = [
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
    heldOut: true,
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

const late: Truth = { cause: 'data-after-close', impact: 'transfer-cut' }

/** One side streams, the other reads along and closes with nothing unread. */
async function closeUnderStream(lab: Lab, port: number, download: boolean, every = 0.02) {
  const { near, far } = await pair(lab, port)
  await near.send(download ? get('/stream') : post('/upload', 5_000_000))
  await far.recv()
  if (download) await far.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  const [sender, reader] = download ? [far, near] : [near, far]
  const stream = sender.stream(400, every, 1.5)
  await reader.readThenClose(0.25)
  await quiet(stream)
}

const lates: Scenario[] = [
  {
    name: 'after-close-download',
    about:
      'The client closes, everything read, while the server goes on streaming: its stack answers the late data.',
    network: { delay: 6 },
    vantages: ['client:96', 'server:96'],
    truth: late,
    run: lab => closeUnderStream(lab, 8080, true),
  },
  {
    name: 'after-close-upload',
    about: 'The server closes, everything read, while the client goes on uploading.',
    vantages: ['client:96', 'server', 'router:80'],
    truth: late,
    run: lab => closeUnderStream(lab, 80, false),
  },
  {
    name: 'after-close-download-v6',
    about: 'A cancelled download over IPv6 on port 443, several pieces in flight.',
    heldOut: true,
    network: { v6: true, delay: 22, hops: 5 },
    vantages: ['client:110', 'server:110'],
    truth: late,
    run: lab => closeUnderStream(lab, 443, true, 0.008),
  },
  {
    name: 'after-close-push',
    about:
      'The client of a push channel closes; the server notices nothing and pushes its next event 3 s later.',
    heldOut: true,
    network: { delay: 3 },
    vantages: ['client', 'server:96'],
    truth: { ...late, impactAcceptable: ['none', 'request-lost'] },
    run: async lab => {
      const { near, far } = await pair(lab, 9001)
      await near.send('SUBSCRIBE news\n')
      await far.recv()
      for (let i = 0; i < 4; i++) {
        await far.send(`event ${i}\n`)
        await near.recv()
        await sleep(700)
      }
      await near.close()
      await sleep(3000)
      await far.send('event 4\n')
      await sleep(100)
    },
  },
  {
    name: 'after-close-upload-odd-port',
    about:
      'A server takes the beginning of an upload, closes in peace, and the client goes on at 60 ms a piece.',
    heldOut: true,
    network: { delay: 15 },
    vantages: ['client.nano', 'router:80'],
    truth: late,
    run: lab => closeUnderStream(lab, 50051, false, 0.06),
  },
  {
    name: 'after-close-slow-answer',
    about: 'The client closes while waiting; the answer comes half a second later and is reset.',
    truth: { ...late, impact: 'request-lost' },
    vantages: ['client', 'server-any:128'],
    run: async lab => {
      const { near, far } = await pair(lab, 8080)
      await exchange(near, far)
      await near.send(get('/slow'))
      await far.recv()
      await sleep(600)
      await near.close()
      await sleep(500)
      await far.send(answer('too late\n'))
      await sleep(100)
    },
  },
]

export const unreadScenarios: Scenario[] = unreads
export const abortScenarios: Scenario[] = aborts
export const lateScenarios: Scenario[] = lates
