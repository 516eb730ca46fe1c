/** Sockets closed with received data unread. */
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { keys, nginx } from './servers.ts'
import { answer, get, pair, post, streaming } from './talk.ts'

const unread: Truth = { cause: 'unread-data-close', impact: 'transfer-cut' }
/** So little was unread that the window does not tell. */
const fewUnread: Truth = { ...unread, acceptable: ['abortive-close'], impact: 'request-lost' }

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

export const unreadScenarios: Scenario[] = [
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
