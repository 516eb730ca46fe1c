/** The fourth set of blind scenarios (see fourth-servers.ts): conversations that end well, one that does not, and a busy host. */
import { vsftpd } from './exam-programs.ts'
import { caddy, ended, golang, java } from './fourth-programs.ts'
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Scenario } from './scenario.ts'
import { keys } from './servers.ts'
import { fourth } from './studied.ts'
import { get, refused } from './talk.ts'

const goodEnds: Scenario[] = [
  {
    name: 'fourth-ftp-quit',
    about:
      'FTP clients say QUIT and close without waiting for the goodbye of vsftpd, which meets a closed socket; three times.',
    network: { delay: 13, hops: 4 },
    vantages: ['client'],
    truth: { cause: 'benign-teardown', acceptable: ['data-after-close'], impact: 'none' },
    run: async ({ client, server }) => {
      await vsftpd(server, 21, [])
      for (let i = 0; i < 3; i++) {
        const near = await client.agent.connect(server.address, 21)
        await near.recv()
        for (const word of ['USER anonymous\r\n', 'PASS lab@example\r\n', 'SYST\r\n']) {
          await near.send(word)
          await near.recv()
        }
        await near.send('QUIT\r\n')
        await near.close()
        await sleep(350)
      }
    },
  },
  {
    name: 'fourth-java-client-done',
    about:
      'A Java client drops three connections 0.6 s after their answer has come whole (SO_LINGER 0); Caddy, kernel router, IPv6.',
    network: { v6: true },
    vantages: ['router'],
    truth: { cause: 'benign-teardown', impact: 'none' },
    run: async ({ client, server }) => {
      await caddy(server, 8193, 'hello from the lab')
      await ended(await java(client, ['abort', server.address, 8193, '/', 3, 600]))
    },
  },
  {
    name: 'fourth-go-tls-goodbye',
    about:
      'TLS clients say close_notify and close at once; a Go server answers with its own, which meets a closed socket. openssl s_client, three times.',
    network: { delay: 19, hops: 5 },
    vantages: ['client', 'server:128'],
    truth: { cause: 'benign-teardown', impact: 'none' },
    run: async ({ client, server, directory }) => {
      const { cert, key } = await keys(directory)
      await golang(server, ['serve', `${server.address}:8443`, 9000, cert, key], 8443)
      for (let i = 0; i < 3; i++) {
        const near = await client.agent.connect(server.address, 8443)
        await near.tls()
        await near.send(get('/'))
        await near.recv()
        await near.closeNotify()
        await near.close()
        await sleep(300)
      }
    },
  },
  {
    name: 'fourth-log-collector-stops-v6',
    about:
      'A log collector that has fallen behind is stopped and closes its two sessions with lines unread; the shippers go on until they notice.',
    network: { v6: true, delay: 21, hops: 4 },
    vantages: ['client:110', 'server:96'],
    truth: { cause: 'unread-data-close', impact: 'transfer-cut' },
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(5170)
      const pairs = []
      for (let i = 0; i < 2; i++) {
        const near = await client.agent.connect(server.address, 5170)
        const far = await listener.accept()
        pairs.push({ far, shipping: quiet(near.stream(400, 0.12, 3)) })
        await far.drain(800)
      }
      await sleep(900)
      for (const { far } of pairs) await far.close()
      await Promise.all(pairs.map(p => p.shipping))
    },
  },
]

/** Five stories of one host, told apart by their ports. */
const stories: Record<number, Truth> = {
  6543: { cause: 'idle-timeout', impact: 'none' },
  9999: refused,
  8194: { cause: 'abortive-close', acceptable: ['unread-data-close'], impact: 'transfer-cut' },
  8195: { cause: 'health-check-probe', impact: 'none' },
  7778: { cause: 'max-lifetime', impact: 'none' },
}

const mixed: Scenario[] = [
  {
    name: 'fourth-busy-server',
    about:
      'One server, five stories among visits that go well (8196): idle sessions (6543), a closed port (9999), streams dropped (8194), probes (8195), old connections (7778).',
    network: { delay: 12, hops: 3 },
    vantages: ['client:128'],
    truth: ({ serverPort }) => stories[serverPort],
    run: async ({ client, server }) => {
      const at = server.address
      await caddy(server, 8195, 'up')
      await caddy(server, 8196, 'hello from the lab')
      await golang(server, ['serve', `${at}:8194`, 9000], 8194)
      await java(server, ['idle', at, 6543, 4000], 6543)
      await java(server, ['aged', at, 7778, 5000], 7778)
      const good = golang(client, ['get', `http://${at}:8196/`, 6, 800]).then(ended)
      const probes = golang(client, ['probe', `${at}:8195`, 4, 1300]).then(ended)
      const aborts = java(client, ['abort', at, '8194', '/stream', 2, 500]).then(ended)
      const idle = [0, 1].map(async i => {
        await sleep(400 * i)
        const near = await client.agent.connect(at, 6543)
        await near.send('STATUS 17\r\n')
        await near.recv()
      })
      const old = [0, 1, 2].map(async i => {
        await sleep(600 * i)
        const near = await client.agent.connect(at, 7778)
        for (let n = 0; n < 20; n++) {
          if (!(await quiet(near.send('STATUS 17\r\n')))) break
          await quiet(near.recv())
          await sleep(620 + 90 * i)
        }
      })
      for (let i = 0; i < 2; i++) {
        await sleep(700)
        await quiet(client.agent.connect(at, 9999))
      }
      await Promise.all([good, probes, aborts, ...idle, ...old])
      await sleep(600)
    },
  },
]

export const fourthEnds: Scenario[] = [...goodEnds, ...mixed].map(fourth)
