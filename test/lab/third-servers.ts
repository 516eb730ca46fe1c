/**
 * The third set of blind scenarios: as the second (exam-servers.ts), made after the rules had been bettered by that one. This part: real
 * servers and the clients they end.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mariadb, memcached, mosquitto, mqttConnect, postgres, vsftpd } from './exam-programs.ts'
import { turnedAway } from './exam-servers.ts'
import { quiet, sleep } from './proc.ts'
import type { Scenario } from './scenario.ts'
import { haproxy, keys, nginx, node, redis } from './servers.ts'
import { third } from './studied.ts'
import { noTimestamps, post, refused } from './talk.ts'

const databases: Scenario[] = [
  {
    name: 'third-mariadb-wait-timeout',
    about:
      'MariaDB (wait_timeout 3) ends two idle sessions of the command-line client, by RST; their next query is not due before 2.5 s later.',
    network: { delay: 18, hops: 4 },
    vantages: ['client', 'server:110'],
    truth: { cause: 'idle-timeout', impact: 'none' },
    run: async ({ client, server }) => {
      await mariadb(server, 3307, ['--wait-timeout=3', '--interactive-timeout=3'])
      await Promise.all(
        [0, 700].map(async wait => {
          await sleep(wait)
          const talk = "(echo 'select 1;'; sleep 6; echo 'select 2;')"
          await quiet(client.sh(`${talk} | mariadb -n -u root -h ${server.address} -P 3307 --skip-ssl`))
          await sleep(200)
        }),
      )
    },
  },
  {
    name: 'third-mariadb-packet-too-big',
    about:
      'A client sends statements of 300 KB where max_allowed_packet is 64 KB: an error in words, and the rest is refused by RST.',
    network: { delay: 12 },
    vantages: ['client:256', 'server:110'],
    truth: {
      ...turnedAway,
      acceptable: ['unread-data-close', 'data-after-close'],
      impactAcceptable: ['transfer-cut', 'none'],
    },
    run: async ({ client, server, directory }) => {
      await mariadb(server, 3306, ['--max-allowed-packet=65536'])
      const file = join(directory, 'big.sql')
      writeFileSync(file, `select length('${'lorem '.repeat(50_000)}');\n`)
      for (let i = 0; i < 2; i++) {
        await quiet(
          client.sh(
            `mariadb --max-allowed-packet=16M -u root -h ${server.address} -P 3306 --skip-ssl < ${file}`,
          ),
        )
        await sleep(200)
      }
    },
  },
  {
    name: 'third-psql-killed',
    about:
      'Two psql processes are killed in the middle of a result that comes as fast as the path allows: what was on its way meets nobody.',
    network: { delay: 40, hops: 9 },
    vantages: ['client:68', 'server:68'],
    truth: ({ kernelReason }) => ({
      cause: kernelReason === 'TCP_ABORT_ON_CLOSE' ? 'unread-data-close' : 'data-after-close',
      acceptable: ['process-crash'],
      impact: 'transfer-cut',
    }),
    run: async ({ client, server }) => {
      await postgres(server, 5432, [])
      const query = "select repeat('lab ', 20) from generate_series(1, 30000)"
      const line = `timeout -s KILL 0.9 psql -U lab -h ${server.address} -c "${query}" postgres >/dev/null`
      for (let i = 0; i < 2; i++) {
        await quiet(client.sh(line))
        await sleep(400)
      }
    },
  },
  {
    name: 'third-redis-benchmark-killed',
    about:
      'redis-benchmark with six pipelined connections is killed: its kernel resets them in one moment, answers unread or on their way.',
    network: { delay: 30 },
    vantages: ['client:110', 'server:110'],
    truth: {
      cause: 'process-crash',
      acceptable: ['unread-data-close', 'data-after-close'],
      impact: 'request-lost',
      impactAcceptable: ['transfer-cut', 'none'],
    },
    run: async ({ client, server }) => {
      await redis(server, 6379)
      const line = `timeout -s KILL 1.1 redis-benchmark -h ${server.address} -c 6 -P 8 -n 1000000 -t get -q`
      await quiet(client.sh(line))
      await sleep(400)
    },
  },
  {
    name: 'third-mqtt-taken-over',
    about:
      'A second device takes the client id over: mosquitto ends the first by FIN; it publishes 0.8 s later and is reset. Twice.',
    network: { v6: true, delay: 22 },
    vantages: ['client', 'server:96'],
    truth: {
      cause: 'data-after-close',
      acceptable: ['keep-alive-race'],
      impact: 'request-lost',
      impactAcceptable: ['transfer-cut'],
    },
    run: async ({ client, server }) => {
      await mosquitto(server, 1883)
      for (const id of ['pump', 'door']) {
        const first = await client.agent.connect(server.address, 1883)
        await first.send(mqttConnect(id, 60))
        await first.recv()
        await first.send('\x30\x0a\x00\x04t/xx20.1')
        await sleep(300)
        const second = await client.agent.connect(server.address, 1883)
        await second.send(mqttConnect(id, 60))
        await second.recv()
        await sleep(800)
        await quiet(first.send('\x30\x0a\x00\x04t/xx21.5'))
        await sleep(250)
        await second.send('\xe0\x00')
        await second.close()
      }
    },
  },
]

const webs: Scenario[] = [
  {
    name: 'third-node-408',
    about:
      'Node (headersTimeout 2 s) answers two requests that do not get on with 408 and closes; the clients go on with their headers.',
    network: { delay: 14, settings: noTimestamps },
    vantages: ['client', 'server:200'],
    truth: { ...turnedAway, acceptable: ['data-after-close', 'idle-timeout'] },
    run: async ({ client, server }) => {
      const serve = `require('http').createServer({ headersTimeout: 2000, requestTimeout: 3000, connectionsCheckingInterval: 200 }, (q, r) => r.end('fine')).listen(8300, '${server.address}')`
      await node(server, serve, 8300)
      await Promise.all(
        [0, 450].map(async wait => {
          await sleep(wait)
          const near = await client.agent.connect(server.address, 8300)
          await near.send('GET /slow HTTP/1.1\r\nHost: lab.example\r\n')
          for (let i = 0; i < 6; i++) {
            await sleep(500)
            await quiet(near.send(`X-Padding-${i}: slowly\r\n`))
          }
          await sleep(200)
        }),
      )
    },
  },
  {
    name: 'third-node-shutdown',
    about:
      'A Node server shuts down with closeAllConnections while three uploads run: FIN or RST by what was unread, RSTs for the rest; then it is gone.',
    network: { delay: 33 },
    vantages: ['client:110', 'server:110'],
    truth: ({ kernelReason }) =>
      kernelReason === 'NO_SOCKET'
        ? { ...refused, acceptable: ['process-crash'] }
        : {
            cause: kernelReason === 'TCP_ABORT_ON_CLOSE' ? 'unread-data-close' : 'data-after-close',
            acceptable: ['process-crash'],
            impact: 'transfer-cut',
            impactAcceptable: ['request-lost'],
          },
    run: async ({ client, server }) => {
      const serve = `const s = require('http').createServer((q, r) => { q.resume(); q.on('error', () => {}) }).listen(8301, '${server.address}'); process.on('SIGTERM', () => { s.close(); s.closeAllConnections(); setTimeout(() => process.exit(), 300) })`
      const child = await node(server, serve, 8301)
      const all = []
      for (let i = 0; i < 3; i++) {
        const near = await client.agent.connect(server.address, 8301)
        await near.send(post(`/in/${i}`, 900_000))
        all.push(quiet(near.stream(900, 0.04, 2)))
      }
      await sleep(800)
      await server.sh(`kill -TERM ${child.pid}`)
      await Promise.all(all)
      await quiet(client.agent.connect(server.address, 8301))
      await sleep(100)
    },
  },
  {
    name: 'third-wget-timeout',
    about:
      'wget gives a slow answer 2 s (--read-timeout) and closes, twice; the answers come 1 s later and are reset.',
    network: { v6: true, delay: 15, hops: 6 },
    vantages: ['client', 'server:96'],
    truth: { cause: 'data-after-close', impact: 'request-lost' },
    run: async ({ client, server }) => {
      const serve = `
import socket, threading, time
s = socket.create_server(('${server.address}', 8302), family=socket.AF_INET6)
def one(c):
    c.recv(4096)
    time.sleep(3)
    c.sendall(b'HTTP/1.0 200 OK\\r\\nContent-Length: 2500\\r\\n\\r\\n' + b'late ' * 500)
    time.sleep(1)
    c.close()
while True:
    threading.Thread(target=one, args=(s.accept()[0],), daemon=True).start()
`
      await server.program('/usr/bin/python3', ['-c', serve], 8302)
      await quiet(
        client.sh(
          `wget -q -O /dev/null --read-timeout=2 --tries=2 --waitretry=0 'http://${server.bracketed}:8302/report'`,
        ),
      )
      await sleep(1500)
    },
  },
  {
    name: 'third-tls-to-http',
    about:
      'curl speaks TLS to a plain Node server, which says 400 and closes; twice. What is still on its way is reset by one or the other.',
    network: { delay: 21 },
    vantages: ['client', 'server:200'],
    truth: ({ sender }) =>
      sender === 'server'
        ? { ...turnedAway, acceptable: ['data-after-close', 'unread-data-close'] }
        : {
            cause: 'unread-data-close',
            acceptable: ['application-reject', 'abortive-close', 'benign-teardown', 'data-after-close'],
            impact: 'connect-failed',
            impactAcceptable: ['request-lost', 'none', 'unknown', 'ignored'],
          },
    run: async ({ client, server }) => {
      await node(
        server,
        `require('http').createServer((q, r) => r.end('fine')).listen(8303, '${server.address}')`,
        8303,
      )
      for (let i = 0; i < 2; i++) {
        await quiet(client.sh(`curl -gsk -m 3 https://${server.bracketed}:8303/${i}`))
        await sleep(200)
      }
    },
  },
]

const checks: Scenario[] = [
  {
    name: 'third-checks-tls',
    about:
      'HAProxy checks a TLS server every 0.8 s with its ssl-hello-chk: a hello of old times, an alert, a reset (or a FIN, whoever is first).',
    network: { delay: 6 },
    vantages: ['client', 'server:110'],
    // nginx finds the old hello unacceptable and says so in an alert; the checker takes any answer.
    truth: {
      cause: 'health-check-probe',
      acceptable: ['benign-teardown', 'application-reject'],
      impact: 'none',
      impactAcceptable: ['unknown'],
    },
    run: async ({ client, server, directory }) => {
      const { cert, key } = await keys(directory)
      await nginx(
        server,
        8443,
        [],
        { 'a.txt': 'fine\n' },
        `ssl_certificate ${cert}; ssl_certificate_key ${key};`,
      )
      const sections = ['frontend f', `  bind ${client.address}:8000`, '  mode tcp', '  default_backend b']
      const backend = ['backend b', '  mode tcp', '  option ssl-hello-chk', '  default-server inter 800ms']
      await haproxy(client, 8000, [...sections, ...backend, `  server a ${server.address}:8443 check`])
      await sleep(5200)
    },
  },
  {
    name: 'third-checks-redis',
    about: 'HAProxy asks a Redis server PING every 0.9 s, gets PONG and resets.',
    network: { delay: 9, hops: 2 },
    vantages: ['client:110', 'server:96'],
    truth: { cause: 'health-check-probe', acceptable: ['benign-teardown'], impact: 'none' },
    run: async ({ client, server }) => {
      await redis(server, 6379)
      const sections = ['listen r', `  bind ${client.address}:6380`, '  mode tcp', '  option redis-check']
      await haproxy(client, 6380, [
        ...sections,
        '  default-server inter 900ms',
        `  server a ${server.address}:6379 check`,
      ])
      await sleep(5500)
    },
  },
  {
    name: 'third-ftp-active-refused',
    about:
      'An FTP client asks for active data connections to ports where it does not listen: vsftpd’s connects from port 20 are refused by the client.',
    network: { delay: 17, hops: 5 },
    vantages: ['client', 'server:110'],
    truth: { ...refused, impactAcceptable: ['request-lost'] },
    run: async ({ client, server }) => {
      await vsftpd(server, 21, ['connect_from_port_20=YES', 'port_enable=YES'])
      const near = await client.agent.connect(server.address, 21)
      await near.recv()
      for (const word of ['USER anonymous', 'PASS lab@lab.example']) {
        await near.send(`${word}\r\n`)
        await near.recv()
      }
      const four = client.address.replaceAll('.', ',')
      for (const port of ['195,80', '195,81']) {
        await near.send(`PORT ${four},${port}\r\n`)
        await near.recv()
        await near.send('LIST\r\n')
        await near.readFor(0.6)
      }
      await near.send('QUIT\r\n')
      await near.drain()
      await near.close()
    },
  },
  {
    name: 'third-memcached-client-dies',
    about:
      'A client process with four connections dies with their answers unread; another client of the same host goes on.',
    network: { delay: 23 },
    vantages: ['client', 'server:96'],
    truth: {
      cause: 'process-crash',
      // Everything had been answered and acknowledged: to the wire, a pool that is dropped.
      acceptable: ['unread-data-close', 'benign-teardown'],
      impact: 'transfer-cut',
      impactAcceptable: ['request-lost', 'none'],
    },
    run: async ({ client, server }) => {
      await memcached(server, 11211)
      const other = await client.agent.connect(server.address, 11211)
      const code = `
import socket, time
all = [socket.create_connection(('${server.address}', 11211)) for _ in range(4)]
all[0].sendall(b'set k 0 0 900\\r\\n' + b'x' * 900 + b'\\r\\n'); all[0].recv(100)
for s in all:
    s.sendall(b'get k k k k k k k k\\r\\n')
time.sleep(60)`
      const child = await client.program('/usr/bin/python3', ['-c', code])
      await sleep(2500)
      await other.send('get k\r\n')
      await other.recv()
      child.kill('SIGKILL')
      await sleep(300)
      await other.send('get k\r\n')
      await other.recv()
      await other.close()
    },
  },
]

export const thirdServers: Scenario[] = [...databases, ...webs, ...checks].map(third)
