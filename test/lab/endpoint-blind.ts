/**
 * Scenarios made and labelled by the contract alone, after the rules and without them: the measure of accuracy that nothing was
 * fitted to. Whoever looks at one that is judged wrong to better a rule moves it to fit. This half: connects, timers, races.
 */
import { overflow, full } from './endpoint-connect.ts'
import { lifetime } from './endpoint-lifetime.ts'
import { reuse, collision } from './endpoint-reuse.ts'
import { python } from './endpoint-second.ts'
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Scenario } from './scenario.ts'
import { nginx, node } from './servers.ts'
import { exchange, get, more, noTimestamps, pair, post, refused, spoken } from './talk.ts'

const idle: Truth = { cause: 'idle-timeout', impact: 'none' }
const race: Truth = { cause: 'keep-alive-race', impact: 'request-lost' }
const mqtt = spoken('\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03lab', '\x20\x02\x00\x00')
const sql = spoken(
  'Q\x00\x00\x00\x0dSELECT 1\x00',
  'T\x00\x00\x00\x06\x00\x00C\x00\x00\x00\x0dSELECT 1\x00Z\x00\x00\x00\x05I',
)

const connects: Scenario[] = [
  {
    name: 'blind-closed-grpc-deploy',
    about:
      'A gRPC client meets a closed port twice while the new version starts, 0.8 s later it is let in; IPv6.',
    network: { v6: true, delay: 25, hops: 8 },
    vantages: ['client:80', 'router'],
    truth: { cause: 'port-closed', impact: 'none' },
    run: async ({ client, server }) => {
      for (let i = 0; i < 2; i++) {
        await quiet(client.agent.connect(server.address, 50051))
        await sleep(400)
      }
      const listener = await server.agent.listen(50051)
      const near = await client.agent.connect(server.address, 50051)
      await exchange(near, await listener.accept())
      await near.close()
    },
  },
  {
    name: 'blind-closed-beside-smtp',
    about: 'Submission on port 587 works; port 25 of the same host, asked twice with 4 s between, is closed.',
    network: { delay: 18, hops: 12, settings: noTimestamps },
    vantages: ['client', 'server:60'],
    truth: refused,
    run: async lab => {
      const { near, far } = await pair(lab, 587)
      await far.send('220 mail.lab.example ESMTP\r\n')
      await near.recv()
      await quiet(lab.client.agent.connect(lab.server.address, 25))
      await sleep(4000)
      await quiet(lab.client.agent.connect(lab.server.address, 25))
      await near.send('QUIT\r\n')
      await far.recv()
      await far.send('221 bye\r\n')
      await near.recv()
      await near.close()
      await far.close()
    },
  },
  {
    name: 'blind-overflow-ajp-v6',
    about:
      'An application server hangs; its accept queue is full when seven front-end workers connect at once.',
    network: { v6: true, delay: 31, hops: 5 },
    vantages: ['client:90', 'server'],
    truth: full,
    run: lab => overflow(lab, 8009, 7, '\x12\x34\x00\x01\x0a'),
  },
  {
    name: 'blind-connect-impatient-retry',
    about:
      'A driver gives a connect up after 30 ms, too short for the path, and 0.6 s later tries with 5 s: it works.',
    network: { delay: 45, hops: 11 },
    vantages: ['client', 'server:70', 'router-server'],
    truth: { cause: 'handshake-aborted', impact: 'none' },
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(9042)
      await quiet(client.agent.connect(server.address, 9042, { timeout: 0.03 }))
      await sleep(600)
      const near = await client.agent.connect(server.address, 9042, { timeout: 5 })
      await exchange(near, await listener.accept())
      await near.close()
    },
  },
  {
    name: 'blind-eyeballs-v4-loses',
    blind: false,
    about:
      'IPv4 takes 240 ms, IPv6 50 ms: the client asks both, IPv6 wins, the answer over IPv4 meets no socket.',
    network: { delay: 120, delay6: 25 },
    vantages: ['client', 'router:100'],
    truth: { cause: 'handshake-aborted', impact: 'none' },
    run: async ({ client, server }) => {
      await server.agent.listen(443, { host: server.address4 })
      const six = await server.agent.listen(443, { host: server.address6 })
      const slow = await client.agent.startConnect(server.address4, 443)
      await sleep(20)
      const near = await client.agent.connect(server.address6, 443)
      await slow.close()
      await exchange(near, await six.accept())
      await near.close()
      await sleep(300)
    },
  },
  {
    name: 'blind-scan-slow-connects',
    about:
      'A monitoring script tries eighteen ports of a host one by one with ordinary connects, 0.25 s apart.',
    network: { delay: 9, hops: 3 },
    vantages: ['client:80', 'server:80'],
    truth: { cause: 'port-scan', impact: 'none' },
    run: async ({ client, server }) => {
      await server.agent.listen(22)
      const ports = [
        21, 22, 23, 25, 80, 110, 143, 443, 465, 993, 1080, 1194, 2375, 3128, 6443, 8081, 9200, 11211,
      ]
      for (const port of ports) {
        await quiet(client.agent.connect(server.address, port).then(s => s.close()))
        await sleep(250)
      }
    },
  },
  {
    name: 'blind-probe-mysql-banner',
    about: 'A monitor connects to a database every 1.4 s, reads the greeting and resets; six times.',
    network: { delay: 4 },
    vantages: ['client:100', 'server'],
    truth: { cause: 'health-check-probe', impact: 'none' },
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(3306)
      for (let i = 0; i < 6; i++) {
        const near = await client.agent.connect(server.address, 3306)
        const far = await listener.accept()
        await far.send('J\x00\x00\x00\x0a8.0.36\x00lab-greeting')
        await near.recv()
        await near.abort()
        await sleep(1400)
      }
    },
  },
  {
    name: 'blind-reuse-nfs-port',
    about:
      'A client that lost its state comes back from port 871 to NFS after 1.1 s, where the server still holds the old one.',
    network: { delay: 40, hops: 2, v6: true },
    vantages: ['client', 'server:86'],
    truth: collision,
    run: lab => reuse(lab, 2049, 871, 1100),
  },
]

const timers: Scenario[] = [
  {
    name: 'blind-idle-mqtt',
    about: 'A broker drops three devices by RST 8.5 s after each one’s last word; nobody was speaking.',
    network: { delay: 12 },
    vantages: ['client', 'server:96'],
    truth: idle,
    run: async lab => {
      const first = await pair(lab, 1883)
      const all = [first, ...(await more(lab, first.listener, 1883, 2))]
      await Promise.all(
        all.map(async ({ near, far }, i) => {
          await sleep(i * 900)
          await mqtt(near, far)
          await sleep(8500)
          await far.abort()
        }),
      )
    },
  },
  {
    name: 'blind-idle-transaction-v6',
    about: 'A database ends two sessions that stand idle in a transaction 12 s after their last statement.',
    network: { v6: true, delay: 7, hops: 4 },
    vantages: ['client:110', 'router:110'],
    truth: idle,
    run: async lab => {
      const first = await pair(lab, 5432)
      const [second] = await more(lab, first.listener, 5432, 1)
      await Promise.all(
        [first, second].map(async ({ near, far }, i) => {
          for (let n = 0; n < 2 + i; n++) {
            await sql(near, far)
            await sleep(700)
          }
          await sleep(11_300)
          await far.abort()
        }),
      )
    },
  },
  {
    name: 'blind-idle-nginx-half-request',
    blind: false,
    about:
      'A client stops in the middle of its request headers; nginx (client_header_timeout 6 s) resets two of these.',
    network: { delay: 15 },
    vantages: ['client', 'server:100'],
    truth: { cause: 'idle-timeout', impact: 'request-lost' },
    run: async lab => {
      const lines = ['client_header_timeout 6s; reset_timedout_connection on;']
      await nginx(lab.server, 8088, lines, { 'a.txt': 'fine\n' })
      for (let i = 0; i < 2; i++) {
        const near = await lab.client.agent.connect(lab.server.address, 8088)
        await near.send('GET /a.txt HTTP/1.1\r\nHost: lab.example\r\nUser-Agent: slow')
        await sleep(900)
      }
      await sleep(6500)
    },
  },
  {
    name: 'blind-race-cross-api',
    about:
      'The server ends an idle keep-alive connection after 2.2 s as the next POST is on its way; 100 ms round trip.',
    network: { delay: 50, hops: 7 },
    vantages: ['client', 'server:96'],
    truth: race,
    run: async lab => {
      const { near, far } = await pair(lab, 8443)
      await exchange(near, far, '/session')
      await sleep(2200)
      await Promise.all([far.close(), near.send(post('/orders', 24) + '{"item":1881,"count":12}')])
      await sleep(400)
    },
  },
  {
    name: 'blind-race-node-stale-pool',
    about:
      'Node closes idle connections after 2 s (and its 1 s of grace); a pool takes two of them 1.5 s after the FIN.',
    network: { v6: true, delay: 6 },
    vantages: ['client:120', 'server:120'],
    truth: race,
    run: async ({ client, server }) => {
      const code = `const s = require('http').createServer((q, r) => r.end('fine')); s.keepAliveTimeout = 2000; s.listen(4000, '${server.address}')`
      await node(server, code, 4000)
      await Promise.all(
        [0, 300].map(async wait => {
          await sleep(wait)
          const near = await client.agent.connect(server.address, 4000)
          await near.send(get('/one'))
          await near.recv()
          await sleep(4600)
          await quiet(near.send(get('/two')))
          await sleep(200)
        }),
      )
    },
  },
  {
    name: 'blind-lifetime-line-protocol',
    about: 'A pooler ends four busy connections by RST, each 6 s old; a line protocol, asked every 0.4 s.',
    network: { delay: 5 },
    vantages: ['client:90', 'server:90'],
    truth: { ...lifetime, impactAcceptable: ['request-lost'] },
    run: async ({ client, server }) => {
      const code = `
import asyncio, socket, struct
async def one(reader, writer):
    writer.get_extra_info('socket').setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    asyncio.get_running_loop().call_later(6, writer.transport.abort)
    while await reader.readline():
        writer.write(b'+OK 17\\r\\n')
async def main():
    server = await asyncio.start_server(one, '${server.address}', 6432)
    await server.serve_forever()
asyncio.run(main())
`
      await python(server, code, 6432)
      await Promise.all(
        [0, 700, 1300, 2500]
          .map(async (wait, i) => {
            await sleep(wait)
            const near = await client.agent.connect(server.address, 6432)
            const end = Date.now() + 7000
            while (Date.now() < end) {
              await near.send(`INCR counter:${i}\r\n`)
              if (!(await near.recv())) break
              await sleep(400 + 90 * i)
            }
          })
          .map(quiet),
      )
    },
  },
]

export const blindScenarios: Scenario[] = [...connects, ...timers].map(s => ({ blind: true, ...s }))
